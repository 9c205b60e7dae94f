import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "effect/StandardSchema"
import { messageOf } from "../../Thrown.ts"
import { guarded } from "../guarded.ts"
import { withoutNoise } from "./jsonSchema.ts"
import { ownKeysIn } from "./ownKeys.ts"

/** A schema of Effect, or of any library that follows Standard Schema. */
export type AnySchema = Schema.Constraint | StandardSchemaV1

/**
 * The same, or a JSON Schema (draft 2020-12).
 *
 * - `_Else`: what to do with what is neither, which the compiler shows with the name of this type
 */
export type Described<_Else extends string = ForFields> = AnySchema | HasKeyword

type ForFields = "an object of schemas is none: write z.object({ ... }), or the same of your library"

/** What has at least one of these, if it has anything: the fields of an object have others. */
type HasKeyword = {
  readonly [
    K in
      | "$schema"
      | "$ref"
      | "$defs"
      | "type"
      | "enum"
      | "const"
      | "properties"
      | "required"
      | "additionalProperties"
      | "items"
      | "anyOf"
      | "oneOf"
      | "allOf"
      | "not"
      | "title"
      | "description"
  ]?: unknown
}

/** The parameters that a schema of any library reads: its output, from JSON; an object of JSON by a JSON Schema. */
export type ParametersOf<P> = P extends Schema.Constraint ? P
  : P extends StandardSchemaV1 ? Schema.Codec<StandardSchemaV1.InferOutput<P>, Schema.Json>
  : Schema.Codec<Schema.JsonObject, Schema.Json>

/** The results that a schema of any library writes: its input, as the JSON that it gives out; anything by a JSON Schema. */
export type SuccessOf<S> = S extends Schema.Constraint ? S
  : S extends StandardSchemaV1 ? Schema.Codec<StandardSchemaV1.InferInput<S>, Schema.Json>
  : Schema.Codec<unknown, Schema.Json>

/** The schemas of a tool as Effect knows them. */
export const schemasOf = (
  name: string,
  { jsonSchema, parameters, success }: {
    readonly parameters: AnySchema
    readonly success: AnySchema
    readonly jsonSchema?: JsonSchema.JsonSchema | undefined
  }
) => {
  const shown = isForeign(parameters)
    ? jsonSchema ?? jsonSchemaOf(`Tool "${name}": \`parameters\``, parameters, asOption)
    : jsonSchema
  return {
    parameters: isForeign(parameters) ? reading(parameters, ownKeysIn(shown ?? {})) : parameters,
    success: written(success),
    jsonSchema: shown
  }
}

/** A schema of another library as Effect reads by it, and the JSON Schema of what it takes; `mend` says what to do without. */
export const readingOf = (what: string, schema: StandardSchemaV1, mend: string) => {
  const jsonSchema = jsonSchemaOf(what, schema, mend)
  return { codec: reading(schema, ownKeysIn(jsonSchema)), jsonSchema }
}

/** The schema by which Effect writes what a tool gives, or how it fails. */
export const written = (schema: AnySchema): Schema.Constraint => isForeign(schema) ? writing(schema) : schema

/** True for a schema of Effect, or of a library that follows Standard Schema. */
export const isAnySchema = (value: unknown): value is AnySchema =>
  Schema.isSchema(value)
  || ((typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value)

/** True of a JSON Schema that zod has written, which is a Standard Schema as well, in a place that no loop shows. */
export const isWritten = (schema: object): boolean =>
  Object.getPrototypeOf(schema) === Object.prototype && !Object.keys(schema).includes("~standard")

/** True for what Effect does not know how to read itself. */
export const isForeign = (schema: AnySchema): schema is StandardSchemaV1 => !Schema.isSchema(schema)

/** Reads JSON by a Standard Schema; what it gave goes back as it is, where that is JSON. */
const reading = (
  schema: StandardSchemaV1,
  ownKeys: (value: unknown) => unknown
): Schema.Codec<unknown, Schema.Json> => {
  const codec = Schema.Json.pipe(Schema.decodeTo(Schema.Unknown, {
    decode: SchemaGetter.transformEffect((json) => validate(schema, ownKeys(json))),
    encode: SchemaGetter.passthrough({ strict: false })
  }))
  readings.add(codec)
  return codec
}

const readings = new WeakSet<object>()

/** True of what reads by a schema of another library, which finds all that is wrong at once, and begins as it is asked. */
export const isReading = (codec: object): boolean => readings.has(codec)

/** Writes what a Standard Schema takes as the JSON that it gives. */
const writing = (schema: StandardSchemaV1): Schema.Codec<unknown, Schema.Json> =>
  Schema.Json.pipe(Schema.decodeTo(Schema.Unknown, {
    decode: SchemaGetter.passthrough({ strict: false }),
    encode: SchemaGetter.transformEffect((value) => Effect.flatMapEager(validate(schema, value), onlyJson))
  }))

const onlyJson = /*@__PURE__*/ SchemaParser.decodeUnknownEffect(Schema.Json)

const validate = (schema: StandardSchemaV1, value: unknown): Effect.Effect<unknown, SchemaIssue.Issue> =>
  guarded(() => {
    const result = schema["~standard"].validate(value)
    return "then" in result ? later(result) : settle(result)
  })

/** A promise that is there already: if its call is over before, nothing waits for it any more. */
const later = (result: PromiseLike<StandardSchemaV1.Result<unknown>>) => {
  const validated = Promise.resolve(result)
  validated.catch(() => undefined)
  return Effect.flatMap(Effect.promise(() => validated), settle)
}

const settle = (result: StandardSchemaV1.Result<unknown>): Effect.Effect<unknown, SchemaIssue.Issue> => {
  if (result.issues === undefined) return Effect.succeed(result.value)
  const issues = result.issues.map(issueOf)
  return Effect.fail(
    Arr.isArrayNonEmpty(issues) ? new SchemaIssue.Composite(Schema.Unknown.ast, issues) : new SchemaIssue.InvalidValue()
  )
}

const issueOf = ({ message, path = [] }: StandardSchemaV1.Issue): SchemaIssue.Issue => {
  const issue = new SchemaIssue.InvalidValue({ message })
  const keys = path.map((part) => typeof part === "object" ? part.key : part)
  return keys.length === 0 ? issue : new SchemaIssue.Pointer(keys, issue)
}

/** The JSON Schema of what a Standard Schema takes; throws where it has none, or cannot write one. */
const jsonSchemaOf = (what: string, schema: StandardSchemaV1, mend: string): JsonSchema.JsonSchema => {
  const { vendor } = schema["~standard"]
  if (!hasJsonSchema(schema)) {
    throw new Error(
      `${what} of ${vendor} has no JSON Schema of its own; ${mend}.`
    )
  }
  try {
    const { $schema: _draft, ...json } = schema["~standard"].jsonSchema.input({ target: "draft-2020-12" })
    return withoutNoise(json)
  } catch (cause) {
    const why = messageOf(cause).replace(/\.$/, "")
    throw new Error(
      `${what} of ${vendor} cannot be written as JSON Schema: ${why}; ${mend}.`,
      { cause }
    )
  }
}

const asOption = "give it as `jsonSchema`"

const hasJsonSchema = (schema: StandardSchemaV1): schema is StandardSchemaV1 & StandardJSONSchemaV1 =>
  "jsonSchema" in schema["~standard"]
