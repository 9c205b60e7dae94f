import { memoize } from "effect/Function"
import * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import { messageOf } from "../../Thrown.ts"
import { keysIn } from "./node.ts"
import { withNullable } from "./nullable.ts"
import { ownKeysIn } from "./ownKeys.ts"
import { type Patterns, withPatterns } from "./patterns.ts"
import { oddType } from "./types.ts"
import { tell, type Told } from "./words.ts"

/** The JSON Schema of parameters. Extra properties are not asked for, though they are ignored when they come. */
export const jsonSchemaOf = (schema: Schema.Constraint): JsonSchema.JsonSchema => told(schema).jsonSchema

/**
 * The same, and what it does not say.
 *
 * - found out once for each schema: programs make tools anew for each request, and those of one schema are alike
 */
export const told: (schema: Schema.Constraint) => Told = memoize((schema) =>
  tell(Schema.toCodecJson(schema).ast, written(schema))
)

const written = (schema: Schema.Constraint): JsonSchema.JsonSchema => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  const key = typeof root["$ref"] === "string" ? root["$ref"].replace("#/$defs/", "") : ""
  const resolved = definitions[key] ?? root
  const object = isEmptyStruct(resolved) ? { type: "object", properties: {}, additionalProperties: false } : resolved
  return withoutNoise(Object.keys(definitions).length === 0 ? object : { ...object, $defs: definitions })
}

/** Schemas of integers spell the bounds of a safe one out, which tells a model nothing and costs tokens. */
export const withoutNoise = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema =>
  JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      (key === "minimum" && value === Number.MIN_SAFE_INTEGER) ||
        (key === "maximum" && value === Number.MAX_SAFE_INTEGER)
        ? undefined
        : value)
  )

/** Providers take only an object at the root; throws where there is none. */
export const withObjectRoot = (name: string, schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  if (schema["type"] === "object") return schema
  throw new Error(
    `Tool "${name}": \`parameters\` must be a struct or a record, because providers take only an object at the root of ` +
      `a JSON Schema. This one is ${JSON.stringify(schema)}; put it into a property of a struct, as in ` +
      "`Schema.Struct({ input: … })`."
  )
}

/** Gives a JSON Schema that was written by hand; throws for one that names types which there are not. */
export const withKnownTypes = (name: string, schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  const odd = oddType(schema)
  if (odd === undefined) return schema
  throw new Error(`Tool "${name}": ${odd}. Name one of those in the JSON Schema, or none where any value will do.`)
}

/** A struct without fields takes anything but null, and its JSON Schema says just that. */
const isEmptyStruct = (schema: JsonSchema.JsonSchema): boolean =>
  JSON.stringify(schema) === JSON.stringify({ not: { type: "null" } })

/** Throws where the schema has a keyword that Effect cannot check, rather than let arguments pass unchecked. */
export const checkOf = (name: string, given: JsonSchema.JsonSchema, patterns?: Patterns) => {
  const parameters = withNullable(given)
  const decode = Schema.decodeUnknownResult(checking(name, withKnownTypes(name, parameters), patterns), {
    errors: "all",
    onExcessProperty: "error"
  })
  const ownKeys = ownKeysIn(parameters)
  return (args: Schema.Json): SchemaIssue.Issue | undefined =>
    Result.match(decode(ownKeys(args)), { onFailure: ({ issue }) => issue, onSuccess: () => undefined })
}

const checking = (
  name: string,
  parameters: JsonSchema.JsonSchema,
  patterns: Patterns | undefined
): Schema.Codec<unknown> => {
  try {
    return Schema.make(imported(parameters, patterns).ast)
  } catch (cause) {
    throw new Error(
      `Tool.fromJsonSchema("${name}"): ${messageOf(cause)}. Pass \`validate\` to check the arguments yourself.`,
      {
        cause
      }
    )
  }
}

/** The schema that a JSON Schema is; throws where it has a keyword that there is no schema for. */
export const imported = (jsonSchema: JsonSchema.JsonSchema, patterns: Patterns | undefined): Schema.Top => {
  const keys = patterns === undefined ? [] : keysIn(jsonSchema)
  if (keys.includes("patternProperties")) throw new Error("`patternProperties` are matched by `RegExp` alone")
  const document = JsonSchema.fromSchemaDraft2020_12(jsonSchema)
  const schema = SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "apply" })
  return patterns === undefined || !keys.includes("pattern") ? schema : withPatterns(schema, patterns)
}
