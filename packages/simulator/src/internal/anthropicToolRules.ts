import type { Fault, Rule } from "../Wire.ts"
import { customTools, type Request } from "./anthropicRequest.ts"
import { firstDefined, firstDuplicate } from "./json.ts"
import * as StrictSchema from "./strictSchema.ts"

/** Rules about the tools of a request and the switch that goes with them. */
export const toolRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "A8",
    verified: true,
    check: (request) =>
      firstDefined(customTools(request), ({ at, tool }) =>
        /^[a-zA-Z0-9_-]{1,128}$/.test(tool.name) ? undefined : {
          message: `tools.${at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`
        })
  },
  {
    row: "A9",
    verified: true,
    check: ({ tools = [] }) =>
      firstDuplicate(tools, (tool) => tool.name) && { message: "tools: Tool names must be unique." }
  },
  {
    row: "A23",
    verified: false,
    check: (request) =>
      firstDefined(
        customTools(request),
        ({ at, tool }) =>
          tool.strict !== true || !StrictSchema.nodes(tool.input_schema).some(StrictSchema.isOpen) ? undefined : {
            message: `tools.${at}.custom.input_schema: `
              + "For 'object' type, 'additionalProperties' must be explicitly set to false"
          }
      )
  },
  {
    row: "A23",
    verified: true,
    check: ({ output_config }) =>
      !StrictSchema.nodes(output_config?.format?.schema ?? {}).some(StrictSchema.isOpen) ? undefined : {
        message:
          "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
      }
  },
  {
    row: "A13",
    verified: true,
    check: ({ tool_choice, tools = [] }) =>
      tool_choice === undefined || tools.length > 0 ? undefined : {
        message: `tool_choice.${tool_choice.type} may only be specified while providing tools`
      }
  },
  {
    row: "A14",
    verified: true,
    check: ({ tool_choice, tools = [] }) =>
      tool_choice?.type !== "tool" || tools.some((tool) => tool.name === tool_choice.name) ? undefined : {
        message: `Tool '${tool_choice.name}' not found in provided tools`
      }
  },
  { row: "A27", verified: true, check: (request) => tooManyMarks(cacheMarks(request)) }
]

const tooManyMarks = (count: number): Fault | undefined =>
  count <= 4 ? undefined : { message: `A maximum of 4 blocks with cache_control may be provided. Found ${count}.` }

/** Counts the cache marks anywhere in the tools, the system prompt and the messages. */
const cacheMarks = ({ messages, system, tools }: Request): number => {
  let count = 0
  JSON.stringify([tools, system, messages], (key, value: unknown) => {
    if (key === "cache_control" && value !== null) count++
    return value
  })
  return count
}
