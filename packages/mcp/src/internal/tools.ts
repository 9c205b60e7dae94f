import type { CallToolResult, Tool as Definition } from "@modelcontextprotocol/client"
import * as Access from "@volley/core/Access"
import * as Json from "@volley/core/Json"
import * as Tool from "@volley/core/Tool"
import * as Checks from "@volley/json-schema/Checks"
import type { Check, Node } from "@volley/json-schema/Checks"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { Failure, McpToolFailed, of as errorOf, Unusable } from "../McpError.ts"
import type { Calling } from "./call.ts"
import { contentOf, described, Ran, ranOf } from "./content.ts"
import type { Asked, LeftOut, McpTool, Options } from "./server.ts"
import type { Listed } from "./session.ts"
import { short } from "./short.ts"

/** Makes the tools that a server lists; those that could not be called, or whose calls could not be checked, are left out. */
export const make = (calling: Calling, listed: Listed, options: Options) => {
  const { trustPatterns } = options
  const checks = { ...Checks.make(trustPatterns), open: Checks.make(trustPatterns).of }
  const tools = new Map<string, McpTool>()
  const leftOut: Array<LeftOut> = [...listed.leftOut]
  for (const definition of listed.tools) {
    try {
      if (tools.has(definition.name)) throw new Error("another tool of the server has the same name")
      tools.set(definition.name, toolOf(definition, calling, options, checks))
    } catch (error) {
      leftOut.push({ tool: definition.name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  return { tools: Array.from(tools.values()), leftOut }
}

/** The names that more than one tool has. */
export const repeated = (tools: ReadonlyArray<McpTool>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return Array.from(new Set(tools.flatMap(({ name }) => seen.has(name) || !seen.add(name) ? [name] : [])))
}

/** How what a server asks for is checked. */
interface Checking extends Checks.Checks {
  /** For another form of a schema that `of` has already, since no two may have one `$id`. */
  readonly open: (schema: JsonSchema.JsonSchema) => Check
}

const toolOf = (definition: Definition, calling: Calling, options: Options, checks: Checking) => {
  const { annotations, description, inputSchema, name, title } = definition
  const { prefix = `${options.name}_`, trustHints = false } = options
  const execute = executeWith(definition, calling, options, checks)
  const make = (validate?: Check): McpTool => {
    const tool = Tool.fromJsonSchema(`${prefix}${name}`, {
      description: description ?? title ?? name,
      parameters: draft2020(inputSchema),
      validate,
      patterns: checks.patterns,
      failure: Failure,
      content: (ran) => contentOf(ran instanceof Ran ? ran.shown : ran),
      approval: approvalOf(definition, options),
      access: accessOf(definition, options),
      limits: limitsOf(definition, options),
      timeout: options.silence === undefined ? undefined : Duration.infinity,
      readOnly: trustHints && isRead(definition),
      idempotent: trustHints && annotations?.idempotentHint === true,
      execute
    })
    return Tool.around(tool, Effect.map(valued))
  }
  return Checks.fit(inputSchema, checks, make)
}

/** The program gets the value alone, once it is settled what the model is shown. */
const valued = (answer: Tool.Answer<unknown>): Tool.Answer<unknown> =>
  answer.value instanceof Ran ? { ...answer, value: answer.value.value, json: answer.value.value } : answer

/** A function of calls, as one of the arguments of this tool's. */
const by = <A>({ name }: Definition, of: (call: Asked) => A) => (args: Schema.Json): A =>
  of({ tool: name, arguments: args })

const approvalOf = (definition: Definition, { approval }: Options) => {
  if (typeof approval === "function") return by(definition, approval)
  return approval === "writes" ? isRead(definition) ? undefined : "always" : approval
}

/** False hints cost the order of calls, which without hints there would not be either. */
const accessOf = (definition: Definition, { access, name, parallel = false }: Options) => {
  const usual = parallel ? [] : [isRead(definition) ? Access.read(name) : Access.write(name)]
  return access === undefined ? usual : by(definition, (call) => access(call) ?? usual)
}

const limitsOf = (definition: Definition, { limits }: Options) =>
  typeof limits === "function" ? by(definition, limits) : limits

/** A tool that is said to destroy something is no read, whatever else is said of it. */
const isRead = ({ annotations }: Definition): boolean =>
  annotations?.readOnlyHint === true && annotations.destructiveHint !== true

const executeWith = (
  definition: Definition,
  calling: Calling,
  options: Options,
  checks: Checking
) => {
  const { execution, outputSchema } = definition
  if (execution?.taskSupport === "required") throw new Error("it runs as a task alone, which Volley does not")
  if (outputSchema !== undefined) Checks.within(outputSchema)
  const output = outputSchema && outputOf(outputSchema, checks)
  const host = hostOf(definition, options)
  return (args: Schema.Json, call: Tool.Call): Effect.Effect<Ran, Failure> =>
    calling(definition, isObject(args) ? args : {}, call).pipe(
      Effect.flatMap((result) => answerOf(result, output, host)),
      Effect.mapError((error) => error._tag === "McpToolFailed" ? error : errorOf(options, error))
    )
}

/** How a result is checked: by what the tool promises, and by that with more keys, and without those that have a default. */
interface Output {
  readonly check: Check
  readonly open: Check
}

const outputOf = (schema: JsonSchema.JsonSchema, checks: Checking): Output => {
  const opened: { check?: Check } = {}
  return {
    check: checks.of(schema),
    open: (value) => (opened.check ??= checks.open(Checks.rewritten(schema, open)))(value)
  }
}

/** Official servers take such results for what they promise: they check them with defaults filled in, and send them without. */
const open = (node: Node): Node => {
  const { properties, required } = node
  const kept = Object.fromEntries(Object.entries(node).filter(([key, value]) => value !== false || !closing.has(key)))
  if (!Array.isArray(required) || !Json.isObject(properties)) return kept
  return { ...kept, required: required.filter((name) => !Predicate.hasProperty(properties[name], "default")) }
}

const closing = new Set(["additionalProperties", "unevaluatedProperties"])

/** Warns the host of what a tool does, once. */
const hostOf = ({ name }: Definition, { name: server }: Options) => {
  const said = { isSo: false }
  return (issue: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (said.isSo) return Effect.void
      said.isSo = true
      return Effect.logWarning(
        "A tool gives more than its output schema names, or leaves out what has a default there",
        {
          server,
          tool: name,
          issue: short(issue)
        }
      )
    })
}

const answerOf = (
  result: CallToolResult,
  output: Output | undefined,
  host: (issue: string) => Effect.Effect<void>
): Effect.Effect<Ran, McpToolFailed | Unusable> => {
  const { isError, structuredContent } = result
  const problem = Json.problemOf(structuredContent, { ...Json.ofResponse, number: Number.MAX_VALUE })
  if (problem !== undefined) return Effect.fail(new Unusable({ message: `the tool ran, but its result is ${problem}` }))
  const ran = ranOf(result)
  if (isError === true) return Effect.fail(failed(ran))
  const issue = output?.check(structuredContent)
  if (issue === undefined) return Effect.succeed(ran)
  if (output?.open(structuredContent) === undefined) return Effect.as(host(issue), ran)
  return Effect.fail(
    new Unusable({ message: `the tool ran, but its result is not what it promises: ${short(issue, 1000)}` })
  )
}

/** Many servers write as text what they give as structured content; that is said once. */
const failed = ({ shown, value }: Ran): McpToolFailed => {
  const isSame = Json.canonical(shown) === Json.canonical(value)
  return new McpToolFailed({ content: described(shown), ...(!isSame && { structured: value }) })
}

/** What providers are sent is of the draft 2020-12, whatever the server wrote; many still write draft-07. */
const draft2020 = (inputSchema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  const { $schema: _named, ...schema } = inputSchema
  const draft = Checks.draftOf(inputSchema)
  if (typeof draft !== "string" || !draft.includes("draft-07")) return schema
  const { definitions, schema: root } = JsonSchema.fromSchemaDraft07(schema)
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
}

const isObject = (json: Schema.Json): json is Schema.JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)
