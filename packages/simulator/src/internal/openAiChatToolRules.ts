import type { Fault, Rule } from "../Wire.ts"
import { firstDefined } from "./json.ts"
import { functionTools, type Request } from "./openAiChatRequest.ts"
import * as StrictSchema from "./strictSchema.ts"

type FunctionTool = ReturnType<typeof functionTools>[number]

const eachFunction = (check: (tool: FunctionTool) => Fault | undefined) => (request: Request): Fault | undefined =>
  firstDefined(functionTools(request), check)

const eachStrictNode = (problem: (node: StrictSchema.Node) => string | undefined) =>
  eachFunction((tool) =>
    tool.tool.strict !== true || tool.tool.parameters === undefined
      ? undefined
      : firstDefined(StrictSchema.nodes(tool.tool.parameters), (node) => {
        const found = problem(node)
        return found === undefined ? undefined : badSchema(tool, `In context=${tuple(node.context)}, ${found}`)
      })
  )

const badSchema = ({ at, tool }: FunctionTool, problem: string): Fault => ({
  message: `Invalid schema for function '${tool.name}': ${problem}`,
  param: `tools[${at}].function.parameters`,
  code: "invalid_function_parameters"
})

const tuple = (keys: ReadonlyArray<string>): string =>
  `(${keys.map((key) => `'${key}'`).join(", ")}${keys.length === 1 ? "," : ""})`

const choiceOf = ({ tool_choice }: Request): string | undefined => {
  if (typeof tool_choice !== "object") return undefined
  if (tool_choice.type === "function") return tool_choice.function.name
  return tool_choice.type === "custom" ? tool_choice.custom.name : undefined
}

/** The names of all tools of a request. */
export const toolNames = (request: Request): ReadonlyArray<string> =>
  (request.tools ?? []).map((tool) => tool.type === "function" ? tool.function.name : tool.custom.name)

/** Rules about the tools of a request and the switches that go with them. */
export const toolRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "C7",
    verified: true,
    check: ({ tools = [] }) =>
      tools.length <= 128 ? undefined : {
        message: "Invalid 'tools': array too long. Expected an array with maximum length 128, "
          + `but got an array with length ${tools.length} instead.`,
        param: "tools",
        code: "array_above_max_length"
      }
  },
  {
    row: "C5",
    verified: true,
    check: eachFunction(({ at, tool }) =>
      /^[a-zA-Z0-9_-]+$/.test(tool.name) ? undefined : {
        message: `Invalid 'tools[${at}].function.name': string does not match pattern. `
          + "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        param: `tools[${at}].function.name`,
        code: "invalid_value"
      }
    )
  },
  {
    row: "C6",
    verified: false,
    check: eachFunction(({ at, tool }) =>
      tool.name.length <= 64 ? undefined : {
        message: `Invalid 'tools[${at}].function.name': string too long. `
          + `Expected a string with maximum length 64, but got a string with length ${tool.name.length} instead.`,
        param: `tools[${at}].function.name`,
        code: "string_above_max_length"
      }
    )
  },
  {
    row: "C11",
    verified: true,
    check: ({ parallel_tool_calls, tools = [] }) =>
      parallel_tool_calls === undefined || tools.length > 0 ? undefined : {
        message: "Invalid value for 'parallel_tool_calls': "
          + "'parallel_tool_calls' is only allowed when 'tools' are specified.",
        param: "parallel_tool_calls"
      }
  },
  {
    row: "C12",
    verified: true,
    check: ({ tool_choice, tools = [] }) =>
      tool_choice === undefined || tools.length > 0 ? undefined : {
        message: "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
        param: "tool_choice"
      }
  },
  {
    row: "1e",
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
    row: "1a",
    verified: false,
    check: eachFunction((tool) =>
      tool.tool.parameters === undefined || tool.tool.parameters["type"] === "object"
        ? undefined
        : badSchema(tool, "schema must be a JSON Schema of 'type: \"object\"'.")
    )
  },
  {
    row: "1a",
    verified: false,
    check: eachStrictNode((node) => {
      const keyword = StrictSchema.unsupportedKeyword(node)
      return keyword === undefined ? undefined : `'${keyword}' is not permitted.`
    })
  },
  {
    row: "C15",
    verified: true,
    check: eachStrictNode((node) =>
      StrictSchema.isOpen(node) ? "'additionalProperties' is required to be supplied and to be false." : undefined
    )
  },
  {
    row: "C16",
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
    row: "C17",
    verified: true,
    check: eachStrictNode((node) => StrictSchema.isUntyped(node) ? "schema must have a 'type' key." : undefined)
  }
]
