import type { Rule } from "../Wire.ts"
import { functionTools, type Request } from "./openAiChatRequest.ts"
import * as FunctionRules from "./openAiFunctionRules.ts"

const eachFunction = FunctionRules.eachFunction(functionTools)

const choiceOf = ({ tool_choice }: Request): string | undefined => {
  if (typeof tool_choice !== "object") return undefined
  if (tool_choice.type === "function") return tool_choice.function.name
  return tool_choice.type === "custom" ? tool_choice.custom.name : undefined
}

/** The names of all tools of a request. */
export const toolNames = (request: Request): ReadonlyArray<string> =>
  (request.tools ?? []).map((tool) => tool.type === "function" ? tool.function.name : tool.custom.name)

const formats = ({ response_format: format }: Request): ReadonlyArray<FunctionRules.FunctionTool> => {
  if (format?.type !== "json_schema") return []
  const { name, schema, strict } = format.json_schema
  return [{
    path: "response_format.json_schema",
    format: "response_format",
    tool: { name, parameters: schema, strict }
  }]
}

/** Rules about the tools of a request, the switches that go with them, and the format of its answer. */
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
    check: eachFunction(FunctionRules.namePattern)
  },
  {
    row: "C6",
    verified: false,
    check: eachFunction(({ path, tool }) =>
      tool.name.length <= 64 ? undefined : {
        message: `Invalid '${path}.name': string too long. `
          + `Expected a string with maximum length 64, but got a string with length ${tool.name.length} instead.`,
        param: `${path}.name`,
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
    check: (request) => FunctionRules.knownChoice(choiceOf(request), toolNames(request))
  },
  { row: "1a", verified: false, check: eachFunction(FunctionRules.objectSchema) },
  ...FunctionRules.strictSchema(functionTools, {
    keywords: { row: "1a", verified: false },
    closed: { row: "C15", verified: true },
    required: { row: "C16", verified: false },
    typed: { row: "C17", verified: true }
  }),
  { row: "1a", verified: false, check: FunctionRules.eachFunction(formats)(FunctionRules.namePattern) },
  { row: "1a", verified: false, check: FunctionRules.eachFunction(formats)(FunctionRules.objectSchema) },
  ...FunctionRules.strictSchema(formats, {
    keywords: { row: "1a", verified: false },
    closed: { row: "C15", verified: true },
    required: { row: "C16", verified: false },
    typed: { row: "C17", verified: false }
  })
]
