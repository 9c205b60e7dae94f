import type Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it, vi } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, Conversation, Tool, Toolkit } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import { Effect, Schema } from "effect"
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
import { call, opaque, response, text, toolkit, unlike } from "./support.ts"

const anthropic = { name: "anthropic", layerOf: AnthropicMessages.layer } as const

suite(anthropic)
faults(anthropic)
handover(anthropic, { name: "openai-chat", layerOf: OpenAiChat.layer })

/** The turn that a response becomes. */
const turnOf = (body: unknown) =>
  Effect.provide(generate(), AnthropicMessages.layer({ ...reach, fetch: answering(body).fetch }))

describe("AnthropicMessages.layer: what is sent", () => {
  it.effect("is the model, the limit of tokens, the system prompt apart, the messages and the tools, and no more", () =>
    Effect.gen(function*() {
      const body = yield* bodySent(AnthropicMessages.layer, { toolkit }, { model: "claude-haiku-4-5" })
      assert.deepStrictEqual(body, {
        model: "claude-haiku-4-5",
        max_tokens: 8192,
        system: "Be brief.",
        messages: [{ role: "user", content: "How warm are Oslo and Rome?" }],
        tools: AnthropicMessages.tools(toolkit)
      })
    }))

  it.effect("has all system prompts of a conversation in one, and none where there is none", () =>
    Effect.gen(function*() {
      const conversation = Conversation.append(question, { role: "system", text: "Be briefer." })
      const both = yield* bodySent(AnthropicMessages.layer, { conversation })
      assert.deepInclude(both, { system: "Be brief.\n\nBe briefer." })
      const none = yield* bodySent(AnthropicMessages.layer, { conversation: Conversation.make("Go.") })
      assert.notProperty(none, "system")
    }))

  it.effect("has the limit of tokens that is given", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(AnthropicMessages.layer, {}, { maxTokens: 100 }), { max_tokens: 100 })
    }))

  it.effect("has a limit of tokens as high as the models allow", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(AnthropicMessages.layer, {}, { maxTokens: 32_000 }), { max_tokens: 32_000 })
    }))

  it.effect.each(
    [
      [{ toolChoice: "auto" }, { type: "auto" }],
      [{ toolChoice: "none" }, { type: "none" }],
      [{ toolChoice: "required" }, { type: "any" }],
      [{ toolChoice: { tool: "weather" } }, { type: "tool", name: "weather" }],
      [{ toolChoice: { tool: "files.read" } }, { type: "tool", name: "files_read" }],
      [{ parallelToolCalls: true }, { type: "auto", disable_parallel_tool_use: false }],
      [{ parallelToolCalls: false }, { type: "auto", disable_parallel_tool_use: true }],
      [{ toolChoice: "none", parallelToolCalls: false }, { type: "none" }],
      [{ toolChoice: "required", parallelToolCalls: false }, { type: "any", disable_parallel_tool_use: true }],
      [
        { toolChoice: { tool: "weather" }, parallelToolCalls: false },
        { type: "tool", name: "weather", disable_parallel_tool_use: true }
      ]
    ] as const
  )("has the switches %j as %j", ([switches, tool_choice]) =>
    Effect.gen(function*() {
      assert.deepInclude(yield* bodySent(AnthropicMessages.layer, { toolkit, ...switches }), { tool_choice })
    }))

  it.effect("goes to the official API unless another is given, in the version that the SDK speaks", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(response([text("Fine.")]))
      yield* Effect.provide(generate(), AnthropicMessages.layer({ ...reach, fetch }))
      yield* Effect.provide(generate(), AnthropicMessages.layer({ ...reach, fetch, baseUrl: "http://other.test" }))
      assert.deepStrictEqual(requests.map(({ url }) => url), [
        "https://api.anthropic.com/v1/messages",
        "http://other.test/v1/messages"
      ])
      assert.strictEqual(requests[0]?.headers.get("anthropic-version"), "2026-10-21")
    }))
})

describe("AnthropicMessages.layer: the environment", () => {
  it.effect("decides neither where requests go nor who sends them", () =>
    Effect.gen(function*() {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      for (
        const [name, value] of [["ANTHROPIC_BASE_URL", "http://elsewhere.test"], ["ANTHROPIC_API_KEY", "sk-other"], [
          "ANTHROPIC_AUTH_TOKEN",
          "token"
        ]] as const
      ) vi.stubEnv(name, value)
      const { fetch, requests } = answering(response([text("Fine.")]))
      yield* Effect.provide(generate(), AnthropicMessages.layer({ ...reach, fetch }))
      assert.strictEqual(requests[0]?.url, "https://api.anthropic.com/v1/messages")
      assert.strictEqual(requests[0]?.headers.get("authorization"), "Bearer key")
    }))
})

describe("AnthropicMessages.layer: JSON that is asked for", () => {
  const city = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false
  }
  const ask = (jsonSchema: object, request: object = {}) =>
    bodySent(AnthropicMessages.layer, { output: { name: "answer", jsonSchema: { ...jsonSchema } }, ...request })

  it.effect("goes with its schema", () =>
    Effect.gen(function*() {
      const format = { type: "json_schema", schema: city }
      assert.deepInclude(yield* ask(city), { output_config: { format }, system: "Be brief." })
    }))

  const schemas: ReadonlyArray<readonly [string, object]> = [
    ["open", { ...city, additionalProperties: true }],
    ["open inside", { ...city, properties: { city: { type: "object", properties: {} } } }],
    ["with a keyword that it does not know", { ...city, properties: { city: { type: "string", minLength: 1 } } }],
    ["that contains itself", {
      ...city,
      properties: { city: { $ref: "#/$defs/A" } },
      $defs: { A: { anyOf: [{ $ref: "#/$defs/A" }] } }
    }],
    ["whose root is no object", { type: "array", items: city }]
  ]

  it.effect.each(schemas)(
    "is asked for in words where the API would refuse the schema: %s",
    ([, schema]) =>
      Effect.gen(function*() {
        const sent = Object(yield* ask(schema))
        assert.notProperty(sent, "output_config")
        assert.match(sent.system, /^Be brief\.\n\n.*nothing but JSON/)
        assert.include(sent.system, JSON.stringify(schema))
      })
  )

  it.effect("goes without a schema where strict tools leave no room for its unions", () =>
    Effect.gen(function*() {
      const union = { ...city, properties: { city: { anyOf: [{ type: "string" }, { type: "null" }] } } }
      const full = AnthropicMessages.strict(
        Toolkit.make(...Array.from({ length: 16 }, (_, n) => optional(`tool_${n}`)))
      )
      assert.notProperty(yield* ask(union, { toolkit: full }), "output_config")
      assert.property(yield* ask(city, { toolkit: full }), "output_config")
      assert.property(yield* ask(union), "output_config")
    }))

  const optional = (name: string) =>
    Tool.make(name, {
      description: "Takes one thing, or none.",
      parameters: Schema.Struct({ thing: Schema.optionalKey(Schema.String) }),
      success: Schema.String,
      execute: () => Effect.succeed("done")
    })
})

describe("AnthropicMessages.layer: the turn", () => {
  it.effect.each(
    [
      ["end_turn", "stop"],
      ["stop_sequence", "stop"],
      [null, "stop"],
      ["tool_use", "tool-calls"],
      ["max_tokens", "length"],
      ["model_context_window_exceeded", "length"],
      ["pause_turn", "pause"],
      ["refusal", "refusal"]
    ] as const
  )("that ended with %s finishes as %s", ([stop, finish]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* turnOf(response([text("Well")], stop))).finish, finish)
    }))

  // On OpenAI that there are calls counts for more than the reason given; servers that speak this wire may differ too.
  it.effect("with calls finishes as tool-calls, whatever else it says", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* turnOf(response([call("a")], "end_turn"))).finish, "tool-calls")
    }))

  it.effect.each(["max_tokens", "refusal", "model_context_window_exceeded"] as const)(
    "has its calls marked where it was cut off by %s",
    (stop) =>
      Effect.gen(function*() {
        const turn = yield* turnOf(response([call("a"), call("b", {})], stop))
        assert.deepStrictEqual(turn.message.calls.map(({ id, status }) => [id, status]), [
          ["a", "truncated"],
          ["b", "truncated"]
        ])
      })
  )

  it.effect("is echoed in a conversation as followUp echoes it, ids and opaque blocks included", () =>
    Effect.gen(function*() {
      const body = response([...opaque, call("a"), call("a", {}), call("", { city: "Rome" })])
      const turn = yield* turnOf(body)
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      const results = Conversation.results(settled.outcomes)
      const conversation = Conversation.append(question, turn.message, { role: "tool", results })
      assert.deepStrictEqual(
        AnthropicMessages.messages(conversation).slice(1),
        AnthropicMessages.followUp(body, settled)
      )
    }))

  it.effect("has the text of all its text blocks", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        (yield* turnOf(response([text("Well, "), ...opaque, text("fine.")]))).message.text,
        "Well, fine."
      )
    }))

  it.effect("counts what came from the cache or went there as input", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* turnOf(response([call("a")]))).usage, {
        input: 795,
        output: 60,
        cached: 700,
        cacheWrite: 5
      })
    }))

  it.effect("cost nothing where the provider does not say", () =>
    Effect.gen(function*() {
      const { usage: _, ...silent } = response([text("Fine.")])
      assert.deepStrictEqual((yield* turnOf(silent)).usage, { input: 0, output: 0 })
    }))
})

describe("AnthropicMessages.layer: failures of its own", () => {
  const unusable = { reason: "UnusableResponse", isRetryable: false, requests: 1 } as const

  it.effect("an answer without content is unusable", () => {
    const { content: _, ...rest } = response([])
    return assertFails(anthropic, answering(rest), unusable)
  })

  it.effect("an empty answer is unusable", () =>
    assertFails(
      anthropic,
      canned(() => new Response("", { headers: { "content-type": "application/json" } })),
      unusable
    ))

  it.effect("an answer with a block of another shape is unusable", () =>
    assertFails(anthropic, answering(response(unlike<Array<Anthropic.ContentBlock>>([null]), "end_turn")), unusable))

  it.effect("a refusal reads as the sentence that the provider gives", () =>
    Effect.gen(function*() {
      const body = { type: "error", error: { type: "billing_error", message: "Your credit is used up." } }
      const expected = { reason: "QuotaExhausted", isRetryable: false, requests: 1 } as const
      const error = yield* assertFails(anthropic, answering(body, { status: 402 }), expected)
      assert.include(error.message, "Your credit is used up.")
      assert.notInclude(error.message, "{")
    }))
})

configuration("AnthropicMessages", {
  layerConfig: AnthropicMessages.layerConfig,
  variable: "ANTHROPIC_API_KEY",
  answer: response([text("Fine.")]),
  baseUrl: "https://api.anthropic.com",
  path: "/v1/messages",
  header: ["authorization", "Bearer "]
})
