import type { CallToolResult, Tool as Definition } from "@modelcontextprotocol/client"
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv"
import * as Tool from "@volley/core/Tool"
import * as Effect from "effect/Effect"
import * as JsonSchema from "effect/JsonSchema"
import type * as Schema from "effect/Schema"
import type { McpTool, Options, Server } from "../Mcp.ts"
import { Failure, McpError, McpToolFailed, Unusable } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import { contentOf } from "./content.ts"

/** Makes the tools of a server; those that could not be called, or whose calls could not be checked, are left out. */
export const make = (connection: Connection, options: Options) => {
  const ajv = new AjvJsonSchemaValidator()
  const tools: Array<McpTool> = []
  const leftOut: Array<Server["leftOut"][number]> = []
  for (const definition of connection.tools) {
    try {
      tools.push(toolOf(connection, options, definition, ajv))
    } catch (error) {
      leftOut.push({ tool: definition.name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  return { tools, leftOut }
}

/** The names that more than one tool has. */
export const repeated = (tools: ReadonlyArray<McpTool>): ReadonlyArray<string> => {
  const names = tools.map(({ name }) => name)
  return Array.from(new Set(names.filter((name, index) => names.indexOf(name) !== index)))
}

const toolOf = (
  connection: Connection,
  options: Options,
  definition: Definition,
  ajv: AjvJsonSchemaValidator
): McpTool => {
  if (definition.execution?.taskSupport === "required") {
    throw new Error("it runs as a task alone, which Volley does not")
  }
  const check = definition.outputSchema && checkOf(definition.outputSchema, ajv)
  const errorOf = (reason: McpError["reason"]) => new McpError({ server: options.name, reason })
  const { annotations, description, inputSchema, name, title } = definition
  const make = (validate?: Check) =>
    Tool.fromJsonSchema(`${options.prefix ?? `${options.name}_`}${name}`, {
      description: description ?? title ?? name,
      parameters: draft2020(inputSchema),
      validate,
      failure: Failure,
      readOnly: options.trustHints === true && annotations?.readOnlyHint === true,
      idempotent: options.trustHints === true && annotations?.idempotentHint === true,
      execute: (args) =>
        connection.call(definition, isObject(args) ? args : {}).pipe(
          Effect.mapError(errorOf),
          Effect.flatMap((result) => answerOf(result, check, errorOf))
        )
    })
  try {
    return make()
  } catch {
    // Effect cannot say in its own terms what this schema asks for.
    return make(checkOf(inputSchema, ajv))
  }
}

/** Says what is wrong with a value, `undefined` when nothing is. */
type Check = (value: unknown) => string | undefined

const checkOf = (schema: JsonSchema.JsonSchema, ajv: AjvJsonSchemaValidator): Check => {
  const validate = ajv.getValidator(schema)
  return (value) => validate(value).errorMessage
}

/** What providers are sent is of the draft 2020-12, whatever the server wrote; many still write draft-07. */
const draft2020 = ({ $schema, ...schema }: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  if (typeof $schema !== "string" || !$schema.includes("draft-07")) return schema
  const { definitions, schema: root } = JsonSchema.fromSchemaDraft07(schema)
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
}

const isObject = (json: Schema.Json): json is Schema.JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const answerOf = (
  result: CallToolResult,
  check: Check | undefined,
  errorOf: (reason: Unusable) => McpError
): Effect.Effect<unknown, Failure> => {
  const content = contentOf(result)
  if (result.isError === true) return Effect.fail(new McpToolFailed({ content }))
  const issue = check?.(result.structuredContent)
  return issue === undefined
    ? Effect.succeed(content)
    : Effect.fail(errorOf(new Unusable({ message: `the tool ran, but its result is not what it promises: ${issue}` })))
}
