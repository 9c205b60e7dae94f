/**
 * Anthropic's `POST /v1/messages`, streamed and not, as strict as its documented and reported refusals.
 */
import type { ContentBlock, Message as Body, ThinkingBlock } from "@anthropic-ai/sdk/resources/messages"
import * as Result from "effect/Result"
import type * as Frame from "./Frame.ts"
import { pairingRules, shapeRules } from "./internal/anthropicMessageRules.ts"
import { headerRules, modelRules, parameterRules, sizeRules, thinks } from "./internal/anthropicModelRules.ts"
import {
  blocks,
  customTools,
  type Message,
  placed,
  read,
  type Request,
  resultText
} from "./internal/anthropicRequest.ts"
import { continuedRules, previousOf } from "./internal/anthropicThreadRules.ts"
import { toolRules } from "./internal/anthropicToolRules.ts"
import { recall, whole } from "./internal/memory.ts"
import { sign } from "./internal/thinkingSignature.ts"
import type { Reply, SeenCall, View } from "./Script.ts"
import {
  checkAll,
  type Headers,
  type Memory,
  reject,
  type Rejection,
  type Rendered,
  type Rule,
  tokens,
  type Turn
} from "./Wire.ts"

export { spoil } from "./internal/anthropicFaults.ts"
export { frames } from "./internal/anthropicFrames.ts"
export type { Request } from "./internal/anthropicRequest.ts"
export { continuedRules } from "./internal/anthropicThreadRules.ts"

/** The name of this wire. */
export const name = "anthropic"
/** Where requests go. */
export const path = "/v1/messages"
/** The header that has the id of a request. */
export const requestIdHeader = "request-id"

/** The rules that a request must keep with all that it goes on from, in the order in which they are looked at. */
export const rules: ReadonlyArray<Rule<Request>> = [
  ...shapeRules,
  ...parameterRules,
  ...toolRules,
  ...pairingRules,
  ...modelRules,
  ...sizeRules
]

/**
 * Reads a request and the thread that it continues, or says which rule they violate first; a body of `undefined` was no
 * JSON.
 *
 * - messages are counted in the whole thread, from its first request on
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * console.log(Result.isSuccess(AnthropicMessagesWire.check(body, headers))) // => true
 * const refused = AnthropicMessagesWire.check({}, headers)
 * if (Result.isFailure(refused)) console.log(refused.failure.message) // => model: Field required
 * ```
 */
export const check = (
  body: unknown,
  headers: Headers,
  _path?: string,
  memory: Memory = [],
  except?: ReadonlySet<string>
): Result.Result<Request, Rejection> =>
  checkAll(headerRules, headers).pipe(
    Result.flatMap(() => body === undefined ? Result.fail(noJson) : read(body, headers)),
    Result.flatMap((request) => checkAll(continuedRules, { request, memory })),
    Result.flatMap(({ request }) => {
      const turn = recall(memory, previousOf(request))
      return turn === undefined
        ? Result.succeed(request)
        : read(whole(body, turn, "messages", request.history), headers)
    }),
    Result.flatMap((request) => checkAll(rules, request, except))
  )

const noJson = reject({ row: "JSON", verified: false }, { message: "The request body is not valid JSON" })

/**
 * Shows a model what stands in a request.
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * const request = Result.getOrThrow(AnthropicMessagesWire.check(body, headers))
 * console.log(AnthropicMessagesWire.view(request).prompt) // => Hello!
 * ```
 */
export const view = (request: Request): View => ({
  model: request.model,
  prompt: prompt(request),
  users: request.messages.filter(isUsers).map(textOf),
  tools: (request.tools ?? []).map((tool) => tool.name),
  offered: customTools(request).map(({ tool }) => ({
    name: tool.name,
    description: tool.description,
    parameters: tool.input_schema
  })),
  format: request.output_config?.format?.schema,
  toolsOff: (request.tools ?? []).length === 0 || request.tool_choice?.type === "none",
  parallel: !(request.tool_choice !== undefined && request.tool_choice.type !== "none"
    && request.tool_choice.disable_parallel_tool_use === true),
  calls: seen(request)
})

const prompt = ({ messages }: Request): string => {
  const first = messages.find((message) => message.role === "user")
  return first ? textOf(first) : ""
}

const isUsers = (message: Message): boolean =>
  message.role === "user" && blocks(message).some((block) => block.type !== "tool_result")

const textOf = (message: Message): string =>
  blocks(message).map((block) => block.type === "text" ? block.text : "").join("")

const seen = ({ messages }: Request): ReadonlyArray<SeenCall> => {
  const results = new Map(placed(messages, "tool_result").map(({ block }) => [block.tool_use_id, resultText(block)]))
  return placed(messages, "tool_use").map(({ block: { id, input, name } }) => ({
    id,
    name,
    arguments: input,
    result: results.get(id) ?? ""
  }))
}

/**
 * How a request wants its answer streamed, where it does.
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * const request = Result.getOrThrow(AnthropicMessagesWire.check({ ...body, stream: true }, headers))
 * console.log(AnthropicMessagesWire.streams(request) !== undefined) // => true
 * ```
 */
export const streams = ({ stream }: Request): Frame.Options | undefined => stream === true ? {} : undefined

/**
 * Puts a reply into a response body; ids of calls count on from those that the request holds.
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * const request = Result.getOrThrow(AnthropicMessagesWire.check(body, headers))
 * const { body: answer } = AnthropicMessagesWire.render(request, { _tag: "Answer", text: "Hello." }, 1)
 * console.log(answer.content[0]?.type) // => text
 * ```
 */
export const render = (request: Request, reply: Reply, number: number): Rendered<Body> => {
  const thinking = thinks(request) ? [thinkingOf(request, reply)] : []
  const said = saidIn(request, reply)
  const content: Array<ContentBlock> = [...thinking, ...said]
  const outputTokens = tokens({ role: "assistant", content })
  return {
    body: {
      id: `msg_${number}`,
      type: "message",
      role: "assistant",
      model: request.model,
      content,
      stop_reason: reply._tag === "Answer" ? "end_turn" : "tool_use",
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: request.inputTokens,
        output_tokens: outputTokens,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens_details: { thinking_tokens: tokens(...thinking) },
        server_tool_use: null,
        service_tier: "standard",
        inference_geo: null,
        speed: null
      }
    },
    inputTokens: request.inputTokens,
    outputTokens,
    calls: said.flatMap((block) => block.type === "tool_use" ? [block.id] : [])
  }
}

/**
 * What the server keeps of a turn: nothing where it belongs to no thread.
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * const request = Result.getOrThrow(AnthropicMessagesWire.check(body, headers))
 * const { body: answer } = AnthropicMessagesWire.render(request, { _tag: "Answer", text: "Hello." }, 1)
 * const kept = AnthropicMessagesWire.keep(request, answer)
 * console.log(kept?.history.length) // => undefined
 * ```
 */
export const keep = (request: Request, { content, id, role }: Body): Turn | undefined =>
  request.thread == null ? undefined : {
    id,
    from: previousOf(request),
    history: [...request.history, { role, content }],
    fields: {
      ...(request.system !== undefined && { system: request.system }),
      ...(request.tools !== undefined && { tools: request.tools })
    }
  }

const saidIn = (request: Request, reply: Reply): ReadonlyArray<ContentBlock> => {
  if (reply._tag === "Answer") return [{ type: "text", text: reply.text, citations: null }]
  const earlier = placed(request.messages, "tool_use").length
  return reply.calls.map((call, at) => ({
    type: "tool_use",
    id: `toolu_${earlier + at + 1}`,
    name: call.name,
    input: call.arguments,
    caller: { type: "direct" }
  }))
}

const thinkingOf = (request: Request, reply: Reply): ThinkingBlock => {
  const thinking = request.thinking?.["display"] === "omitted"
    ? ""
    : reply._tag === "Answer"
    ? "I have all that I need."
    : `I need ${reply.calls.map((call) => call.name).join(", ")}.`
  return { type: "thinking", thinking, signature: sign(thinking, { request, message: request.messages.length }) }
}

/**
 * The body of a refusal.
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * const refused = AnthropicMessagesWire.check({}, headers)
 * if (Result.isFailure(refused)) console.log(JSON.stringify(AnthropicMessagesWire.refuse(refused.failure, "req_1")))
 * // => {"type":"error","error":{"type":"invalid_request_error","message":"model: Field required"},"request_id":"req_1"}
 * ```
 */
export const refuse = ({ code, message, type }: Rejection, requestId: string): object => ({
  type: "error",
  error: { type, message, ...(code !== null && { details: { error_code: code } }) },
  request_id: requestId
})
