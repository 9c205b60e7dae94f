/**
 * OpenAI's `POST /v1/responses`, streamed and not, as strict as its documented and reported refusals.
 */
import * as Result from "effect/Result"
import type { ResponseOutputItem, ResponseReasoningItem } from "openai/resources/responses/responses"
import type * as Frame from "./Frame.ts"
import { parse } from "./internal/json.ts"
import { recall, whole } from "./internal/memory.ts"
import { noJson } from "./internal/openAiBody.ts"
import { keyRules } from "./internal/openAiChatModelRules.ts"
import type { Body } from "./internal/openAiResponsesBody.ts"
import { pairingRules, reasoningRules, shapeRules } from "./internal/openAiResponsesItemRules.ts"
import { continuedRules, modelRules, parameterRules, sizeRules } from "./internal/openAiResponsesModelRules.ts"
import { after, encrypted, nextReasoning, reasons } from "./internal/openAiResponsesReasoning.ts"
import {
  answers,
  type Call,
  functionTools,
  isCall,
  isOutput,
  prompt,
  read,
  type Request,
  text
} from "./internal/openAiResponsesRequest.ts"
import { toolNames, toolRules } from "./internal/openAiResponsesToolRules.ts"
import type { Reply, SeenCall, View } from "./Script.ts"
import {
  checkAll,
  type Headers,
  type Memory,
  type Rejection,
  type Rendered,
  type Rule,
  tokens,
  type Turn
} from "./Wire.ts"

export type { Body } from "./internal/openAiResponsesBody.ts"
export { spoil } from "./internal/openAiResponsesFaults.ts"
export { frames } from "./internal/openAiResponsesFrames.ts"
export { continuedRules } from "./internal/openAiResponsesModelRules.ts"
export type { Request } from "./internal/openAiResponsesRequest.ts"

/** The name of this wire. */
export const name = "openai-responses"
/** Where requests go. */
export const path = "/v1/responses"
/** The header that has the id of a request. */
export const requestIdHeader = "x-request-id"

/** The rules that a request must keep with all that it goes on from, in the order in which they are looked at. */
export const rules: ReadonlyArray<Rule<Request>> = [
  ...shapeRules,
  ...parameterRules,
  ...toolRules,
  ...pairingRules,
  ...reasoningRules,
  ...modelRules,
  ...sizeRules
]

/**
 * Reads a request and what it goes on from, or says which rule they violate first; a body of `undefined` was no JSON.
 *
 * - items are counted in the whole input, from the first turn on
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-5.4", input: "Hello!" }
 * const headers = { authorization: "Bearer key" }
 * console.log(Result.isSuccess(OpenAiResponsesWire.check(body, headers))) // => true
 * const refused = OpenAiResponsesWire.check({}, headers)
 * if (Result.isFailure(refused)) console.log(refused.failure.message) // => Missing required parameter: 'model'.
 * ```
 */
export const check = (
  body: unknown,
  headers: Headers,
  _path?: string,
  memory: Memory = [],
  except?: ReadonlySet<string>
): Result.Result<Request, Rejection> =>
  checkAll(keyRules, headers).pipe(
    Result.flatMap(() => body === undefined ? Result.fail(noJson) : read(body)),
    Result.flatMap((request) => checkAll(continuedRules, { request, memory })),
    Result.flatMap(({ request }) => {
      const turn = recall(memory, request.previous_response_id)
      return turn === undefined ? Result.succeed(request) : read(whole(body, turn, "input", request.history))
    }),
    Result.flatMap((request) => checkAll(rules, request, except))
  )

/**
 * Shows a model what stands in a request.
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-5.4", input: "Hello!" }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiResponsesWire.check(body, headers))
 * console.log(OpenAiResponsesWire.view(request).prompt) // => Hello!
 * ```
 */
export const view = (request: Request): View => ({
  model: request.model,
  prompt: prompt(request),
  users: request.input.flatMap((item) => "role" in item && item.role === "user" ? [text(item.content)] : []),
  tools: toolNames(request),
  offered: functionTools(request).map(({ tool: { description, name, parameters } }) => ({
    name,
    description: description ?? undefined,
    parameters: parameters ?? undefined
  })),
  format: request.text?.format?.type === "json_schema" ? request.text.format.schema : undefined,
  toolsOff: toolNames(request).length === 0 || request.tool_choice === "none",
  parallel: request.parallel_tool_calls !== false,
  calls: request.input.filter(isCall).map((call) => seen(call, request))
})

const seen = (call: Call, { input }: Request): SeenCall => ({
  id: call.call_id,
  name: call.name,
  arguments: call.type === "custom_tool_call" ? call.input : parse(call.arguments) ?? call.arguments,
  result: text(input.filter(isOutput).find((output) => answers(output, call))?.output)
})

/**
 * How a request wants its answer streamed, where it does.
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-5.4", input: "Hello!" }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiResponsesWire.check({ ...body, stream: true }, headers))
 * console.log(OpenAiResponsesWire.streams(request) !== undefined) // => true
 * ```
 */
export const streams = ({ stream }: Request): Frame.Options | undefined => stream === true ? {} : undefined

/**
 * Puts a reply into a response body; ids of calls count on from those that the request holds.
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-5.4", input: "Hello!" }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiResponsesWire.check(body, headers))
 * const { body: answer } = OpenAiResponsesWire.render(request, { _tag: "Answer", text: "Hello." }, 1)
 * console.log(answer.output[0]?.type) // => message
 * ```
 */
export const render = (request: Request, reply: Reply, number: number): Rendered<Body> => {
  const reasoning = reasons(request) ? reasoningOf(request, reply) : undefined
  const said = saidIn(request, reply, reasoning?.id)
  const output = reasoning === undefined ? said : [reasoning, ...said]
  const outputTokens = tokens(output)
  return {
    body: {
      id: `resp_${number}`,
      object: "response",
      created_at: 1_763_600_000,
      status: "completed",
      model: request.model,
      output: [...output],
      error: null,
      incomplete_details: null,
      instructions: request.instructions ?? null,
      max_output_tokens: request.max_output_tokens ?? null,
      parallel_tool_calls: request.parallel_tool_calls ?? true,
      previous_response_id: request.previous_response_id ?? null,
      tools: request.tools ?? [],
      tool_choice: request.tool_choice ?? "auto",
      access_programs: null,
      metadata: {},
      temperature: 1,
      top_p: 1,
      truncation: request.truncation ?? "disabled",
      usage: {
        input_tokens: request.inputTokens,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: outputTokens,
        output_tokens_details: { reasoning_tokens: tokens(reasoning) },
        total_tokens: request.inputTokens + outputTokens
      }
    },
    inputTokens: request.inputTokens,
    outputTokens,
    calls: said.flatMap((item) => item.type === "function_call" ? [item.call_id] : [])
  }
}

/**
 * What the server keeps of a turn: nothing where it is not to be stored, or failed.
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-5.4", input: "Hello!" }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiResponsesWire.check(body, headers))
 * const { body: answer } = OpenAiResponsesWire.render(request, { _tag: "Answer", text: "Hello." }, 1)
 * const kept = OpenAiResponsesWire.keep(request, answer)
 * console.log(kept?.history.length) // => 2
 * ```
 */
export const keep = (request: Request, { id, output, status }: Body): Turn | undefined =>
  request.store === false || status === "failed" ? undefined : {
    id,
    from: request.previous_response_id ?? undefined,
    history: [...request.history, ...output],
    fields: {}
  }

const saidIn = (
  { input }: Request,
  reply: Reply,
  reasoning: string | undefined
): ReadonlyArray<ResponseOutputItem> => {
  if (reply._tag === "Answer") {
    return [{
      type: "message",
      id: after(reasoning, `msg_${input.filter((item) => "role" in item && item.role === "assistant").length + 1}`),
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: reply.text, annotations: [], logprobs: [] }]
    }]
  }
  const earlier = input.filter(isCall).length
  return reply.calls.map((call, at) => ({
    type: "function_call",
    id: after(reasoning, `fc_${earlier + at + 1}`),
    call_id: `call_${earlier + at + 1}`,
    name: call.name,
    arguments: call.malformed ?? JSON.stringify(call.arguments),
    status: "completed"
  }))
}

const reasoningOf = ({ input, reasoning }: Request, reply: Reply): ResponseReasoningItem => {
  const id = nextReasoning(input)
  const thought = reply._tag === "Answer"
    ? "I have all that I need."
    : `I need ${reply.calls.map((call) => call.name).join(", ")}.`
  return {
    type: "reasoning",
    id,
    summary: reasoning?.summary == null ? [] : [{ type: "summary_text", text: thought }],
    encrypted_content: encrypted(id)
  }
}

/**
 * The body of a refusal.
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const headers = { authorization: "Bearer key" }
 * const refused = OpenAiResponsesWire.check({}, headers)
 * if (Result.isFailure(refused)) console.log(JSON.stringify(OpenAiResponsesWire.refuse(refused.failure)))
 * // => {"error":{"message":"Missing required parameter: 'model'.","type":"invalid_request_error","param":"model","code":"missing_required_parameter"}}
 * ```
 */
export const refuse = ({ code, message, param, type }: Rejection): object => ({ error: { message, type, param, code } })
