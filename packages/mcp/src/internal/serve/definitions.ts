import type { Tool as Definition } from "@modelcontextprotocol/server"
import * as Given from "@volley/core/Given"
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** The tools of a toolkit as clients see them, by the names under which they are called. */
export const definitionsOf = (toolkit: Toolkit.Any): ReadonlyMap<string, Definition> =>
  new Map(
    Given.toolkit("Server", toolkit).map((tool) => {
      const name = toolkit.wireNames.get(tool.name) ?? tool.name
      return [name, definitionOf(name, tool)]
    })
  )

/** A tool without hints may destroy something; whether it reaches into the world is unknown. */
const definitionOf = (name: string, tool: Tool.Any): Definition => {
  const outputSchema = outputSchemaOf(tool.success)
  return {
    name,
    description: tool.description,
    inputSchema: { ...tool.jsonSchema, type: "object" },
    ...(outputSchema !== undefined && { outputSchema }),
    annotations: {
      readOnlyHint: tool.readOnly,
      destructiveHint: !tool.readOnly,
      idempotentHint: tool.readOnly || tool.idempotent
    }
  }
}

type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema of results that are objects or lists; texts and numbers are what their text says. */
const outputSchemaOf = (success: Schema.Constraint): { [key: string]: unknown } | undefined => {
  const written = Result.getOrUndefined(Result.try(() => Schema.toJsonSchemaDocument(success)))
  if (written === undefined) return undefined
  const { definitions, schema } = written
  const root = resolved(schema, definitions)
  if (!isStructure(root, definitions)) return undefined
  return Object.keys(definitions).length === 0 ? { ...root } : { ...root, $defs: definitions }
}

const resolved = (schema: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>): JsonSchema => {
  const ref = schema["$ref"]
  return typeof ref === "string" ? definitions[ref.replace("#/$defs/", "")] ?? schema : schema
}

const isStructure = (schema: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>): boolean => {
  const { anyOf, oneOf = anyOf, type } = schema
  if (Array.isArray(oneOf)) return oneOf.every((one) => isStructure(resolved(one, definitions), definitions))
  return type === "object" || type === "array"
}
