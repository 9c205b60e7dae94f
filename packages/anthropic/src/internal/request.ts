import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModel from "@volley/core/ChatModel"
import * as Given from "@volley/core/Given"
import type * as Toolkit from "@volley/core/Toolkit"
import { strictMode } from "./strictMode.ts"

type Body = Anthropic.MessageCreateParamsNonStreaming

/**
 * Any field of a request that the conversation does not decide.
 *
 * - `tools`: those that the provider runs itself; they stand behind the toolkit's
 */
export interface Fields extends Partial<Omit<Body, "messages" | "stream" | "system">> {}

/** What a request is made of, besides what is asked. */
export interface Making {
  readonly model: string
  readonly maxTokens?: number | undefined
  readonly fields: Fields
  readonly messages: Array<Anthropic.MessageParam>
}

/** The `tools` of a request. */
export const tools = (toolkit: Toolkit.Any): Array<Anthropic.Tool> =>
  Given.toolkit("AnthropicMessages.tools", toolkit).map((tool) => ({
    name: toolkit.wireNames.get(tool.name) ?? tool.name,
    description: tool.description,
    input_schema: { ...tool.jsonSchema, type: "object" },
    ...(tool.strict && { strict: true })
  }))

/** The body of a request that is not streamed. */
export const bodyOf = ({ fields, maxTokens, messages, model }: Making, request: ChatModel.Request): Body => {
  const { conversation, output, toolkit } = request
  const system = conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  const hasFormat = output !== undefined && takes(toolkit, output)
  if (output !== undefined && !hasFormat) system.push(ChatModel.outputInWords(output))
  return {
    model,
    max_tokens: maxTokens ?? 8_192,
    ...fields,
    messages,
    ...(system.length > 0 && { system: system.join("\n\n") }),
    ...(toolkit && toolkit.tools.length > 0 && {
      tools: [...tools(toolkit), ...fields.tools ?? []],
      ...toolChoice(toolkit, request)
    }),
    ...(hasFormat && {
      output_config: { ...fields.output_config, format: { type: "json_schema", schema: output.jsonSchema } }
    })
  }
}

/** True for a schema that strict mode takes as it is, beside the strict tools of the request. */
const takes = (toolkit: Toolkit.Any | undefined, { jsonSchema }: ChatModel.Output): boolean => {
  const { refuse } = strictMode()
  for (const tool of toolkit?.tools ?? []) if (tool.strict) refuse(tool.jsonSchema)
  return refuse(jsonSchema) === undefined
}

const toolChoice = (
  toolkit: Toolkit.Any,
  { parallelToolCalls, toolChoice: choice }: ChatModel.Request
): { readonly tool_choice?: Anthropic.ToolChoice } => {
  if (choice === undefined && parallelToolCalls === undefined) return {}
  if (choice === "none") return { tool_choice: { type: "none" } }
  const parallel = parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !parallelToolCalls }
  if (choice === undefined || choice === "auto") return { tool_choice: { type: "auto", ...parallel } }
  if (choice === "required") return { tool_choice: { type: "any", ...parallel } }
  return { tool_choice: { type: "tool", name: toolkit.wireNames.get(choice.tool) ?? choice.tool, ...parallel } }
}
