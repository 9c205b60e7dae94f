import { assert, describe, it, vi } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, Conversation } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Effect, Result } from "effect"
import type { Response } from "openai/resources/responses/responses"
import {
  answering,
  assertFails,
  bodySent,
  configuration,
  generate,
  handover,
  question,
  reach,
  suite
} from "../../simulator/test/ChatModelSuite.ts"
import { toolkit } from "./support.ts"

const openAi = { name: "openai-responses", layerOf: OpenAiResponses.layer } as const

suite("openai-responses", OpenAiResponses.layer)
handover(openAi, { name: "anthropic", layerOf: AnthropicMessages.layer })
handover(openAi, { name: "openai-chat", layerOf: OpenAiChat.layer })

const call = (n: number) => ({
  type: "function_call",
  id: `fc_${n}`,
  call_id: `call_${n}`,
  name: "weather",
  arguments: "{\"city\":\"Oslo\"}"
})

const message = (...content: ReadonlyArray<object>) => ({ type: "message", id: "msg_1", role: "assistant", content })
const text = (text: string) => ({ type: "output_text", text })
const refusal = (refusal: string) => ({ type: "refusal", refusal })

const response = (output: ReadonlyArray<object>, more: object = {}) => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  output,
  usage: { input_tokens: 80, output_tokens: 40, total_tokens: 120 },
  ...more
})

const incomplete = (reason: string) => ({ status: "incomplete", incomplete_details: { reason } })

const fine = response([message(text("Fine."))])

/** The turn that a response becomes. */
const turnOf = (body: object) =>
  Effect.provide(generate(), OpenAiResponses.layer({ ...reach, fetch: answering(body).fetch }))

describe("OpenAiResponses.layer: what is sent", () => {
  it.effect("is the model, the input, the system prompt apart, the tools, and that nothing is to be stored", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* bodySent(OpenAiResponses.layer, { toolkit }, { model: "gpt-5.4" }), {
        model: "gpt-5.4",
        input: [{ role: "user", content: "How warm are Oslo and Rome?" }],
        store: false,
        include: ["reasoning.encrypted_content"],
        instructions: "Be brief.",
        tools: OpenAiResponses.tools(toolkit)
      })
    }))

  it.effect("has the limit of tokens where there is one", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(OpenAiResponses.layer, {}, { maxTokens: 100 }), { max_output_tokens: 100 })
    }))

  it.effect.each(
    [
      ["auto", "auto"],
      ["none", "none"],
      ["required", "required"],
      [{ tool: "weather" }, { type: "function", name: "weather" }],
      [{ tool: "files.read" }, { type: "function", name: "files_read" }]
    ] as const
  )("has the tool choice %j as %j", ([toolChoice, tool_choice]) =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(OpenAiResponses.layer, { toolkit, toolChoice }), { tool_choice })
    }))

  it.effect.each([true, false])(
    "has the parallel switch where it was set: %s",
    (parallelToolCalls) =>
      Effect.gen(function*() {
        const body = yield* bodySent(OpenAiResponses.layer, { toolkit, parallelToolCalls })
        assert.deepInclude(body, { parallel_tool_calls: parallelToolCalls })
      })
  )

  it.effect("goes to the official API unless another is given, whatever the environment says", () =>
    Effect.gen(function*() {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      vi.stubEnv("OPENAI_BASE_URL", "http://elsewhere.test/v1")
      const { fetch, requests } = answering(fine)
      yield* Effect.provide(generate(), OpenAiResponses.layer({ ...reach, fetch }))
      yield* Effect.provide(generate(), OpenAiResponses.layer({ ...reach, fetch, baseUrl: "http://other.test/v1" }))
      assert.deepStrictEqual(requests.map(({ url }) => url), [
        "https://api.openai.com/v1/responses",
        "http://other.test/v1/responses"
      ])
    }))
})

describe("OpenAiResponses.layer: the turn", () => {
  it.effect.each(
    [
      [{}, [message(text("Well"))], "stop"],
      [{}, [call(1)], "tool-calls"],
      [{}, [call(1), message(text("Well"))], "tool-calls"],
      [{ status: undefined }, [call(1)], "tool-calls"],
      [incomplete("max_output_tokens"), [message(text("We"))], "length"],
      [incomplete("max_output_tokens"), [call(1)], "length"],
      [incomplete("max_output_tokens"), [], "length"],
      [incomplete("content_filter"), [message(text("We"))], "refusal"],
      [incomplete("steered"), [message(text("We"))], "length"],
      [{}, [message(refusal("No."))], "refusal"]
    ] as const
  )("of %j and %j finishes as %s", ([more, output, expected]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* turnOf(response(output, more))).finish, expected)
    }))

  it.effect("has its calls marked where it was cut off", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf(response([call(1), call(2)], incomplete("max_output_tokens")))
      assert.deepStrictEqual(turn.message.calls.map(({ id, status }) => [id, status]), [
        ["call_1", "truncated"],
        ["call_2", "truncated"]
      ])
    }))

  it.effect("has the texts of all its messages, and that of a refusal where there is no other", () =>
    Effect.gen(function*() {
      const both = response([message(text("I "), text("see")), call(1), message(text(".")), message(refusal("No."))])
      assert.strictEqual((yield* turnOf(both)).message.text, "I see.")
      assert.strictEqual((yield* turnOf(response([message(refusal("No."))]))).message.text, "No.")
    }))

  it.effect("is echoed in a conversation as followUp echoes it, ids and kinds of outputs included", () =>
    Effect.gen(function*() {
      const custom = { type: "custom_tool_call", id: "ctc_1", call_id: "call_3", name: "sql", input: "select 1" }
      const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" }
      const body = response([reasoning, call(1), { ...call(1), arguments: "{}" }, { ...call(2), call_id: "" }, custom])
      const turn = yield* turnOf(body)
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      const results = Conversation.results(settled.outcomes)
      const conversation = Conversation.append(question, turn.message, { role: "tool", results })
      const read: Response = Result.getOrThrow(OpenAiResponses.parse(body))
      assert.deepStrictEqual(OpenAiResponses.messages(conversation).slice(1), OpenAiResponses.followUp(read, settled))
    }))

  it.effect("has what the provider says it cost, and nothing where it does not say", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* turnOf(fine)).usage, { input: 80, output: 40 })
      assert.deepStrictEqual((yield* turnOf({ ...fine, usage: null })).usage, { input: 0, output: 0 })
    }))
})

describe("OpenAiResponses.layer: failures of its own", () => {
  const failed = (code: string) => answering(response([], { status: "failed", error: { code, message: "It broke." } }))

  it.effect.each(
    [
      ["server_error", { reason: "ProviderFailed", isRetryable: true, requests: 1 }],
      ["rate_limit_exceeded", { reason: "RateLimited", isRetryable: true, requests: 1 }],
      ["invalid_prompt", { reason: "InvalidRequest", isRetryable: false, requests: 1 }]
    ] as const
  )("a response that failed with %s is sorted as a refusal is", ([code, expected]) =>
    Effect.gen(function*() {
      assert.include((yield* assertFails(openAi, failed(code), expected)).message, "It broke.")
    }))

  it.effect("an exhausted quota is no rate limit", () =>
    Effect.gen(function*() {
      const quota = { error: { message: "You exceeded your quota.", code: "insufficient_quota" } }
      const exhausted = { reason: "QuotaExhausted", isRetryable: false, requests: 1 } as const
      yield* assertFails(openAi, answering(quota, { status: 429 }), exhausted, { maxRetries: 0 })
    }))

  it.effect.each([
    ["output that is none", { object: "response" }],
    ["a call without arguments", response([{ type: "function_call", call_id: "a", name: "weather" }])]
  ])(
    "an answer with %s is unusable",
    ([, body]) => assertFails(openAi, answering(body), { reason: "UnusableResponse", isRetryable: false, requests: 1 })
  )
})

configuration("OpenAiResponses", {
  layerConfig: OpenAiResponses.layerConfig,
  variable: "OPENAI_API_KEY",
  answer: fine,
  baseUrl: "https://api.openai.com/v1",
  path: "/responses",
  header: ["authorization", "Bearer "]
})
