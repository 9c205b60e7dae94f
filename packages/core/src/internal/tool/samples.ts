import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import type { InvalidArguments } from "../../CallError.ts"
import { imported } from "../schema/jsonSchema.ts"
import { narrowed } from "../schema/narrowed.ts"
import type { Any } from "./any.ts"

/**
 * What a tool has against arguments that its JSON Schema takes, found by trying some; by path.
 *
 * - the same ones each time; none where the JSON Schema cannot be drawn from
 * - what cannot be told at once is passed over: schemas that wait, or need services
 */
export const misfits = (tool: Any): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const args of samplesOf(tool)) {
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
const samplesOf = ({ jsonSchema, patterns }: Any): ReadonlyArray<Schema.Json> => {
  try {
    const takes = Schema.is(codecOf(jsonSchema, patterns))
    const samples = [jsonSchema, ...narrowed(jsonSchema).slice(0, 40)].flatMap((one) => drawnFrom(one, patterns))
    return [...samples, ...samples.flatMap(repeating)].filter((sample) => takes(sample))
  } catch {
    return []
  }
}

const drawnFrom = (jsonSchema: JsonSchema.JsonSchema, patterns: Any["patterns"]): ReadonlyArray<Schema.Json> => {
  const codec = codecOf(jsonSchema, patterns)
  const values = Arbitrary.filterMap(Arbitrary.schema(codec), Schema.encodeUnknownResult(codec))
  // What is inside grows with the size at every level.
  return [0, 2, 5, 10].flatMap((size) => {
    const exit = Effect.runSyncExit(Arbitrary.sampleEffect(values, { count: 12, seed: `lint ${size}`, size }))
    return Exit.isSuccess(exit) ? exit.value : []
  })
}

/**
 * The same with the first item of each list once more, where there is one: few are drawn like that.
 *
 * - also with lists inside lists as they are: those may be as long as they can be
 */
const repeating = (json: Schema.Json): ReadonlyArray<Schema.Json> => {
  const isIn = (value: Schema.Json): boolean =>
    typeof value === "object" && value !== null
    && ((Array.isArray(value) && value.length > 0) || Object.values(value).some(isIn))
  return isIn(json) ? [twice(json, true), twice(json, false)] : []
}

const twice = (json: Schema.Json, inside: boolean): Schema.Json => {
  if (typeof json !== "object" || json === null) return json
  if (isList(json)) {
    const longer = [...json, ...json.slice(0, 1)]
    return inside ? longer.map((item) => twice(item, inside)) : longer
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, twice(value, inside)]))
}

const isList = (json: Schema.Json): json is Schema.JsonArray => Array.isArray(json)

const codecOf = (
  jsonSchema: JsonSchema.JsonSchema,
  patterns: Any["patterns"]
): Schema.Codec<unknown, Schema.Json> => Schema.make(Schema.toCodecJson(imported(jsonSchema, patterns)).ast)
