import type { Rule } from "../Wire.ts"
import * as FunctionRules from "./openAiFunctionRules.ts"
import { functionTools, type Request } from "./openAiResponsesRequest.ts"

const eachFunction = FunctionRules.eachFunction(functionTools)

const strict = { row: "R12", verified: false }

const choiceOf = ({ tool_choice }: Request): string | undefined =>
  typeof tool_choice === "object" && tool_choice.type !== "allowed_tools" ? tool_choice.name : undefined

/** The names of all tools of a request that its sender runs. */
export const toolNames = ({ tools = [] }: Request): ReadonlyArray<string> =>
  tools.flatMap((tool) => "name" in tool ? [tool.name] : [])

const formats = ({ text }: Request): ReadonlyArray<FunctionRules.FunctionTool> => {
  const format = text?.format
  if (format?.type !== "json_schema") return []
  const { name, schema, strict } = format
  return [{ path: "text.format", format: "text.format.schema", tool: { name, parameters: schema, strict } }]
}

/** Rules about the tools of a request, the switches that go with them, and the format of its answer. */
export const toolRules: ReadonlyArray<Rule<Request>> = [
  { row: "2a", verified: false, check: eachFunction(FunctionRules.namePattern) },
  {
    row: "2e",
    verified: false,
    check: (request) => FunctionRules.knownChoice(choiceOf(request), toolNames(request))
  },
  { row: "2a", verified: false, check: eachFunction(FunctionRules.objectSchema) },
  ...FunctionRules.strictSchema(functionTools, { keywords: strict, closed: strict, required: strict, typed: strict }),
  { row: "2a", verified: false, check: FunctionRules.eachFunction(formats)(FunctionRules.namePattern) },
  { row: "2a", verified: false, check: FunctionRules.eachFunction(formats)(FunctionRules.objectSchema) },
  ...FunctionRules.strictSchema(formats, { keywords: strict, closed: strict, required: strict, typed: strict })
]
