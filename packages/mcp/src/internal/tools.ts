import { Validator } from "#validator"
import type { CallToolResult, Tool as Definition } from "@modelcontextprotocol/client"
import * as Json from "@volley/core/Json"
import * as Tool from "@volley/core/Tool"
import * as Effect from "effect/Effect"
import * as JsonSchema from "effect/JsonSchema"
import type * as Schema from "effect/Schema"
import { Failure, McpToolFailed, of as errorOf, Unusable } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import { contentOf, described, valueOf } from "./content.ts"
import type { McpTool, Options, Server } from "./server.ts"

/** Makes the tools of a server; those that could not be called, or whose calls could not be checked, are left out. */
export const make = (connection: Connection, options: Options) => {
  const validator = new Validator()
  const tools: Array<McpTool> = []
  const leftOut: Array<Server["leftOut"][number]> = []
  for (const definition of connection.tools) {
    try {
      tools.push(toolOf(definition, connection, options, validator))
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

const toolOf = (definition: Definition, connection: Connection, options: Options, validator: Validator) => {
  const { annotations, description, inputSchema, name, title } = definition
  const { prefix = `${options.name}_`, trustHints = false } = options
  const execute = executeWith(definition, connection, options, validator)
  const make = (validate?: Check): McpTool =>
    Tool.fromJsonSchema(`${prefix}${name}`, {
      description: description ?? title ?? name,
      parameters: draft2020(inputSchema),
      validate,
      failure: Failure,
      content: contentOf,
      approval: approvalOf(definition, options),
      readOnly: trustHints && isRead(definition),
      idempotent: trustHints && annotations?.idempotentHint === true,
      execute
    })
  try {
    return make()
  } catch {
    // Effect cannot say in its own terms what this schema asks for; what no provider takes is refused before that.
    const check: { of?: Check } = {}
    const tool = make((args) => check.of?.(args))
    check.of = checkOf(inputSchema, validator)
    return tool
  }
}

const approvalOf = (definition: Definition, { approval }: Options) => {
  if (typeof approval === "function") return (args: Schema.Json) => approval({ tool: definition.name, arguments: args })
  return approval === "writes" ? isRead(definition) ? undefined : "always" : approval
}

/** A tool that is said to destroy something is no read, whatever else is said of it. */
const isRead = ({ annotations }: Definition): boolean =>
  annotations?.readOnlyHint === true && annotations.destructiveHint !== true

const executeWith = (
  definition: Definition,
  connection: Connection,
  options: Options,
  validator: Validator
) => {
  const { execution, outputSchema } = definition
  if (execution?.taskSupport === "required") throw new Error("it runs as a task alone, which Volley does not")
  const check = outputSchema && checkOf(outputSchema, validator)
  return (args: Schema.Json): Effect.Effect<Schema.Json, Failure> =>
    connection.call(definition, isObject(args) ? args : {}).pipe(
      Effect.flatMap((result) => answerOf(result, check)),
      Effect.mapError((error) => error._tag === "McpToolFailed" ? error : errorOf(options, error))
    )
}

const answerOf = (
  result: CallToolResult,
  check: Check | undefined
): Effect.Effect<Schema.Json, McpToolFailed | Unusable> => {
  const problem = Json.problemOf(result.structuredContent, { ...Json.ofResponse, number: Number.MAX_VALUE })
  if (problem !== undefined) return Effect.fail(new Unusable({ message: `the tool ran, but its result is ${problem}` }))
  const value = valueOf(result)
  if (result.isError === true) return Effect.fail(new McpToolFailed({ content: described(value) }))
  const issue = check?.(result.structuredContent)
  return issue === undefined
    ? Effect.succeed(value)
    : Effect.fail(new Unusable({ message: `the tool ran, but its result is not what it promises: ${issue}` }))
}

/** Says what is wrong with a value, `undefined` when nothing is. */
type Check = (value: unknown) => string | undefined

const checkOf = (schema: JsonSchema.JsonSchema, validator: Validator): Check => {
  const validate = validator.getValidator(schema)
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
