import { assert, describe, it, vi } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, ChatModel, Conversation } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Config, Effect, Option, Result, Stream } from "effect"
import type { Response } from "openai/resources/responses/responses"
import {
  answering,
  assertFails,
  bodySent,
  configuration,
  generate,
  handover,
  type LayerOf,
  type Options,
  question,
  reach,
  simulated,
  suite
} from "../../simulator/test/ChatModelSuite.ts"
import { faults } from "../../simulator/test/FaultSuite.ts"
import { toolkit } from "./support.ts"

const openAi = { name: "openai-responses", layerOf: OpenAiResponses.layer } as const

suite(openAi)
faults(openAi)
handover(openAi, { name: "anthropic", layerOf: AnthropicMessages.layer })
handover(openAi, { name: "openai-chat", layerOf: OpenAiChat.layer })

const keeping = (options: Options) => OpenAiResponses.layer({ ...options, state: "previous-response" })

describe("where OpenAI keeps the turns", () => {
  const openAi = { name: "openai-responses", layerOf: keeping } as const
  suite(openAi)
  handover(openAi, { name: "anthropic", layerOf: AnthropicMessages.layer })
})

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

  it.effect.each([false, true])(
    "has the schema of the text that is asked for, strict where it is closed: %s",
    (closed) =>
      Effect.gen(function*() {
        const schema = { type: "object", properties: {}, ...(closed && { additionalProperties: false }) }
        const body = yield* bodySent(OpenAiResponses.layer, { output: { name: "answer", jsonSchema: schema } })
        assert.deepInclude(body, { text: { format: { type: "json_schema", name: "answer", schema, strict: closed } } })
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

describe("OpenAiResponses.layer: what is sent where OpenAI keeps the turns", () => {
  const weather = (n: number, text: string): Conversation.Message => ({
    role: "tool",
    results: [{ callId: `call_${n}`, name: "weather", text, isError: false }]
  })
  const output = (n: number, output: string) => ({ type: "function_call_output", call_id: `call_${n}`, output })
  const user = (text: string) => ({ role: "user" as const, text })
  const asked = { role: "user", content: "How warm are Oslo and Rome?" }

  /** Continues a conversation with the next turn of a layer, and what comes behind it. */
  const goOn = (layerOf: LayerOf, reach: Options) =>
    Effect.fnUntraced(function*(
      conversation: Conversation.Conversation,
      ...behind: ReadonlyArray<Conversation.Message>
    ) {
      const turn = yield* Effect.provide(generate({ conversation, parallelToolCalls: false }), layerOf(reach))
      return Conversation.append(conversation, turn.message, ...behind)
    })

  const bodies = (entries: ReadonlyArray<{ readonly body: unknown }>) =>
    entries.map(({ body }) => {
      const { input, instructions, previous_response_id, store } = Object(body)
      return { input, instructions, previous_response_id, store }
    })

  it.effect("is what came after the last turn, with the id of that turn and the instructions once more", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const next = goOn(keeping, { ...reach, fetch })
      const first = yield* next(question, weather(1, "3"))
      const second = yield* next(first, weather(2, "21"), user("Thanks."))
      const last = yield* next(second)
      assert.deepInclude(last.messages.at(-1), { text: "I saw: 3, 21" })
      const same = { instructions: "Be brief.", store: true }
      assert.deepStrictEqual(bodies(yield* requests), [
        { ...same, previous_response_id: undefined, input: [asked] },
        { ...same, previous_response_id: "resp_1", input: [output(1, "3")] },
        { ...same, previous_response_id: "resp_2", input: [output(2, "21"), { role: "user", content: "Thanks." }] }
      ])
    }))

  it.effect("is the same behind a turn that was streamed", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const request = { conversation: question, toolkit, parallelToolCalls: false }
      const last = yield* ChatModel.ChatModel.use((model) => Stream.runLast(model.stream(request))).pipe(
        Effect.provide(keeping({ ...reach, fetch }))
      )
      assert(Option.isSome(last) && last.value._tag === "Turn")
      const conversation = Conversation.append(question, last.value.turn.message, weather(1, "3"))
      yield* goOn(keeping, { ...reach, fetch })(conversation)
      const [first, second] = bodies(yield* requests)
      assert.deepInclude(first, { store: true })
      assert.deepInclude(second, { previous_response_id: "resp_1", input: [output(1, "3")] })
    }))

  it.effect("is the whole conversation where the last turn is not kept: one that was stateless, or of another wire", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const all = { ...reach, fetch }
      for (const layerOf of [OpenAiResponses.layer, OpenAiChat.layer]) {
        const first = yield* goOn(layerOf, all)(question, weather(1, "3"))
        const second = yield* goOn(keeping, all)(first, weather(2, "21"))
        yield* goOn(keeping, all)(second)
        const [, whole, rest] = bodies((yield* requests).slice(-3))
        assert.isUndefined(whole?.previous_response_id)
        assert.deepStrictEqual<unknown>(whole?.input, OpenAiResponses.messages(first))
        assert.isString(rest?.previous_response_id)
        assert.deepStrictEqual(rest?.input, [output(2, "21")])
      }
    }))

  it.effect("does not keep a conversation from going on without them", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const all = { ...reach, fetch }
      const first = yield* goOn(keeping, all)(question, weather(1, "3"))
      yield* goOn(OpenAiResponses.layer, all)(first)
      const [, whole] = bodies(yield* requests)
      assert.deepInclude(whole, { previous_response_id: undefined, store: false })
      assert.deepStrictEqual<unknown>(whole?.input, OpenAiResponses.messages(first))
    }))

  it.effect.each([
    ["was cut off", response([call(1), call(2)], incomplete("max_output_tokens"))],
    ["has two calls of one id", response([call(1), { ...call(1), id: "fc_2" }])],
    ["has no id", response([call(1)], { id: null })]
  ])("is the whole conversation where the last turn %s", ([, body]) =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(body)
      const next = goOn(keeping, { ...reach, fetch })
      yield* next(yield* next(question))
      const second: unknown = yield* Effect.promise(async () => requests[1]?.json())
      assert.notProperty(second, "previous_response_id")
    }))

  it.effect("is told apart by layerConfig as well", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(fine)
      const apiKey = Config.succeed(reach.apiKey)
      const layer = OpenAiResponses.layerConfig({ model: "gpt-5.4", apiKey, fetch, state: "previous-response" })
      yield* Effect.provide(generate(), layer)
      assert.deepInclude(yield* Effect.promise(async () => requests[0]?.json()), { store: true })
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
    ["a call without a name", response([{ type: "function_call", call_id: "a", arguments: "{}" }])]
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
