import { checksOf } from "#validator"
import type { CallToolResult, Tool as Definition } from "@modelcontextprotocol/client"
import * as Json from "@volley/core/Json"
import * as Tool from "@volley/core/Tool"
import type { Patterns } from "@volley/core/Tool"
import * as Effect from "effect/Effect"
import * as JsonSchema from "effect/JsonSchema"
import type * as Schema from "effect/Schema"
import { Failure, McpToolFailed, of as errorOf, Unusable } from "../McpError.ts"
import type { Check } from "./check.ts"
import type { Connection } from "./connection.ts"
import { contentOf, described, valueOf } from "./content.ts"
import { linear } from "./patterns.ts"
import type { McpTool, Options, Server } from "./server.ts"
import { unfold, type Unfolded } from "./unfolded.ts"

/** Makes the tools of a server; those that could not be called, or whose calls could not be checked, are left out. */
export const make = (connection: Connection, options: Options) => {
  const { trustPatterns = false } = options
  const patterns: Patterns = trustPatterns ? (source) => new RegExp(source, "u") : linear
  const checks = { patterns, of: checksOf(patterns, trustPatterns) }
  const tools: Array<McpTool> = []
  const leftOut: Array<Server["leftOut"][number]> = []
  for (const definition of connection.tools) {
    try {
      tools.push(toolOf(definition, connection, options, checks))
    } catch (error) {
      leftOut.push({ tool: definition.name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  return { tools, leftOut }
}

/** The names that more than one tool has. */
export const repeated = (tools: ReadonlyArray<McpTool>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return Array.from(new Set(tools.flatMap(({ name }) => seen.has(name) || !seen.add(name) ? [name] : [])))
}

/** How what a server asks for is checked. */
interface Checks {
  readonly patterns: Patterns
  readonly of: (schema: JsonSchema.JsonSchema) => Check
}

const toolOf = (definition: Definition, connection: Connection, options: Options, checks: Checks) => {
  const { annotations, description, inputSchema, name, title } = definition
  const { prefix = `${options.name}_`, trustHints = false } = options
  const execute = executeWith(definition, connection, options, checks)
  const make = (validate?: Check): McpTool =>
    Tool.fromJsonSchema(`${prefix}${name}`, {
      description: description ?? title ?? name,
      parameters: draft2020(inputSchema),
      validate,
      patterns: checks.patterns,
      failure: Failure,
      content: contentOf,
      approval: approvalOf(definition, options),
      readOnly: trustHints && isRead(definition),
      idempotent: trustHints && annotations?.idempotentHint === true,
      execute
    })
  const { isRecursive } = within(inputSchema)
  try {
    if (!isRecursive) return make()
  } catch {
    // Effect cannot say in its own terms what this schema asks for; what no provider takes is refused below.
  }
  const check: { of?: Check } = {}
  const tool = make((args) => check.of?.(args))
  check.of = checks.of(inputSchema)
  return tool
}

/** References of references may say a lot in few words, and what reads a schema follows all of them. */
const within = (schema: JsonSchema.JsonSchema): Unfolded => {
  const unfolded = unfold(schema)
  if (unfolded.size <= 100_000) return unfolded
  throw new Error("its JSON Schema has more than 100,000 parts, with what its references stand for")
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
  checks: Checks
) => {
  const { execution, outputSchema } = definition
  if (execution?.taskSupport === "required") throw new Error("it runs as a task alone, which Volley does not")
  if (outputSchema !== undefined) within(outputSchema)
  const check = outputSchema && checks.of(outputSchema)
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

/** What providers are sent is of the draft 2020-12, whatever the server wrote; many still write draft-07. */
const draft2020 = ({ $schema, ...schema }: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  if (typeof $schema !== "string" || !$schema.includes("draft-07")) return schema
  const { definitions, schema: root } = JsonSchema.fromSchemaDraft07(schema)
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
}

const isObject = (json: Schema.Json): json is Schema.JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)
