/** JSON Schemas of the parameters of tools of `effect/ai`. */
import * as AiTool from "effect/ai/Tool"
import type * as JsonSchema from "effect/JsonSchema"

/** The one that a model is sent; a tool that says nothing of its parameters takes any object. */
export const jsonSchemaOf = (tool: AiTool.Any): JsonSchema.JsonSchema => {
  const schema = AiTool.getJsonSchema(tool)
  return Object.keys(schema).length === 0 ? { type: "object" } : schema
}

/** The one that a dynamic tool has in place of a schema of Effect; none for other tools. */
export const rawOf = (tool: AiTool.Any): JsonSchema.JsonSchema | undefined =>
  AiTool.isDynamic(tool) && (tool.jsonSchema !== undefined || Object.keys(AiTool.getJsonSchema(tool)).length === 0)
    ? jsonSchemaOf(tool)
    : undefined
