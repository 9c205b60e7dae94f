/**
 * Rules about function tools that Chat Completions and Responses share; each wire has its own rows for them.
 */
import type * as Schema from "effect/Schema"
import type { Fault, Rule } from "../Wire.ts"
import { firstDefined } from "./json.ts"
import * as StrictSchema from "./strictSchema.ts"

/**
 * A function tool of a request.
 *
 * - `path`: where its fields stand in the request
 * - `format`: where an answer's format stands, whose schema is refused in the same way as that of a function
 */
export interface FunctionTool {
  readonly path: string
  readonly format?: string
  readonly tool: {
    readonly name: string
    readonly parameters?: Schema.JsonObject | null | undefined
    readonly strict?: boolean | null | undefined
  }
}

/** Which row of the catalogue a rule is, and whether its refusal was seen. */
export type Row = Pick<Rule<never>, "row" | "verified">

/** The same check for every function tool of a request. */
export const eachFunction =
  <Request>(functionTools: (request: Request) => ReadonlyArray<FunctionTool>) =>
  (check: (tool: FunctionTool) => Fault | undefined) =>
  (request: Request): Fault | undefined => firstDefined(functionTools(request), check)

/** The letters that a name may have. */
export const namePattern = ({ path, tool }: FunctionTool): Fault | undefined =>
  /^[a-zA-Z0-9_-]+$/.test(tool.name) ? undefined : {
    message: `Invalid '${path}.name': string does not match pattern. `
      + "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    param: `${path}.name`,
    code: "invalid_value"
  }

/** A tool that was chosen by name is among those of the request. */
export const knownChoice = (choice: string | undefined, names: ReadonlyArray<string>): Fault | undefined =>
  choice === undefined || names.includes(choice) ? undefined : {
    message: `Invalid value for 'tool_choice': no tool named '${choice}' was specified in the 'tools' parameter.`,
    param: "tool_choice"
  }

/** The parameters are those of an object. */
export const objectSchema = (tool: FunctionTool): Fault | undefined =>
  tool.tool.parameters == null || tool.tool.parameters["type"] === "object"
    ? undefined
    : badSchema(tool, "schema must be a JSON Schema of 'type: \"object\"'.")

/** What every node of the parameters of a strict tool keeps to. */
export const strictSchema = <Request>(
  functionTools: (request: Request) => ReadonlyArray<FunctionTool>,
  rows: { readonly [Check in keyof typeof strictChecks]: Row }
): ReadonlyArray<Rule<Request>> => [
  { ...rows.keywords, check: eachFunction(functionTools)(eachStrictNode(strictChecks.keywords)) },
  { ...rows.closed, check: eachFunction(functionTools)(eachStrictNode(strictChecks.closed)) },
  { ...rows.required, check: eachFunction(functionTools)(eachStrictNode(strictChecks.required)) },
  { ...rows.typed, check: eachFunction(functionTools)(eachStrictNode(strictChecks.typed)) }
]

const strictChecks = {
  keywords: (node: StrictSchema.Node) => {
    const keyword = StrictSchema.unsupportedKeyword(node)
    return keyword === undefined ? undefined : `'${keyword}' is not permitted.`
  },
  closed: (node: StrictSchema.Node) =>
    StrictSchema.isOpen(node) ? "'additionalProperties' is required to be supplied and to be false." : undefined,
  required: (node: StrictSchema.Node) => {
    const key = StrictSchema.optionalKey(node)
    return key === undefined
      ? undefined
      : "'required' is required to be supplied and to be an array including every key in properties. "
        + `Missing '${key}'.`
  },
  typed: (node: StrictSchema.Node) => StrictSchema.isUntyped(node) ? "schema must have a 'type' key." : undefined
}

/** No schema is refused for what strict mode forbids where `strict` is left out. */
const eachStrictNode =
  (problem: (node: StrictSchema.Node) => string | undefined) => (tool: FunctionTool): Fault | undefined =>
    tool.tool.strict !== true || tool.tool.parameters == null
      ? undefined
      : firstDefined(StrictSchema.nodes(tool.tool.parameters), (node) => {
        const found = problem(node)
        return found === undefined ? undefined : badSchema(tool, `In context=${tuple(node.context)}, ${found}`)
      })

const badSchema = ({ format, path, tool }: FunctionTool, problem: string): Fault =>
  format === undefined
    ? {
      message: `Invalid schema for function '${tool.name}': ${problem}`,
      param: `${path}.parameters`,
      code: "invalid_function_parameters"
    }
    : { message: `Invalid schema for response_format '${tool.name}': ${problem}`, param: format }

const tuple = (keys: ReadonlyArray<string>): string =>
  `(${keys.map((key) => `'${key}'`).join(", ")}${keys.length === 1 ? "," : ""})`
