/**
 * OpenAI's `POST /v1/chat/completions`, streamed and not, as strict as its documented and reported refusals.
 */
import * as Result from "effect/Result"
import type { ChatCompletion, ChatCompletionMessage } from "openai/resources/chat/completions"
import type * as Frame from "./Frame.ts"
import { parse } from "./internal/json.ts"
import { noJson } from "./internal/openAiBody.ts"
import { pairingRules, shapeRules } from "./internal/openAiChatMessageRules.ts"
import { keyRules, modelRules, parameterRules, sizeRules } from "./internal/openAiChatModelRules.ts"
import {
  type Call,
  functionTools,
  prompt,
  read,
  type Request,
  text,
  type Turn,
  turns
} from "./internal/openAiChatRequest.ts"
import { toolNames, toolRules } from "./internal/openAiChatToolRules.ts"
import type { Reply, SeenCall, View, Wanted } from "./Script.ts"
import { checkAll, type Headers, type Memory, type Rejection, type Rendered, type Rule, tokens } from "./Wire.ts"

export { spoil } from "./internal/openAiChatFaults.ts"
export { frames } from "./internal/openAiChatFrames.ts"
export type { Request } from "./internal/openAiChatRequest.ts"

/** The name of this wire. */
export const name = "openai"
/** Where requests go. */
export const path = "/v1/chat/completions"
/** The header that has the id of a request. */
export const requestIdHeader = "x-request-id"

/** The rules that a request of the right shape must keep, in the order in which they are looked at. */
export const rules: ReadonlyArray<Rule<Request>> = [
  ...shapeRules,
  ...parameterRules,
  ...toolRules,
  ...pairingRules,
  ...modelRules,
  ...sizeRules
]

/**
 * Reads a request, or says which rule it violates first; a body of `undefined` was no JSON.
 *
 * @example
 * ```ts
 * import { OpenAiChatWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { authorization: "Bearer key" }
 * console.log(Result.isSuccess(OpenAiChatWire.check(body, headers))) // => true
 * const refused = OpenAiChatWire.check({}, headers)
 * if (Result.isFailure(refused)) console.log(refused.failure.message) // => Missing required parameter: 'model'.
 * ```
 */
export const check = (
  body: unknown,
  headers: Headers,
  _path?: string,
  _memory?: Memory,
  except?: ReadonlySet<string>
): Result.Result<Request, Rejection> =>
  checkAll(keyRules, headers).pipe(
    Result.flatMap(() => body === undefined ? Result.fail(noJson) : read(body)),
    Result.flatMap((request) => checkAll(rules, request, except))
  )

/**
 * Shows a model what stands in a request.
 *
 * @example
 * ```ts
 * import { OpenAiChatWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiChatWire.check(body, headers))
 * console.log(OpenAiChatWire.view(request).prompt) // => Hello!
 * ```
 */
export const view = (request: Request): View => ({
  model: request.model,
  prompt: prompt(request.messages),
  users: request.messages.flatMap((message) => message.role === "user" ? [text(message.content)] : []),
  tools: toolNames(request),
  offered: functionTools(request).map(({ tool: { description, name, parameters } }) => ({
    name,
    description,
    parameters
  })),
  format: request.response_format?.type === "json_schema" ? request.response_format.json_schema.schema : undefined,
  toolsOff: toolNames(request).length === 0 || request.tool_choice === "none",
  parallel: request.parallel_tool_calls !== false,
  calls: turns(request.messages).flatMap((turn) => turn.calls.map((call) => seen(call, turn)))
})

const seen = (call: Call, turn: Turn): SeenCall => ({
  id: call.id,
  ...(call.type === "function"
    ? { name: call.function.name, arguments: parse(call.function.arguments) ?? call.function.arguments }
    : { name: call.custom.name, arguments: call.custom.input }),
  result: text(turn.results.find(({ message }) => message.tool_call_id === call.id)?.message.content)
})

/**
 * How a request wants its answer streamed, where it does.
 *
 * @example
 * ```ts
 * import { OpenAiChatWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiChatWire.check({ ...body, stream: true }, headers))
 * console.log(OpenAiChatWire.streams(request) !== undefined) // => true
 * ```
 */
export const streams = ({ stream, stream_options }: Request): Frame.Options | undefined =>
  stream === true ? { usage: stream_options?.include_usage === true } : undefined

/**
 * Puts a reply into a response body; ids count on from the calls and the turns that the request holds.
 *
 * @example
 * ```ts
 * import { OpenAiChatWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiChatWire.check(body, headers))
 * const { body: answer } = OpenAiChatWire.render(request, { _tag: "Answer", text: "Hello." })
 * console.log(answer.choices[0]?.message.content) // => Hello.
 * ```
 */
export const render = (request: Request, reply: Reply): Rendered<ChatCompletion> => {
  const message = messageOf(reply, turns(request.messages).flatMap((turn) => turn.calls).length)
  const outputTokens = tokens(message)
  return {
    body: {
      id: `chatcmpl-${request.messages.filter(({ role }) => role === "assistant").length + 1}`,
      object: "chat.completion",
      created: 1_763_600_000,
      model: request.model,
      choices: [{ index: 0, finish_reason: message.tool_calls ? "tool_calls" : "stop", logprobs: null, message }],
      usage: {
        prompt_tokens: request.inputTokens,
        completion_tokens: outputTokens,
        total_tokens: request.inputTokens + outputTokens,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0
        }
      }
    },
    inputTokens: request.inputTokens,
    outputTokens,
    calls: (message.tool_calls ?? []).map((call) => call.id)
  }
}

const messageOf = (reply: Reply, earlier: number): ChatCompletionMessage =>
  reply._tag === "Answer"
    ? { role: "assistant", content: reply.text, refusal: null }
    : {
      role: "assistant",
      content: null,
      refusal: null,
      tool_calls: reply.calls.map((call, at) => callOf(call, earlier + at + 1))
    }

const callOf = (call: Wanted, number: number) => ({
  id: `call_${number}`,
  type: "function" as const,
  function: { name: call.name, arguments: call.malformed ?? JSON.stringify(call.arguments) }
})

/**
 * The body of a refusal.
 *
 * @example
 * ```ts
 * import { OpenAiChatWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const headers = { authorization: "Bearer key" }
 * const refused = OpenAiChatWire.check({}, headers)
 * if (Result.isFailure(refused)) console.log(JSON.stringify(OpenAiChatWire.refuse(refused.failure)))
 * // => {"error":{"message":"Missing required parameter: 'model'.","type":"invalid_request_error","param":"model","code":"missing_required_parameter"}}
 * ```
 */
export const refuse = ({ code, message, param, type }: Rejection): object => ({ error: { message, type, param, code } })
