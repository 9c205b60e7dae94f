import type { Fault, Rule } from "../Wire.ts"
import { firstDefined } from "./json.ts"
import { functionTools, type Request } from "./openAiResponsesRequest.ts"
import * as StrictSchema from "./strictSchema.ts"

type FunctionTool = ReturnType<typeof functionTools>[number]

const eachFunction = (check: (tool: FunctionTool) => Fault | undefined) => (request: Request): Fault | undefined =>
  firstDefined(functionTools(request), check)

/** A schema whose `strict` is left out is made strict where that goes, and stays as it is elsewhere. */
const eachStrictNode = (problem: (node: StrictSchema.Node) => string | undefined) =>
  eachFunction((tool) =>
    tool.tool.strict !== true || tool.tool.parameters == null
      ? undefined
      : firstDefined(StrictSchema.nodes(tool.tool.parameters), (node) => {
        const found = problem(node)
        return found === undefined ? undefined : badSchema(tool, `In context=${tuple(node.context)}, ${found}`)
      })
  )

const badSchema = ({ at, tool }: FunctionTool, problem: string): Fault => ({
  message: `Invalid schema for function '${tool.name}': ${problem}`,
  param: `tools[${at}].parameters`,
  code: "invalid_function_parameters"
})

const tuple = (keys: ReadonlyArray<string>): string =>
  `(${keys.map((key) => `'${key}'`).join(", ")}${keys.length === 1 ? "," : ""})`

const choiceOf = ({ tool_choice }: Request): string | undefined =>
  typeof tool_choice === "object" && tool_choice.type !== "allowed_tools" ? tool_choice.name : undefined

/** The names of all tools of a request that its sender runs. */
export const toolNames = ({ tools = [] }: Request): ReadonlyArray<string> =>
  tools.flatMap((tool) => "name" in tool ? [tool.name] : [])

/** Rules about the tools of a request and the switches that go with them. */
export const toolRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "2a",
    verified: false,
    check: eachFunction(({ at, tool }) =>
      /^[a-zA-Z0-9_-]+$/.test(tool.name) ? undefined : {
        message: `Invalid 'tools[${at}].name': string does not match pattern. `
          + "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        param: `tools[${at}].name`,
        code: "invalid_value"
      }
    )
  },
  {
    row: "2e",
    verified: false,
    check: (request) => {
      const choice = choiceOf(request)
      return choice === undefined || toolNames(request).includes(choice) ? undefined : {
        message: `Invalid value for 'tool_choice': no tool named '${choice}' was specified in the 'tools' parameter.`,
        param: "tool_choice"
      }
    }
  },
  {
    row: "2a",
    verified: false,
    check: eachFunction((tool) =>
      tool.tool.parameters == null || tool.tool.parameters["type"] === "object"
        ? undefined
        : badSchema(tool, "schema must be a JSON Schema of 'type: \"object\"'.")
    )
  },
  {
    row: "R12",
    verified: false,
    check: eachStrictNode((node) => {
      const keyword = StrictSchema.unsupportedKeyword(node)
      return keyword === undefined ? undefined : `'${keyword}' is not permitted.`
    })
  },
  {
    row: "R12",
    verified: false,
    check: eachStrictNode((node) =>
      StrictSchema.isOpen(node) ? "'additionalProperties' is required to be supplied and to be false." : undefined
    )
  },
  {
    row: "R12",
    verified: false,
    check: eachStrictNode((node) => {
      const key = StrictSchema.optionalKey(node)
      return key === undefined
        ? undefined
        : "'required' is required to be supplied and to be an array including every key in properties. "
          + `Missing '${key}'.`
    })
  },
  {
    row: "R12",
    verified: false,
    check: eachStrictNode((node) => StrictSchema.isUntyped(node) ? "schema must have a 'type' key." : undefined)
  }
]
