import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import type { InvalidArguments } from "../../CallError.ts"
import type { Any } from "./any.ts"

/**
 * What a tool has against arguments that its JSON Schema takes, found by trying some; by path.
 *
 * - the same ones each time; none where the JSON Schema cannot be drawn from
 * - what cannot be told at once is passed over: schemas that wait, or need services
 */
export const misfits = (tool: Any): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const args of samplesOf(tool.jsonSchema)) {
    for (const { message, path } of issuesOf(tool, args)) if (!found.has(path)) found.set(path, message)
  }
  return found
}

const issuesOf = (tool: Any, args: Schema.Json): InvalidArguments["issues"] => {
  const exit = Effect.runSyncExitWith(noServices)(Effect.flip(tool.decode(args)))
  return Exit.isSuccess(exit) ? exit.value.issues : []
}

const noServices = Context.makeUnsafe<unknown>(new Map())

/** Arguments that a JSON Schema takes. */
const samplesOf = (jsonSchema: JsonSchema.JsonSchema): ReadonlyArray<Schema.Json> => {
  try {
    const codec = codecOf(jsonSchema)
    const values = Arbitrary.filterMap(Arbitrary.schema(codec), Schema.encodeUnknownResult(codec))
    // What is inside grows with the size at every level.
    const drawn = [0, 2, 5].map((size) => Arbitrary.sampleEffect(values, { count: 30, seed: "lint", size }))
    const exits = drawn.map((some) => Effect.runSyncExit(some))
    return exits.flatMap((exit) => Exit.isSuccess(exit) ? exit.value : [])
  } catch {
    return []
  }
}

const codecOf = (jsonSchema: JsonSchema.JsonSchema): Schema.Codec<unknown, Schema.Json> => {
  const document = JsonSchema.fromSchemaDraft2020_12(jsonSchema)
  const schema = SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "apply" })
  return Schema.make(Schema.toCodecJson(schema).ast)
}
