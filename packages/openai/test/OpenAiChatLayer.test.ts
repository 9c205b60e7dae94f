import { assert, describe, it, vi } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, Conversation } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import { Effect } from "effect"
import type OpenAI from "openai"
import {
  answering,
  assertFails,
  bodySent,
  canned,
  configuration,
  generate,
  handover,
  question,
  reach,
  suite
} from "../../simulator/test/ChatModelSuite.ts"
import { faults } from "../../simulator/test/FaultSuite.ts"
import { call, calling, response, said, toolkit, unlike } from "./support.ts"

const openAi = { name: "openai-chat", layerOf: OpenAiChat.layer } as const

suite(openAi)
faults(openAi)
handover(openAi, { name: "anthropic", layerOf: AnthropicMessages.layer })

/** The turn that a response becomes. */
const turnOf = (body: OpenAI.ChatCompletion) =>
  Effect.provide(generate(), OpenAiChat.layer({ ...reach, fetch: answering(body).fetch }))

describe("OpenAiChat.layer: what is sent", () => {
  it.effect("is the model, the messages with the system prompt first, and the tools, and no more", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* bodySent(OpenAiChat.layer, { toolkit }, { model: "gpt-4.1" }), {
        model: "gpt-4.1",
        messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "How warm are Oslo and Rome?" }],
        tools: OpenAiChat.tools(toolkit)
      })
    }))

  it.effect("has the limit of tokens where there is one", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(OpenAiChat.layer, {}, { maxTokens: 100 }), { max_completion_tokens: 100 })
    }))

  it.effect.each(
    [
      ["auto", "auto"],
      ["none", "none"],
      ["required", "required"],
      [{ tool: "weather" }, { type: "function", function: { name: "weather" } }],
      [{ tool: "files.read" }, { type: "function", function: { name: "files_read" } }]
    ] as const
  )("has the tool choice %j as %j", ([toolChoice, tool_choice]) =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(OpenAiChat.layer, { toolkit, toolChoice }), { tool_choice })
    }))

  it.effect.each([true, false])(
    "has the parallel switch where it was set: %s",
    (parallelToolCalls) =>
      Effect.gen(function*() {
        const body = yield* bodySent(OpenAiChat.layer, { toolkit, parallelToolCalls })
        assert.deepInclude(body, { parallel_tool_calls: parallelToolCalls })
      })
  )

  it.effect("goes to the official API unless another is given", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(response(said({ content: "Fine." })))
      yield* Effect.provide(generate(), OpenAiChat.layer({ ...reach, fetch }))
      yield* Effect.provide(generate(), OpenAiChat.layer({ ...reach, fetch, baseUrl: "http://other.test/v1" }))
      assert.deepStrictEqual(requests.map(({ url }) => url), [
        "https://api.openai.com/v1/chat/completions",
        "http://other.test/v1/chat/completions"
      ])
    }))
})

describe("OpenAiChat.layer: JSON that is asked for", () => {
  const city = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false
  }

  const schemas: ReadonlyArray<readonly [string, object, boolean]> = [
    ["closed", city, true],
    ["open", { ...city, additionalProperties: true }, false],
    ["with an optional property", { ...city, required: [] }, false],
    ["with a keyword that strict mode does not know", {
      ...city,
      properties: { city: { type: "string", minLength: 1 } }
    }, false],
    ["with a value of any type", { ...city, properties: { city: {} } }, false],
    ["whose root is no object", { type: "array", items: city }, false]
  ]

  it.effect.each(schemas)(
    "is strict where strict mode takes the schema as it is: %s",
    ([, schema, strict]) =>
      Effect.gen(function*() {
        const { fetch, requests } = answering(response(said({ content: "{}" })))
        const output = { name: "answer", jsonSchema: { ...schema } }
        yield* Effect.provide(generate({ output }), OpenAiChat.layer({ ...reach, fetch }))
        assert.deepInclude(yield* Effect.promise(() => requests[0]?.json() ?? Promise.resolve()), {
          response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict } }
        })
      })
  )
})

describe("OpenAiChat.layer: the environment", () => {
  it.effect("decides neither where requests go nor who sends them", () =>
    Effect.gen(function*() {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      for (
        const [name, value] of [["OPENAI_BASE_URL", "http://elsewhere.test/v1"], [
          "OPENAI_API_KEY",
          "sk-other"
        ]] as const
      ) vi.stubEnv(name, value)
      const { fetch, requests } = answering(response(said({ content: "Fine." })))
      yield* Effect.provide(generate(), OpenAiChat.layer({ ...reach, fetch }))
      assert.strictEqual(requests[0]?.url, "https://api.openai.com/v1/chat/completions")
      assert.strictEqual(requests[0]?.headers.get("authorization"), "Bearer key")
    }))
})

describe("OpenAiChat.layer: the turn", () => {
  it.effect.each(
    [
      ["stop", {}, "stop"],
      ["tool_calls", { tool_calls: [call("a")] }, "tool-calls"],
      ["stop", { tool_calls: [call("a")] }, "tool-calls"],
      ["length", {}, "length"],
      ["length", { tool_calls: [call("a")] }, "length"],
      ["content_filter", {}, "refusal"],
      ["stop", { content: null, refusal: "No." }, "refusal"]
    ] as const
  )("that ended with %s and %j finishes as %s", ([finish, message, expected]) =>
    Effect.gen(function*() {
      const body = response(unlike({ ...said({ content: "Well" }), ...message }), finish)
      assert.strictEqual((yield* turnOf(body)).finish, expected)
    }))

  it.effect("has its calls marked where it was cut off", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf(response(said({ tool_calls: [call("a"), call("b", "{\"ci")] }), "length"))
      assert.deepStrictEqual(turn.message.calls.map(({ arguments: args, id, status }) => [id, args, status]), [
        ["a", "{\"city\":\"Oslo\"}", "truncated"],
        ["b", "{\"ci", "truncated"]
      ])
    }))

  it.effect("is echoed in a conversation as followUp echoes it, ids included", () =>
    Effect.gen(function*() {
      const body = calling(call("a"), call("a", "{}"), call("", "{"))
      const turn = yield* turnOf(body)
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      const results = Conversation.results(settled.outcomes)
      const conversation = Conversation.append(question, turn.message, { role: "tool", results })
      assert.deepStrictEqual(OpenAiChat.messages(conversation).slice(2), OpenAiChat.followUp(body, settled))
    }))

  it.effect("has the text of a refusal where there is no other", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* turnOf(response(said({ refusal: "No." })))).message.text, "No.")
    }))

  it.effect("has what the provider says it cost, and nothing where it does not say", () =>
    Effect.gen(function*() {
      const { usage: _, ...silent } = response(said({ content: "Fine." }))
      assert.deepStrictEqual((yield* turnOf(calling(call("a")))).usage, { input: 80, output: 40 })
      assert.deepStrictEqual((yield* turnOf(silent)).usage, { input: 0, output: 0 })
    }))
})

describe("OpenAiChat.layer: failures of its own", () => {
  const quota = {
    error: { message: "You exceeded your quota.", type: "insufficient_quota", code: "insufficient_quota" }
  }
  const exhausted = { reason: "QuotaExhausted", isRetryable: false } as const
  const unusable = { reason: "UnusableResponse", isRetryable: false, requests: 1 } as const

  it.effect("an exhausted quota is no rate limit, though the SDK asks again", () =>
    Effect.gen(function*() {
      const json = { "content-type": "application/json" }
      const patient = answering(quota, { status: 429, headers: { ...json, "retry-after-ms": "1" } })
      yield* assertFails(openAi, patient, { ...exhausted, requests: 3 })
      const once = answering(quota, { status: 429, headers: json })
      const error = yield* assertFails(openAi, once, { ...exhausted, requests: 1 }, { maxRetries: 0 })
      assert.include(error.message, "You exceeded your quota.")
    }))

  it.effect.each([
    ["no choices", { choices: [] }],
    ["a choice without a message", { choices: [{}] }]
  ])("an answer with %s is unusable", ([, body]) => assertFails(openAi, answering(body), unusable))

  it.effect("an empty answer is unusable", () =>
    assertFails(openAi, canned(() => new Response("", { headers: { "content-type": "application/json" } })), unusable))
  it.effect("an answer with a call of another shape is unusable", () =>
    assertFails(openAi, answering(response(said({ tool_calls: [unlike({ id: "a", type: "function" })] }))), unusable))
})

configuration("OpenAiChat", {
  layerConfig: OpenAiChat.layerConfig,
  variable: "OPENAI_API_KEY",
  answer: response(said({ content: "Fine." })),
  baseUrl: "https://api.openai.com/v1",
  path: "/chat/completions",
  header: ["authorization", "Bearer "]
})
