import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Fault from "../src/Fault.ts"
import { differenceOf } from "../src/internal/difference.ts"
import { get } from "../src/internal/json.ts"
import * as Recording from "../src/Recording.ts"
import * as Replay from "../src/Replay.ts"
import * as Simulator from "../src/Simulator.ts"
import { names, read, send, simulated, wanting, wires } from "./requests.ts"

const script = wanting({ city: "Oslo" }, { city: "Rome" })

/** A simulator that is recorded into a list of lines. */
const recorded = Effect.fnUntraced(function*(options: Partial<Simulator.Options> = {}) {
  const lines: Array<string> = []
  const simulator = yield* simulated({
    script: () => script,
    record: (exchange) => Effect.sync(() => void lines.push(Recording.toLine(exchange))),
    ...options
  })
  return { ...simulator, lines }
})

const parsed = (lines: ReadonlyArray<string>) => Result.getOrThrow(Recording.parse(lines.join("")))

const replayed = Effect.fnUntraced(function*(lines: ReadonlyArray<string>) {
  const simulator = yield* Replay.make(parsed(lines))
  return { ...simulator, fetch: yield* Simulator.fetch(simulator.app) }
})

/** What comes back: status, headers, and the body with how it ended. */
const seen = (sent: Promise<Response>) =>
  Effect.flatMap(
    Effect.promise(() => sent),
    (response) =>
      Effect.map(read(response), (body) => ({
        ...body,
        status: response.status,
        headers: Object.fromEntries(response.headers)
      }))
  )

const post = (fetch: typeof globalThis.fetch, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`http://simulator.test${path}`, { method: "POST", headers: { authorization: "Bearer key", ...headers }, body })

describe("A recording", () => {
  it.effect.each(names.flatMap((wire) => [false, true].map((stream) => [wire, stream] as const)))(
    "plays again as it was, %s, streamed: %s",
    ([wire, stream]) =>
      Effect.gen(function*() {
        const { fetch, lines } = yield* recorded()
        const was = yield* seen(send(fetch, wire, { stream }))
        assert.strictEqual(was.status, 200, was.text)
        const again = yield* replayed(lines)
        assert.deepStrictEqual(yield* seen(send(again.fetch, wire, { stream })), was)
        assert.deepInclude((yield* again.requests)[0], { status: 200, streamed: stream })
      })
  )

  it.effect("has refusals, and what was no JSON", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      const was = yield* seen(post(fetch, "/v1/chat/completions", "{"))
      assert.strictEqual(was.status, 400)
      assert.deepInclude(parsed(lines)[0], { row: "JSON", status: 400 })
      assert.deepInclude(parsed(lines)[0]?.request, { text: "{" })
      assert.deepStrictEqual(yield* seen(post((yield* replayed(lines)).fetch, "/v1/chat/completions", "{")), was)
    }))

  it.effect.each(["cut", "reset", "error-event"] as const)(
    "breaks off where it broke off: %s",
    (fault) =>
      Effect.gen(function*() {
        const { fetch, lines } = yield* recorded({ faults: Fault.named[fault] })
        for (const stream of [true, false]) {
          const was = yield* seen(send(fetch, "openai-chat", { stream }))
          const again = yield* replayed(lines.splice(0))
          assert.deepStrictEqual(yield* seen(send(again.fetch, "openai-chat", { stream })), was)
        }
      })
  )

  it.effect("plays a body that is a list", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded({ dialect: "error-in-a-list" })
      const was = yield* seen(send(fetch, "google"))
      assert.match(was.text, /^\[/)
      assert.deepStrictEqual(yield* seen(send((yield* replayed(lines)).fetch, "google")), was)
    }))

  it.effect("has the whole answer to a client that went away", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded({ latency: "1 second" })
      const controller = new AbortController()
      const fiber = yield* Effect.forkChild(
        Effect.result(Effect.tryPromise(() => send(fetch, "anthropic", { signal: controller.signal })))
      )
      yield* TestClock.adjust("500 millis")
      controller.abort()
      yield* Fiber.join(fiber)
      const [exchange] = parsed(lines)
      assert.deepInclude(exchange, { status: 499, outputTokens: 0 })
      assert.strictEqual(exchange?.response.status, 200)
      assert.strictEqual((yield* seen(send((yield* replayed(lines)).fetch, "anthropic"))).status, 200)
    }))

  it.effect("has no secrets of headers and of the query", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      const secret = "s3cr3t"
      const headers = {
        authorization: `Bearer ${secret}`,
        "x-api-key": secret,
        "x-goog-api-key": secret,
        cookie: secret,
        "user-agent": "me",
        "content-type": "application/json"
      }
      yield* seen(post(fetch, `/v1/models/gemini-3-pro:generateContent?key=${secret}&alt=sse`, "{}", headers))
      assert.notInclude(lines.join(""), secret)
      assert.deepStrictEqual(parsed(lines)[0]?.request, {
        method: "POST",
        path: "/v1/models/gemini-3-pro:generateContent?key=hidden&alt=sse",
        headers: { "content-type": "application/json", "user-agent": "me" },
        body: {}
      })
    }))

  it.effect("has an exchange before its client has all of it", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      const response = yield* Effect.promise(() => send(fetch, "openai-chat", { stream: true }))
      assert.lengthOf(lines, 0)
      yield* read(response)
      assert.lengthOf(lines, 1)
    }))

  it("says which line is none of its own", () => {
    assert.deepStrictEqual(
      Result.flip(Recording.parse("\n{}\n")),
      Result.succeed({ line: 2, message: "Missing key at number" })
    )
    assert.strictEqual(Result.getOrThrow(Result.flip(Recording.parse("{")))?.line, 1)
  })
})

describe("Replay.make", () => {
  const ask = (text: string) => JSON.stringify({ model: "gpt-4.1", messages: [{ role: "user", content: text }] })
  const path = "/v1/chat/completions"

  it.effect("refuses what was not asked then, in the words of the wire, and goes on with what was", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      for (const text of ["One?", "Two?"]) yield* seen(post(fetch, path, ask(text)))
      const again = yield* replayed(lines)
      const refused = yield* seen(post(again.fetch, path, ask("Three?")))
      assert.strictEqual(refused.status, 400)
      assert.deepStrictEqual(JSON.parse(refused.text), {
        error: {
          message: "Request 1 is not the one recorded: body.messages[0].content was \"One?\" and is \"Three?\".",
          type: "invalid_request_error",
          param: "body.messages[0].content",
          code: null
        }
      })
      for (const text of ["One?", "Two?"]) {
        assert.strictEqual((yield* seen(post(again.fetch, path, ask(text)))).status, 200)
      }
      const over = yield* seen(post(again.fetch, path, ask("One?")))
      assert.include(over.text, "The recording has 2 requests, and all of it was played.")
      assert.deepStrictEqual((yield* again.requests).map(({ row }) => row), ["replay", undefined, undefined, "replay"])
    }))

  it.effect("takes the keys of a body in any order, and another path for another request", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      yield* seen(post(fetch, path, ask("One?")))
      const again = yield* replayed(lines)
      const elsewhere = yield* seen(post(again.fetch, "/v1/messages", ask("One?")))
      assert.deepInclude(JSON.parse(elsewhere.text), { type: "error" })
      assert.include(elsewhere.text, "path was \\\"/v1/chat/completions\\\" and is \\\"/v1/messages\\\"")
      const { messages, model } = JSON.parse(ask("One?"))
      assert.strictEqual((yield* seen(post(again.fetch, path, JSON.stringify({ messages, model })))).status, 200)
    }))

  it.effect("takes conversations in any order, and each of them in its own", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      const said = (...texts: ReadonlyArray<string>) =>
        JSON.stringify({ model: "gpt-4.1", messages: texts.map((content) => ({ role: "user", content })) })
      const sent = [["One?"], ["Two?"], ["One?", "More?"], ["Two?", "More?"]].map((texts) => said(...texts))
      for (const text of sent) yield* seen(post(fetch, path, text))
      const again = yield* replayed(lines)
      const statuses = yield* Effect.forEach(
        [3, 1, 2, 3, 3, 0, 2],
        (index) => Effect.map(seen(post(again.fetch, path, sent[index]!)), ({ status }) => status)
      )
      assert.deepStrictEqual(statuses, [400, 200, 400, 200, 400, 200, 200])
    }))

  it.effect("takes a request that names a response behind it", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      const responses = "/v1/responses"
      const first = JSON.stringify({ model: "gpt-4.1", input: "One?" })
      const { id } = JSON.parse((yield* seen(post(fetch, responses, first))).text)
      const second = JSON.stringify({ model: "gpt-4.1", input: "More?", previous_response_id: id })
      yield* seen(post(fetch, responses, second))
      const again = yield* replayed(lines)
      const statuses = yield* Effect.forEach(
        [second, first, second],
        (text) => Effect.map(seen(post(again.fetch, responses, text)), ({ status }) => status)
      )
      assert.deepStrictEqual(statuses, [400, 200, 200])
    }))

  it.effect("keeps the pace of a model", () =>
    Effect.gen(function*() {
      const { fetch, lines } = yield* recorded()
      yield* seen(send(fetch, "openai-chat", { stream: true }))
      const { app } = yield* Replay.make(parsed(lines), { pace: () => "1 second" })
      const fiber = yield* Effect.forkChild(seen(send(yield* Simulator.fetch(app), "openai-chat", { stream: true })))
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
    }))
})

describe("A difference", () => {
  it.each([
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, { at: "a[1].b", was: "2", is: "3" }],
    [{ a: [1] }, { a: [1, 2] }, { at: "a[1]", was: "absent", is: "2" }],
    [{ a: 1 }, {}, { at: "a", was: "1", is: "absent" }],
    [{ "x-y": 1 }, { "x-y": "1" }, { at: "[\"x-y\"]", was: "1", is: "\"1\"" }],
    [{ a: [] }, { a: {} }, { at: "a", was: "[]", is: "{}" }],
    [{ a: `${"x".repeat(200)}1` }, { a: `${"x".repeat(200)}2` }, {
      at: "a",
      was: `…${"x".repeat(20)}1"`,
      is: `…${"x".repeat(20)}2"`
    }],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, undefined]
  ])("of %j and %j is named by its place", (was: Schema.Json, is: Schema.Json, difference) => {
    assert.deepStrictEqual<unknown>(differenceOf(was, is), difference)
  })
})

describe("Simulator.make", () => {
  it.effect("keeps as many requests as it is told to", () =>
    Effect.gen(function*() {
      for (const [log, numbers] of [[0, []], [2, [2, 3]], [undefined, [1, 2, 3]]] as const) {
        const { fetch, requests } = yield* simulated({ script: () => script, log })
        for (const wire of ["anthropic", "google", "openai-chat"] as const) yield* seen(send(fetch, wire))
        assert.deepStrictEqual<ReadonlyArray<number>>((yield* requests).map(({ number }) => number), numbers)
      }
    }))

  it.effect("remembers as many turns as it is told to", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated({ script: () => wanting(), remembered: 1 })
      const ask = (previous?: string) =>
        seen(post(
          fetch,
          "/v1/responses",
          JSON.stringify({
            model: "gpt-5.4",
            input: "Hello?",
            ...(previous !== undefined && { previous_response_id: previous })
          })
        ))
      const [first, second] = [yield* ask(), yield* ask()].map(({ text }) => String(get(JSON.parse(text), "id")))
      assert.strictEqual((yield* ask(first)).status, 400)
      assert.strictEqual((yield* ask(second)).status, 200)
    }))

  it.effect("says what a script throws, as a refusal", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated({
        script: () => {
          throw new Error("Out of lines.")
        }
      })
      const { status, text } = yield* seen(send(fetch, "google"))
      assert.strictEqual(status, 400)
      assert.match(text, /The script throws Error: Out of lines\. .*Replay\.test\.ts\S*:\d+/)
      assert.strictEqual((yield* requests)[0]?.row, "script")
    }))
})

describe("Signatures that the simulator did not write", () => {
  const foreign = [
    ["A19", "/v1/messages", {
      ...wires.anthropic.body,
      thinking: { type: "adaptive" },
      messages: [
        ...wires.anthropic.body.messages,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "EqQBCkgIAx" },
            { type: "tool_use", id: "toolu_1", name: "weather", input: {} }
          ]
        },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "3" }] }
      ]
    }],
    ["R9", "/v1/responses", {
      ...wires["openai-responses"].body,
      store: false,
      input: [
        { role: "user", content: "How is the weather?" },
        { type: "reasoning", id: "rs_0af3", summary: [], encrypted_content: "gAAAAABo" },
        { type: "function_call", id: "fc_0af3", call_id: "call_a", name: "weather", arguments: "{}" },
        { type: "function_call_output", call_id: "call_a", output: "3" }
      ]
    }],
    ["G12", wires.google.path, {
      ...wires.google.body,
      contents: [
        ...wires.google.body.contents,
        {
          role: "model",
          parts: [{ functionCall: { id: "a", name: "weather", args: {} }, thoughtSignature: "CiQB0e2Kbw==" }]
        },
        { role: "user", parts: [{ functionResponse: { id: "a", name: "weather", response: { output: 3 } } }] }
      ]
    }]
  ] as const
  const headers = { "anthropic-version": "2026-10-21", "x-goog-api-key": "key" }

  it.effect.each(foreign)("are refused by %s, unless they are accepted", ([row, path, body]) =>
    Effect.gen(function*() {
      const strict = yield* simulated({ script: () => script })
      assert.strictEqual((yield* seen(post(strict.fetch, path, JSON.stringify(body), headers))).status, 400)
      assert.strictEqual((yield* strict.requests)[0]?.row, row)
      const { fetch } = yield* simulated({ script: () => script, acceptSignatures: true })
      const { status, text } = yield* seen(post(fetch, path, JSON.stringify(body), headers))
      assert.strictEqual(status, 200, text)
    }))
})
