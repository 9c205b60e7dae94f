import type { ChatModel, Conversation, Outcome, Tool } from "@volley/core"
import { parse } from "@volley/core/Json"
import * as Cause from "effect/Cause"
import * as Result from "effect/Result"
import { hiddenBy, hiddenOf, mark, marksAnything } from "./secret.ts"

/**
 * Which content it is.
 *
 * - `instructions`, `input`, `output`: of a turn: the system prompt, the conversation and what the model said
 * - `arguments`, `result`: of a call; its failure too, as the model reads it
 * - `crash`: the words and the stack of a crash, as one text
 */
export type Where = "instructions" | "input" | "output" | "arguments" | "result" | "crash"

/** Whose content it is, where it is one tool's, or one model's. */
export interface Whose {
  readonly tool?: string | undefined
  readonly model?: string | undefined
}

/** Gives what of a content may leave, or nothing. */
export type Content = (where: Where, json: unknown, whose: Whose) => unknown

/** Content as an attribute: JSON text; nothing where it may not leave. What throws lets nothing through. */
export const attribute = (content: Content, where: Where, json: () => unknown, whose: Whose): string | undefined => {
  try {
    const shown = content(where, json(), whose)
    return shown === undefined ? undefined : typeof shown === "string" ? shown : JSON.stringify(shown)
  } catch {
    return undefined
  }
}

/** The arguments of a call, without what its tool marks as secret. */
export const argumentsOf = (tool: Tool.Any | undefined, args: unknown): unknown => {
  const read = typeof args === "string" ? parse(args) : Result.succeed(args)
  if (tool === undefined) return Result.isSuccess(read) ? read.success : args
  if (Result.isFailure(read)) return mark
  const shown = hiddenOf(tool.parameters, read.success)
  return tool.raw === undefined ? shown : hiddenBy(tool.raw, shown)
}

/** What a call gave back, or failed with, without what its tool marks as secret. */
export const resultOf = (tool: Tool.Any | undefined, { encoded, json, result }: Outcome.Outcome): unknown => {
  if (json !== undefined && tool !== undefined) return hiddenOf(tool.success, json)
  if (Result.isSuccess(result) || result.failure._tag === "CallError" || tool === undefined) return encoded
  return hiddenOf(tool.failure, result.failure.encoded)
}

/** What a crash says, where it was one. */
export const crashOf = ({ result }: Outcome.Outcome): string | undefined => {
  if (Result.isSuccess(result) || result.failure._tag === "ToolFailure") return undefined
  const { reason } = result.failure
  return reason._tag === "Defect" ? Cause.pretty(reason.cause) : undefined
}

type ToolOf = (name: string) => Tool.Any | undefined

/** The tools of a request, by the names under which a model knows them. */
export const toolsOf = ({ toolkit }: ChatModel.Request): ToolOf => (name) => toolkit?.byName.get(name)

/** The system prompt, as the conventions write it. */
export const instructionsOf = ({ messages }: Conversation.Conversation): ReadonlyArray<unknown> =>
  messages.flatMap((message) => message.role === "system" ? [{ type: "text", content: message.text }] : [])

/** The conversation, as the conventions write it. */
export const inputOf = ({ messages }: Conversation.Conversation, toolOf: ToolOf): ReadonlyArray<unknown> =>
  messages.flatMap((message) => message.role === "system" ? [] : [messageOf(message, toolOf)])

/** What the model said, as the conventions write it. */
export const outputOf = ({ finish, message }: ChatModel.Turn, toolOf: ToolOf): ReadonlyArray<unknown> => [
  { ...messageOf(message, toolOf), finish_reason: finishOf(finish) }
]

/** Why a model stopped, by the conventions' names. */
export const finishOf = (finish: ChatModel.Turn["finish"]): string =>
  finish === "tool-calls" ? "tool_call" : finish === "refusal" ? "content_filter" : finish

const messageOf = (message: Exclude<Conversation.Message, { readonly role: "system" }>, toolOf: ToolOf) => {
  switch (message.role) {
    case "user":
      return { role: "user", parts: textOf(message.text) }
    case "assistant":
      return {
        role: "assistant",
        parts: [...textOf(message.text), ...message.calls.map((call) => callOf(call, toolOf))]
      }
    case "tool":
      return { role: "tool", parts: message.results.map((result) => responseOf(result, toolOf)) }
  }
}

const textOf = (text: string): ReadonlyArray<unknown> => text === "" ? [] : [{ type: "text", content: text }]

const callOf = ({ arguments: args, id, name }: Conversation.Assistant["calls"][number], toolOf: ToolOf) => ({
  type: "tool_call",
  id,
  name,
  arguments: argumentsOf(toolOf(name), args)
})

/** What a model read of a result may be cut or be no JSON: of a tool that marks anything, only what can be read is shown. */
const responseOf = ({ callId: id, isError, name, text }: Conversation.ToolResult, toolOf: ToolOf) => {
  const tool = toolOf(name)
  const schema = isError ? tool?.failure : tool?.success
  if (schema === undefined || !marksAnything(schema)) return { type: "tool_call_response", id, response: text }
  const read = isError ? Result.fail("an error") : parse(text)
  return { type: "tool_call_response", id, response: Result.isSuccess(read) ? hiddenOf(schema, read.success) : mark }
}
