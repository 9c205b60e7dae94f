import { assert, describe, it, vi } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Batch, Conversation } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import { OpenAiChat } from "@volley/openai"
import { Effect, Redacted } from "effect"
import {
  answering,
  assertFails as assertProviderFails,
  bodySent,
  canned,
  configuration,
  type Expected,
  generate,
  handover,
  type Options,
  type Provider,
  question,
  reach as base,
  simulated,
  suite,
  suiteOfTurns
} from "../../simulator/test/ChatModelSuite.ts"
import { faults } from "../../simulator/test/FaultSuite.ts"
import { body, call, opaque, toolkit } from "./support.ts"

const older = "gemini-2.5-flash"
const newer = "gemini-3.8-flash"
const reach = { ...base, model: newer }

const provider: Provider = {
  name: "google",
  model: newer,
  layerOf: GeminiContent.layer,
  key: ["x-goog-api-key", ""],
  lacks: ["parallel switch", "advice in headers", "check of streams"]
}

/** The turn that a response becomes. */
const turnOf = (answer: unknown) =>
  Effect.provide(generate(), GeminiContent.layer({ ...reach, fetch: answering(answer).fetch }))

suite(provider)
suiteOfTurns({ ...provider, model: older })
faults(provider)

const others: ReadonlyArray<Provider> = [
  { name: "anthropic", model: "claude-opus-5-5", layerOf: AnthropicMessages.layer },
  { name: "openai-chat", model: "gpt-4.1", layerOf: OpenAiChat.layer },
  provider,
  { ...provider, model: older }
]

for (const model of [older, newer]) {
  for (const other of others) {
    handover({ ...provider, model }, other)
    handover(other, { ...provider, model })
  }
}

describe("GeminiContent.layer: what is sent", () => {
  it.effect("is the system prompt apart, the contents and the tools, and no more", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual<unknown>(yield* bodySent(GeminiContent.layer, { toolkit }, { model: newer }), {
        systemInstruction: { parts: [{ text: "Be brief." }] },
        contents: [{ role: "user", parts: [{ text: "How warm are Oslo and Rome?" }] }],
        tools: GeminiContent.tools(toolkit),
        generationConfig: {}
      })
    }))

  it.effect("has all system prompts of a conversation in one, and none where there is none", () =>
    Effect.gen(function*() {
      const conversation = Conversation.append(question, { role: "system", text: "Be briefer." })
      const both = yield* bodySent(GeminiContent.layer, { conversation })
      assert.deepInclude(both, { systemInstruction: { parts: [{ text: "Be brief.\n\nBe briefer." }] } })
      const none = yield* bodySent(GeminiContent.layer, { conversation: Conversation.make("Go.") })
      assert.notProperty(none, "systemInstruction")
    }))

  it.effect("has the limit of tokens that is given", () =>
    Effect.gen(function*() {
      const sent = yield* bodySent(GeminiContent.layer, {}, { maxTokens: 100 })
      assert.deepInclude(sent, { generationConfig: { maxOutputTokens: 100 } })
    }))

  it.effect.each(
    [
      ["auto", { mode: "AUTO" }],
      ["none", { mode: "NONE" }],
      ["required", { mode: "ANY" }],
      [{ tool: "weather" }, { mode: "ANY", allowedFunctionNames: ["weather"] }],
      [{ tool: "files.read" }, { mode: "ANY", allowedFunctionNames: ["files_read"] }]
    ] as const
  )("has the tool choice %j as %j", ([toolChoice, functionCallingConfig]) =>
    Effect.gen(function*() {
      const sent = yield* bodySent(GeminiContent.layer, { toolkit, toolChoice })
      assert.deepInclude(sent, { toolConfig: { functionCallingConfig } })
    }))

  it.effect.each([[newer, true, true], [older, true, false], [older, false, true]] as const)(
    "of %s has the schema of a text that is asked for, tools being there or not (%s): %s, else it is asked for in words",
    ([model, hasTools, hasSchema]) =>
      Effect.gen(function*() {
        const jsonSchema = { type: "object", properties: {} }
        const request = { output: { name: "answer", jsonSchema }, toolkit: hasTools ? toolkit : undefined }
        const generationConfig = { responseMimeType: "application/json", responseJsonSchema: jsonSchema }
        const sent = yield* bodySent(GeminiContent.layer, request, { model })
        assert.deepInclude(sent, { generationConfig: hasSchema ? generationConfig : {} })
        const words = `nothing but JSON of this schema: ${JSON.stringify(jsonSchema)}`
        assert.strictEqual(JSON.stringify(sent).includes(JSON.stringify(words).slice(1, -1)), !hasSchema)
      })
  )

  it.effect("is the same whatever is said of parallel calls, for which there is no switch", () =>
    Effect.gen(function*() {
      const sent = yield* bodySent(GeminiContent.layer, { toolkit, parallelToolCalls: false })
      assert.deepStrictEqual(sent, yield* bodySent(GeminiContent.layer, { toolkit }))
    }))

  it.effect("goes to the official API unless another is given, with the key in a header", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(body([{ text: "Fine." }]))
      yield* Effect.provide(generate(), GeminiContent.layer({ ...reach, fetch }))
      yield* Effect.provide(generate(), GeminiContent.layer({ ...reach, fetch, baseUrl: "http://other.test" }))
      assert.deepStrictEqual(requests.map(({ url }) => url), [
        `https://generativelanguage.googleapis.com/v1/models/${newer}:generateContent`,
        `http://other.test/v1/models/${newer}:generateContent`
      ])
      assert.strictEqual(requests[0]?.headers.get("x-goog-api-key"), "key")
    }))

  it.effect("is decided by the environment neither in where it goes nor in who sends it", () =>
    Effect.gen(function*() {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      for (
        const [name, value] of [
          ["GOOGLE_GEMINI_BASE_URL", "http://elsewhere.test"],
          ["GEMINI_API_KEY", "other"],
          ["GOOGLE_GENAI_USE_VERTEXAI", "true"],
          ["GOOGLE_GENAI_USE_ENTERPRISE", "true"],
          ["GOOGLE_CLOUD_PROJECT", "project"],
          ["GOOGLE_GENAI_API_VERSION", "beta"]
        ] as const
      ) vi.stubEnv(name, value)
      const { fetch, requests } = answering(body([{ text: "Fine." }]))
      yield* Effect.provide(generate(), GeminiContent.layer({ ...reach, fetch }))
      assert.strictEqual(
        requests[0]?.url,
        `https://generativelanguage.googleapis.com/v1/models/${newer}:generateContent`
      )
      assert.strictEqual(requests[0]?.headers.get("x-goog-api-key"), "key")
    }))
})

describe("GeminiContent.layer: the turn", () => {
  it.effect.each(
    [
      ["STOP", "stop"],
      ["MAX_TOKENS", "length"],
      ["CONTINUATION", "length"],
      ["MALFORMED_FUNCTION_CALL", "malformed"],
      ["MALFORMED_RESPONSE", "malformed"],
      ["UNEXPECTED_TOOL_CALL", "malformed"],
      ["TOO_MANY_TOOL_CALLS", "malformed"],
      ["SAFETY", "refusal"],
      ["RECITATION", "refusal"],
      ["PROHIBITED_CONTENT", "refusal"],
      ["BLOCKLIST", "refusal"],
      ["SPII", "refusal"]
    ] as const
  )("that ended with %s finishes as %s", ([reason, finish]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* turnOf(body([{ text: "Well" }], reason))).finish, finish)
    }))

  it.effect("with calls finishes as tool-calls, though it ended with STOP like any other", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* turnOf(body([call("a")]))).finish, "tool-calls")
    }))

  it.effect("has its calls marked where it was cut off", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf(body([call("a"), call()], "MAX_TOKENS"))
      assert.strictEqual(turn.finish, "length")
      assert.deepStrictEqual(turn.message.calls.map(({ status }) => status), ["truncated", "truncated"])
    }))

  it.effect.each([
    ["without candidates", { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 7 } }],
    ["with none", { candidates: [], promptFeedback: { blockReason: "OTHER" }, usageMetadata: { promptTokenCount: 7 } }]
  ])("to a prompt that was blocked is a refusal: %s", ([, answer]) =>
    Effect.gen(function*() {
      const turn = yield* turnOf(answer)
      assert.deepInclude(turn, { finish: "refusal", usage: { input: 7, output: 0 } })
      assert.deepInclude(turn.message, { text: "", calls: [] })
      const next = Conversation.append(question, turn.message, { role: "user", text: "Go." })
      assert.lengthOf(GeminiContent.messages(next), 2)
    }))

  it.effect("that was blocked has no content", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf({ candidates: [{ finishReason: "SAFETY", index: 0 }] })
      assert.deepInclude(turn, { finish: "refusal" })
    }))

  it.effect.each([older, newer])(
    "is echoed in a conversation as followUp echoes it: %s",
    (model) =>
      Effect.gen(function*() {
        const ids = model === older ? [undefined, undefined] : ["a", "a"]
        const [one, two] = [call(ids[0]), call(ids[1], { city: "Rome" })]
        const answer = body([...opaque, model === older ? one : { ...one, thoughtSignature: "CoMDAZ" }, two])
        const turn = yield* turnOf(answer)
        const settled = yield* Batch.run(toolkit, turn.message.calls)
        const conversation = Conversation.append(question, turn.message, {
          role: "tool",
          results: Conversation.results(settled.outcomes)
        })
        const read = yield* Effect.fromResult(GeminiContent.parse(answer))
        assert.deepStrictEqual(
          GeminiContent.messages(conversation, model).slice(1),
          GeminiContent.followUp(read, settled)
        )
      })
  )

  it.effect("has the text of all its text parts, but for its thoughts", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf(body([{ text: "Well, " }, ...opaque, { text: "fine." }]))
      assert.strictEqual(turn.message.text, "Well, fine.")
    }))

  it.effect("counts thoughts as output, and what tools put into the prompt as input", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* turnOf(body([call("a")]))).usage, {
        input: 95,
        output: 60,
        cached: 60,
        reasoning: 40
      })
    }))

  it.effect("cost nothing where the provider does not say", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf({ candidates: [{ content: { parts: [{ text: "Fine." }] } }] })
      assert.deepStrictEqual(turn.usage, { input: 0, output: 0 })
      assert.deepInclude(turn.message, { text: "Fine." })
    }))
})

/** Asks a model once that cannot answer, and looks at why it gave no turn. */
const assertFails = (answer: ReturnType<typeof canned>, expected: Expected, options: Partial<Options> = {}) =>
  assertProviderFails(provider, answer, expected, { model: newer, maxRetries: 0, ...options })

const invalid = { reason: "InvalidRequest", isRetryable: false, requests: 1 } as const
const unauthorized = { reason: "Unauthorized", isRetryable: false, requests: 1 } as const
const failed = { reason: "ProviderFailed", isRetryable: true, requests: 1 } as const
const limited = { reason: "RateLimited", isRetryable: true, requests: 1 } as const
const unusable = { reason: "UnusableResponse", isRetryable: false, requests: 1 } as const

const refused = (status: number, message = "because", details?: ReadonlyArray<object>) =>
  answering({ error: { code: status, message, status: "SOME_STATUS", details } }, { status, headers: json })

const json = { "content-type": "application/json; charset=UTF-8" }

describe("ChatModel on google: a refusal", () => {
  it.effect.each([[503, 3, undefined], [503, 2, 1], [400, 1, undefined], [409, 1, undefined]] as const)(
    "with status %s is asked %s times, by the SDK alone, where maxRetries is %s",
    ([status, requests, maxRetries]) =>
      assertFails(refused(status), { ...(status === 400 ? invalid : failed), requests }, { maxRetries })
  )

  it.effect("says when to ask again where the provider does", () =>
    assertFails(
      refused(429, "Slower.", [
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2.5s" }
      ]),
      { ...limited, retryAfterMillis: 2500 }
    ))

  // G13: status 400, unlike elsewhere.
  it.effect("of a wrong key is one of the key, though its status is 400", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated()
      const layer = GeminiContent.layer({ ...reach, apiKey: Redacted.make("invalid"), fetch })
      const error = yield* Effect.flip(Effect.provide(generate(), layer))
      assert.deepInclude(error.reason, { _tag: "Unauthorized", status: 400 })
    }))

  it.effect("shows the API key in no error, even where the provider quotes it", () =>
    Effect.gen(function*() {
      const apiKey = Redacted.make("very-secret-key")
      for (const [status, expected] of [[400, invalid], [403, unauthorized]] as const) {
        const error = yield* assertFails(refused(status, "Bad key: very-secret-key."), expected, { apiKey })
        const all = [error.message, String(error), error.stack, JSON.stringify(error)].join("\n")
        assert.notInclude(all, "very-secret-key")
      }
    }))
})

describe("ChatModel on google: no answer", () => {
  it.effect("comes to what the SDK will not send", () =>
    Effect.gen(function*() {
      const answer = answering(body([]))
      const none = { runId: "run", messages: [] }
      const layer = GeminiContent.layer({ ...reach, fetch: answer.fetch })
      const error = yield* Effect.flip(Effect.provide(generate({ conversation: none }), layer))
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.lengthOf(answer.requests, 0)
    }))
})

describe("ChatModel on google: an answer that is not what the contract says", () => {
  it.effect.each([
    ["no candidates", "{\"candidates\":[]}"],
    ["candidates that are no list", "{\"candidates\":\"text\"}"],
    ["a candidate that is none", "{\"candidates\":[null]}"],
    ["a part that is none", "{\"candidates\":[{\"content\":{\"parts\":[null]}}]}"],
    ["nothing", ""]
  ])("is an error: %s", ([, text]) => assertFails(answering(text), unusable))
})

configuration("GeminiContent", {
  layerConfig: GeminiContent.layerConfig,
  variable: "GEMINI_API_KEY",
  answer: body([{ text: "Fine." }]),
  baseUrl: "https://generativelanguage.googleapis.com",
  path: "/v1/models/some-model:generateContent",
  header: ["x-goog-api-key", ""]
})
