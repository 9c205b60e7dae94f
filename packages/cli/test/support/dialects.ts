import * as AnthropicMessagesWire from "@volley/simulator/AnthropicMessagesWire"
import * as OpenAiChatWire from "@volley/simulator/OpenAiChatWire"
import type { Rejection } from "@volley/simulator/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A call as a model asks for it; `input` is text where it is to be no JSON. */
export interface Wanted {
  readonly id: string | null
  readonly name: string
  readonly input: object | string
}

/** What a model is told of one call; `isError` is undefined on wires without such a mark. */
export interface Answer {
  readonly id: string
  readonly json: Schema.Json
  readonly isError: boolean | undefined
}

/**
 * What programs and models say to each other on a wire.
 *
 * - `sample`: a response as the provider documents it, with the calls `call_a` and `call_b` of `get_weather`
 * - `message`, `body`: an assistant message alone, and as a whole response
 * - `answers`: reads what `volley run` prints, and throws where it is anything but result messages
 * - `refusal`: what the strict simulator has against a conversation
 */
export interface Dialect {
  readonly name: "openai-chat" | "anthropic"
  readonly sample: { readonly body: object; readonly message: object; readonly results: ReadonlyArray<object> }
  readonly message: (calls: ReadonlyArray<Wanted>) => object
  readonly body: (message: object, finish: "calls" | "length") => object
  readonly answers: (stdout: string) => ReadonlyArray<Answer>
  readonly refusal: (messages: ReadonlyArray<unknown>) => Rejection | undefined
}

const question = { role: "user", content: "How is the weather in Oslo and Rome?" }
const strictly = { onExcessProperty: "error" } as const
const Text = Schema.fromJsonString(Schema.Json)
const refusalOf = (checked: Result.Result<unknown, Rejection>) =>
  Result.isFailure(checked) ? checked.failure : undefined

const openAiMessage = {
  role: "assistant",
  content: null,
  refusal: null,
  tool_calls: [
    { id: "call_a", type: "function", function: { name: "get_weather", arguments: "{\"city\":\"Oslo\"}" } },
    { id: "call_b", type: "function", function: { name: "get_weather", arguments: "{\"city\":\"Rome\"}" } }
  ]
}

const openAiBody = (message: object, finish: "calls" | "length") => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1763600000,
  model: "gpt-4.1",
  choices: [{ index: 0, finish_reason: finish === "calls" ? "tool_calls" : "length", logprobs: null, message }],
  usage: {
    prompt_tokens: 80,
    completion_tokens: 40,
    total_tokens: 120,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0
    }
  }
})

const OpenAiResults = Schema.fromJsonString(Schema.Array(Schema.Struct({
  role: Schema.Literal("tool"),
  tool_call_id: Schema.String,
  content: Text
})))

const openAiChat: Dialect = {
  name: "openai-chat",
  sample: {
    body: openAiBody(openAiMessage, "calls"),
    message: openAiMessage,
    results: [
      { role: "tool", tool_call_id: "call_a", content: "{\"city\":\"Oslo\",\"celsius\":3}" },
      { role: "tool", tool_call_id: "call_b", content: "{\"city\":\"Rome\",\"celsius\":21}" }
    ]
  },
  message: (calls) => ({
    role: "assistant",
    content: null,
    tool_calls: calls.map(({ id, input, name }) => ({
      id,
      type: "function",
      function: { name, arguments: typeof input === "string" ? input : JSON.stringify(input) }
    }))
  }),
  body: openAiBody,
  answers: (stdout) =>
    Schema.decodeSync(OpenAiResults, strictly)(stdout).map(({ content, tool_call_id }) => ({
      id: tool_call_id,
      json: content,
      isError: undefined
    })),
  refusal: (messages) =>
    refusalOf(
      OpenAiChatWire.check({ model: "gpt-4.1", messages: [question, ...messages] }, { authorization: "Bearer key" })
    )
}

const anthropicMessage = {
  role: "assistant",
  content: [
    { type: "thinking", thinking: "", signature: "Eo8" },
    { type: "tool_use", id: "call_a", name: "get_weather", input: { city: "Oslo" }, caller: { type: "direct" } },
    { type: "tool_use", id: "call_b", name: "get_weather", input: { city: "Rome" }, caller: { type: "direct" } }
  ]
}

const anthropicBody = (message: object, finish: "calls" | "length") => ({
  id: "msg_1",
  type: "message",
  model: "claude-opus-5-5",
  stop_reason: finish === "calls" ? "tool_use" : "max_tokens",
  stop_sequence: null,
  stop_details: null,
  ...message,
  container: null,
  diagnostics: null,
  usage: {
    input_tokens: 90,
    output_tokens: 60,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens_details: { thinking_tokens: 10 },
    server_tool_use: null,
    service_tier: "standard",
    inference_geo: null,
    speed: null
  }
})

const AnthropicResults = Schema.fromJsonString(Schema.Tuple([Schema.Struct({
  role: Schema.Literal("user"),
  content: Schema.NonEmptyArray(Schema.Struct({
    type: Schema.Literal("tool_result"),
    tool_use_id: Schema.String,
    content: Text,
    is_error: Schema.optionalKey(Schema.Literal(true))
  }))
})]))

const anthropic: Dialect = {
  name: "anthropic",
  sample: {
    body: anthropicBody(anthropicMessage, "calls"),
    message: anthropicMessage,
    results: [{
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "call_a", content: "{\"city\":\"Oslo\",\"celsius\":3}" },
        { type: "tool_result", tool_use_id: "call_b", content: "{\"city\":\"Rome\",\"celsius\":21}" }
      ]
    }]
  },
  message: (calls) => ({
    role: "assistant",
    content: calls.map(({ id, input, name }) => ({
      type: "tool_use",
      id,
      name,
      input: typeof input === "string" ? { unreadable: input } : input
    }))
  }),
  body: anthropicBody,
  answers: (stdout) =>
    Schema.decodeSync(AnthropicResults, strictly)(stdout)[0].content.map(({ content, is_error, tool_use_id }) => ({
      id: tool_use_id,
      json: content,
      isError: is_error === true
    })),
  refusal: (messages) =>
    refusalOf(
      AnthropicMessagesWire.check(
        { model: "claude-opus-4-6", max_tokens: 1024, messages: [question, ...messages] },
        { authorization: "Bearer key", "anthropic-version": "2026-10-21" }
      )
    )
}

export const dialects = [openAiChat, anthropic] as const
