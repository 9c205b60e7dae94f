import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import OpenAI from "openai"
import * as Simulator from "../src/Simulator.ts"
import { twoCities } from "./harness.ts"

const script = () => twoCities
const prompt = "How is the weather in Oslo and Rome?"
const chat = { model: "gpt-4.1", messages: [{ role: "user", content: prompt }] }

const send = (fetch: typeof globalThis.fetch, init: RequestInit = {}, body: unknown = chat) =>
  fetch("http://simulator.test/v1/chat/completions", {
    method: "POST",
    headers: { authorization: "Bearer key" },
    body: JSON.stringify(body),
    ...init
  })

/** A script whose `asked` resolves as soon as the simulator has read a request. */
const announcing = Effect.map(Deferred.make<void>(), (asked) => ({
  asked: Deferred.await(asked),
  script: () => {
    Deferred.doneUnsafe(asked, Effect.void)
    return twoCities
  }
}))

describe("Simulator.make", () => {
  it.effect("logs every request with what it cost", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ script })
      const fetch = yield* Simulator.fetch(simulator.app)
      yield* Effect.promise(() => send(fetch))
      yield* Effect.promise(() => send(fetch, {}, { ...chat, model: "no-such-model" }))
      yield* Effect.promise(() => fetch("http://simulator.test/v1/messages", { method: "POST" }))
      const entries = yield* simulator.requests
      assert.deepStrictEqual(entries.map(({ model, number, status, wire }) => [number, wire, status, model]), [
        [1, "openai", 200, "gpt-4.1"],
        [2, "openai", 404, "no-such-model"],
        [3, "anthropic", 401, undefined]
      ])
      assert.deepStrictEqual(entries[0]?.body, chat)
      const { inputTokens = 0, outputTokens = 0 } = entries[0] ?? {}
      assert.deepStrictEqual(Simulator.totals(entries), { requests: 3, inputTokens, outputTokens })
      assert.isAbove(outputTokens, 0)
    }))

  it.effect("says that no script fits the prompt", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ script: () => undefined })
      const fetch = yield* Simulator.fetch(simulator.app)
      const response = yield* Effect.promise(() => send(fetch))
      assert.strictEqual(response.status, 400)
      assert.include(yield* Effect.promise(() => response.text()), prompt)
      assert.strictEqual((yield* simulator.requests)[0]?.row, "script")
    }))

  it.effect("waits its latency before an answer", () =>
    Effect.gen(function*() {
      const { asked, script } = yield* announcing
      const simulator = yield* Simulator.make({ script, latency: "2 seconds" })
      const fetch = yield* Simulator.fetch(simulator.app)
      const fiber = yield* Effect.forkChild(Effect.promise(() => send(fetch)))
      yield* asked
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      assert.deepStrictEqual(yield* simulator.requests, [])
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
    }))

  it.effect("refuses at once", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ script, latency: "2 seconds" })
      const fetch = yield* Simulator.fetch(simulator.app)
      assert.strictEqual((yield* Effect.promise(() => send(fetch, { headers: {} }))).status, 401)
    }))
})

describe("Simulator.fetch", () => {
  it.effect("rejects like fetch when it is aborted, and the request is over", () =>
    Effect.gen(function*() {
      const { asked, script } = yield* announcing
      const simulator = yield* Simulator.make({ script, latency: "2 seconds" })
      const fetch = yield* Simulator.fetch(simulator.app)
      const controller = new AbortController()
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.tryPromise({
        try: () => send(fetch, { signal: controller.signal }),
        catch: (error) => error
      })))
      yield* asked
      controller.abort()
      assert.propertyVal(yield* Fiber.join(fiber), "name", "AbortError")
      const [entry] = yield* simulator.requests
      assert.deepInclude(entry, { status: 499, outputTokens: 0, calls: [] })
    }))

  it.effect("does not ask at all when it was aborted before", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ script })
      const fetch = yield* Simulator.fetch(simulator.app)
      const error = yield* Effect.flip(Effect.tryPromise({
        try: () => send(fetch, { signal: AbortSignal.abort() }),
        catch: (error) => error
      }))
      assert.propertyVal(error, "name", "AbortError")
      assert.deepStrictEqual(yield* simulator.requests, [])
    }))
})

describe("Simulator.start", () => {
  it("gives its log to programs without Effect", async () => {
    await using simulator = await Simulator.start({ script })
    assert.deepStrictEqual(simulator.log(), [])
    const client = new OpenAI({ apiKey: "key", baseURL: simulator.openai })
    await client.chat.completions.create({ model: "gpt-4.1", messages: [{ role: "user", content: prompt }] })
    assert.deepStrictEqual(simulator.log().map(({ status }) => status), [200])
  })

  it("serves until it is closed, or its block is left", async () => {
    const simulator = await Simulator.start({ script })
    assert.strictEqual((await globalThis.fetch(`${simulator.openai}/nothing`)).status, 404)
    await simulator.close()
    let openai = ""
    {
      await using other = await Simulator.start({ script, port: simulator.port })
      openai = other.openai
      assert.strictEqual(openai, simulator.openai)
    }
    await globalThis.fetch(openai).then(() => assert.fail("it still answers"), () => undefined)
  })
})

describe("Simulator.serve", () => {
  it.live("fails when the port is taken", () =>
    Effect.gen(function*() {
      const { port } = yield* Simulator.serve({ script })
      const error = yield* Effect.flip(Simulator.serve({ script, port }))
      assert.deepInclude(error, { _tag: "CannotListen", port })
    }))

  it.live("cuts off requests in flight when its scope closes", () =>
    Effect.gen(function*() {
      const { asked, script } = yield* announcing
      const fiber = yield* Effect.scoped(Effect.gen(function*() {
        const { openai } = yield* Simulator.serve({ script, latency: "1 hour" })
        const client = new OpenAI({ apiKey: "key", baseURL: openai, maxRetries: 0 })
        const fiber = yield* Effect.forkDetach(Effect.flip(Effect.tryPromise({
          try: () =>
            client.chat.completions.create({ model: "gpt-4.1", messages: [{ role: "user", content: prompt }] }),
          catch: (error) => error
        })))
        yield* asked
        return fiber
      }))
      assert.instanceOf(yield* Fiber.join(fiber), OpenAI.APIConnectionError)
    }))
})

describe("the openai client", () => {
  const tools: Array<OpenAI.ChatCompletionTool> = [{ type: "function", function: { name: "weather" } }]
  const messages: Array<OpenAI.ChatCompletionMessageParam> = [{ role: "user", content: prompt }]
  const connect = Effect.gen(function*() {
    const { openai, requests } = yield* Simulator.serve({ script })
    const client = new OpenAI({ apiKey: "key", baseURL: openai, maxRetries: 0 })
    const ask = (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) =>
      Effect.promise(() => client.chat.completions.create({ model: "gpt-4.1", messages, tools, ...more }))
    return { ask, client, requests }
  })

  it.live("plays a turn of two calls and its follow-up", () =>
    Effect.gen(function*() {
      const { ask, requests } = yield* connect
      const first = (yield* ask({})).choices[0]?.message
      assert.deepStrictEqual(first?.tool_calls?.map((call) => call.id), ["call_1", "call_2"])
      const second = yield* ask({
        messages: [
          ...messages,
          ...(first ? [first] : []),
          { role: "tool", tool_call_id: "call_2", content: "21" },
          { role: "tool", tool_call_id: "call_1", content: "3" }
        ]
      })
      assert.strictEqual(second.choices[0]?.message.content, "I saw: 3, 21")
      assert.strictEqual(second.choices[0]?.finish_reason, "stop")
      assert.deepStrictEqual((yield* requests).map((entry) => entry.calls), [["call_1", "call_2"], []])
    }))

  it.live("gets one call a turn when the parallel switch is off", () =>
    Effect.gen(function*() {
      const { ask } = yield* connect
      const { choices } = yield* ask({ parallel_tool_calls: false })
      assert.deepStrictEqual(choices[0]?.message.tool_calls?.map((call) => call.id), ["call_1"])
    }))

  it.live("gets an answer when tools are off", () =>
    Effect.gen(function*() {
      const { ask } = yield* connect
      assert.strictEqual((yield* ask({ tool_choice: "none" })).choices[0]?.message.content, "I saw: ")
    }))

  it.live("throws its own error for a refusal", () =>
    Effect.gen(function*() {
      const { client } = yield* connect
      const error = yield* Effect.flip(Effect.tryPromise({
        try: () => client.chat.completions.create({ model: "no-such-model", messages }),
        catch: (error) => error
      }))
      assert.instanceOf(error, OpenAI.NotFoundError)
      assert.deepInclude(error, { code: "model_not_found", requestID: "req_1" })
    }))
})

describe("the anthropic client", () => {
  const tools: Array<Anthropic.Tool> = [{ name: "weather", input_schema: { type: "object" } }]
  const messages: Array<Anthropic.MessageParam> = [{ role: "user", content: prompt }]
  const connect = Effect.gen(function*() {
    const { anthropic, requests } = yield* Simulator.serve({ script })
    const client = new Anthropic({ apiKey: "key", baseURL: anthropic, maxRetries: 0 })
    const ask = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      Effect.promise(() =>
        client.messages.create({ model: "claude-opus-5-5", max_tokens: 1024, messages, tools, ...more })
      )
    return { ask, client, requests }
  })
  const ids = ({ content }: Anthropic.Message) =>
    content.flatMap((block) => block.type === "tool_use" ? [block.id] : [])

  it.live("plays a turn of two calls, with thinking, and its follow-up", () =>
    Effect.gen(function*() {
      const { ask, requests } = yield* connect
      const thinking = { type: "adaptive" } as const
      const first = yield* ask({ thinking })
      assert.deepStrictEqual(first.content.map((block) => block.type), ["thinking", "tool_use", "tool_use"])
      assert.strictEqual(first.stop_reason, "tool_use")
      const second = yield* ask({
        thinking,
        messages: [...messages, { role: "assistant", content: first.content }, {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "toolu_2", content: "21" },
            { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "3" }] }
          ]
        }]
      })
      assert.deepInclude(second.content.at(-1), { type: "text", text: "I saw: 3, 21" })
      assert.strictEqual(second.stop_reason, "end_turn")
      assert.deepStrictEqual((yield* requests).map((entry) => entry.calls), [["toolu_1", "toolu_2"], []])
    }))

  it.live("gets one call a turn when the parallel switch is off", () =>
    Effect.gen(function*() {
      const { ask } = yield* connect
      assert.deepStrictEqual(ids(yield* ask({ tool_choice: { type: "auto", disable_parallel_tool_use: true } })), [
        "toolu_1"
      ])
    }))

  it.live("gets an answer when tools are off", () =>
    Effect.gen(function*() {
      const { ask } = yield* connect
      assert.deepStrictEqual(ids(yield* ask({ tool_choice: { type: "none" } })), [])
    }))

  it.live("throws its own error for a refusal", () =>
    Effect.gen(function*() {
      const { client } = yield* connect
      const error = yield* Effect.flip(Effect.tryPromise({
        try: () => client.messages.create({ model: "no-such-model", max_tokens: 1, messages }),
        catch: (error) => error
      }))
      assert.instanceOf(error, Anthropic.NotFoundError)
      assert.deepInclude(error, { type: "not_found_error", requestID: "req_1" })
    }))
})
