import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { readFileSync } from "node:fs"
import OpenAI from "openai"
import * as Fault from "../src/Fault.ts"
import * as Simulator from "../src/Simulator.ts"
import { dataOf, type Name, names, read, send, simulated, wanting } from "./requests.ts"

const two = wanting({ city: "Oslo" }, { city: "Rome" })

/** What one request to a fresh simulator gets. */
const ask = Effect.fnUntraced(function*(wire: Name, stream: boolean, faults?: Fault.Faults, script = two) {
  const { fetch, requests } = yield* simulated({ script: () => script, faults, fragment: 5 })
  const response = yield* Effect.promise(() => send(fetch, wire, { stream }))
  const { end, text } = yield* read(response)
  const { headers, status } = response
  return { end, text, status, headers, data: dataOf(text), entry: (yield* requests)[0] }
})

const eventsOf = (text: string): ReadonlyArray<string> => text.split("\n\n").filter((event) => event !== "")

/** The whole stream, its numbers left out, which move where an event is added or left out. */
const unnumbered = (text: string): ReadonlyArray<string> =>
  eventsOf(text).map((event) => event.replace(/,"sequence_number":\d+/, ""))

/** True for a fragment of arguments that is not empty. */
const isDelta = (event: string): boolean =>
  /"index":\d,"function":\{"arguments"|"type":"response.function_call_arguments.delta"|"partial_json":"[^"]/.test(event)

describe("docs/faults.md", () => {
  const table = readFileSync(new URL("../docs/faults.md", import.meta.url), "utf8").split("\n")
    .flatMap((line) => line.startsWith("|") ? [line.split("|").slice(1, -1).map((cell) => cell.trim())] : [])

  it("has a row for every fault, and a column for every wire", () => {
    const [head = [], , ...rows] = table
    assert.deepStrictEqual(head, ["fault", ...names])
    assert.deepStrictEqual(rows.map(([name]) => name), Fault.names.map((name) => `\`${name}\``))
  })

  it("says in every cell what its first lines know", () => {
    const outcome =
      "(turn: (tool-calls|length)(, (first call malformed|(all calls|last call) truncated|last call named parallel|"
      + "with text|one call))*|[A-Z][A-Za-z]+(, (retry after 1 s|calls told: 1))?)"
    const cell = new RegExp(`^(-|${outcome}|generate: ${outcome}; stream: ${outcome})$`)
    for (const cells of table.slice(2)) for (const text of cells.slice(1)) assert.match(text, cell)
  })
})

describe.each(names)("a fault on %s", (wire) => {
  const isOpenAi = wire.startsWith("openai")
  const refusals: ReadonlyArray<readonly [Fault.Name, number, string]> = [
    [
      "rate-limited",
      429,
      isOpenAi ? "rate_limit_exceeded" : wire === "google" ? "RESOURCE_EXHAUSTED" : "rate_limit_error"
    ],
    ["rate-limited-silent", 429, "message"],
    [
      "overloaded",
      wire === "anthropic" ? 529 : 503,
      isOpenAi ? "server_error" : wire === "google" ? "UNAVAILABLE" : "overloaded_error"
    ],
    ["server-error", 500, isOpenAi ? "server_error" : wire === "google" ? "INTERNAL" : "api_error"]
  ]

  it.effect.each(refusals)(
    "is a refusal: %s has status %s, streamed or not, and says %s",
    ([name, status, says]) =>
      Effect.gen(function*() {
        for (const stream of [false, true]) {
          const answer = yield* ask(wire, stream, Fault.named[name])
          assert.strictEqual(answer.status, status)
          assert.include(answer.text, says)
          assert.strictEqual(answer.headers.get("retry-after"), name === "rate-limited" ? "1" : null)
          assert.strictEqual(answer.text.includes("RetryInfo"), name === "rate-limited" && wire === "google")
          const { fault, ...entry } = answer.entry ?? {}
          assert.deepInclude(entry, { status, row: "fault", streamed: false, outputTokens: 0, calls: [] })
          assert.isDefined(fault)
        }
      })
  )

  it.effect("meets the first requests alone where it is to", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated({ script: () => two, faults: Fault.named["server-error-once"] })
      yield* Effect.promise(() => send(fetch, wire))
      yield* Effect.promise(() => send(fetch, wire))
      assert.deepStrictEqual((yield* requests).map(({ fault, status }) => [status, fault]), [
        [500, "ServerError"],
        [200, undefined]
      ])
    }))

  it.effect("is slow to its first byte, and the rest follows at once", () =>
    Effect.gen(function*() {
      const asked = Promise.withResolvers<void>()
      const faults: Fault.Faults = (asking) => {
        asked.resolve()
        return Fault.named.slow(asking)
      }
      const asking = yield* Effect.forkChild(ask(wire, true, faults))
      yield* Effect.promise(() => asked.promise)
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(asking)).text, (yield* ask(wire, true)).text)
    }))

  it.effect("cuts a stream off before the last call is complete, without an error", () =>
    Effect.gen(function*() {
      const whole = eventsOf((yield* ask(wire, true)).text)
      const { end, entry, status, text } = yield* ask(wire, true, Fault.named.cut)
      const left = eventsOf(text)
      assert.deepStrictEqual(left, whole.slice(0, left.length))
      assert.isAbove(left.length, 0)
      assert.notInclude(left.join(), "message_delta")
      assert.notMatch(left.join(), /finish_?reason":"|response.completed/i)
      assert.deepStrictEqual([end, status, entry?.status, entry?.fault], ["clean", 200, 200, "Cut"])
    }))

  it.effect("cuts off and resets after as many events as it is told to, even none", () =>
    Effect.gen(function*() {
      const whole = eventsOf((yield* ask(wire, true)).text)
      for (const after of [0, 1, 2, 99]) {
        const cut = yield* ask(wire, true, Fault.always({ _tag: "Cut", after }))
        assert.deepStrictEqual([eventsOf(cut.text), cut.end], [whole.slice(0, after), "clean"])
        const reset = yield* ask(wire, true, Fault.always({ _tag: "Reset", after }))
        assert.deepStrictEqual([eventsOf(reset.text), reset.end], [whole.slice(0, after), "broken"])
      }
    }))

  it.effect("cuts an answer off after half of its events", () =>
    Effect.gen(function*() {
      const answer = wanting()
      const whole = eventsOf((yield* ask(wire, true, undefined, answer)).text)
      const { text } = yield* ask(wire, true, Fault.named.cut, answer)
      assert.deepStrictEqual(eventsOf(text), whole.slice(0, Math.floor(whole.length / 2)))
    }))

  it.effect("cuts off and resets what is not streamed after half of it", () =>
    Effect.gen(function*() {
      const whole = (yield* ask(wire, false)).text
      const half = whole.slice(0, Math.floor(whole.length / 2))
      const cut = yield* ask(wire, false, Fault.named.cut)
      assert.deepStrictEqual([cut.text, cut.end, cut.headers.get("content-type")], [half, "clean", "application/json"])
      const reset = yield* ask(wire, false, Fault.named.reset)
      assert.deepStrictEqual([reset.text, reset.end], [half, "broken"])
      assert.strictEqual(reset.entry?.status, 200)
    }))

  it.live("resets a real connection after what was sent", () =>
    Effect.gen(function*() {
      const { anthropic: root } = yield* Simulator.serve({ script: () => two, faults: Fault.named.reset })
      const expected = yield* ask(wire, true, Fault.named.cut)
      const { fetch } = yield* simulated({ script: () => two, faults: Fault.named.cut })
      const cut = yield* read(yield* Effect.promise(() => send(fetch, wire, { stream: true })))
      const reset = yield* read(yield* Effect.promise(() => send(globalThis.fetch, wire, { root, stream: true })))
      assert.deepStrictEqual([reset.text, reset.end, expected.end], [cut.text, "broken", "clean"])
    }))

  it.effect("goes on with the provider's error in the middle of a stream, and spares what is not streamed", () =>
    Effect.gen(function*() {
      const cut = yield* ask(wire, true, Fault.named.cut)
      const { end, text } = yield* ask(wire, true, Fault.named["error-event"])
      const events = eventsOf(text)
      assert.deepStrictEqual([events.slice(0, -1), end], [eventsOf(cut.text), "clean"])
      assert.match(
        events.at(-1) ?? "",
        {
          "openai-chat": /^data: \{"error":\{"message":".+","type":"server_error"/,
          "openai-responses": /^event: error\ndata: \{"type":"error","code":"server_error",.*"sequence_number":\d+\}/,
          anthropic: /^event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error"/,
          google: /^data: \{"error":\{"code":503,"message":".+","status":"UNAVAILABLE"\}\}/
        }[wire]
      )
      const whole = yield* ask(wire, false, Fault.named["error-event"])
      assert.strictEqual(whole.text, (yield* ask(wire, false)).text)
    }))

  it.effect("sends the event that completes the first call twice", () =>
    Effect.gen(function*() {
      const whole = eventsOf((yield* ask(wire, true)).text)
      const events = eventsOf((yield* ask(wire, true, Fault.named.repeated)).text)
      const twice = events.findIndex((event, at) => event === events[at - 1])
      assert.deepStrictEqual(events.toSpliced(twice, 1), whole)
      assert.match(events[twice] ?? "", /arguments|partial_json|functionCall/)
    }))

  it.effect("lets the calls of a turn take turns, where the wire can, and changes nothing else", () =>
    Effect.gen(function*() {
      const whole = unnumbered((yield* ask(wire, true)).text)
      const events = unnumbered((yield* ask(wire, true, Fault.named.interleaved)).text)
      assert.deepStrictEqual(events.toSorted(), whole.toSorted())
      if (!isOpenAi) return assert.deepStrictEqual(events, whole)
      const calls = events.filter(isDelta).map((event) => /index":(\d),"(?:function"|delta":")/.exec(event)?.[1])
      assert.deepStrictEqual(calls, ["0", "1", "0", "1", "0", "1"])
    }))

  it.effect("runs into the token limit in the middle of the last call, streamed and not", () =>
    Effect.gen(function*() {
      const { text } = yield* ask(wire, false, Fault.named.truncated)
      const streamed = (yield* ask(wire, true, Fault.named.truncated)).text
      const stop = {
        "openai-chat": "\"finish_reason\":\"length\"",
        "openai-responses": "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}",
        anthropic: "\"stop_reason\":\"max_tokens\"",
        google: "\"finishReason\":\"MAX_TOKENS\""
      }[wire]
      for (const answer of [text, streamed]) {
        assert.include(answer, stop)
        assert.notInclude(answer, "Rome")
      }
      assert.strictEqual(text.split("weather").length - 1, wire === "google" ? 1 : wire === "openai-responses" ? 3 : 2)
      const deltas = dataOf(streamed).map((data) => JSON.stringify(data)).filter(isDelta)
      assert.strictEqual(deltas.length, wire === "google" ? 0 : 3 + 2)
    }))

  it.effect("cuts an answer off in its middle, at the token limit", () =>
    Effect.gen(function*() {
      const { text } = yield* ask(wire, false, Fault.named.truncated, wanting())
      assert.include(text, "\"I saw t\"")
      assert.match(text, /"(length|max_output_tokens|max_tokens|MAX_TOKENS)"/)
    }))

  it.effect("invents a tool, streamed and not", () =>
    Effect.gen(function*() {
      for (const stream of [false, true]) {
        const { text } = yield* ask(wire, stream, Fault.named["invented-tool"])
        assert.include(text, "\"name\":\"parallel\"")
        assert.include(text, "\"name\":\"weather\"")
      }
    }))

  it.effect("says something behind the calls, streamed and not", () =>
    Effect.gen(function*() {
      const streamed = (yield* ask(wire, true, Fault.named["text-after-calls"])).text
      const said = streamed.search(/That |"text":"That /)
      assert.isAbove(said, streamed.search(/"me"|me\\"\}|Rome/))
      const { text } = yield* ask(wire, false, Fault.named["text-after-calls"])
      assert.include(text, "\"That is all.\"")
      if (wire !== "openai-chat") assert.isAbove(text.indexOf("That is all."), text.indexOf("Rome"))
    }))
})

describe("a response that failed", () => {
  it.effect("has its status and error, streamed behind the calls that were complete", () =>
    Effect.gen(function*() {
      const { text } = yield* ask("openai-responses", false, Fault.named["response-failed"])
      assert.match(text, /"status":"failed".*"error":\{"code":"server_error"/)
      const streamed = eventsOf((yield* ask("openai-responses", true, Fault.named["response-failed"])).text)
      assert.match(streamed.at(-1) ?? "", /^event: response.failed\n.*"status":"failed"/)
      assert.strictEqual(streamed.filter((event) => event.startsWith("event: response.output_item.done")).length, 1)
    }))

  it.effect.each(names.filter((name) => name !== "openai-responses"))(
    "is none on %s",
    (wire) =>
      Effect.gen(function*() {
        assert.strictEqual(
          (yield* ask(wire, false, Fault.named["response-failed"])).text,
          (yield* ask(wire, false)).text
        )
      })
  )
})

describe("interleaved calls", () => {
  const clientOf = Effect.fnUntraced(function*(faults: Fault.Faults) {
    const { fetch } = yield* simulated({ script: () => two, faults, fragment: 2 })
    return new OpenAI({ apiKey: "key", baseURL: "http://simulator.test/v1", fetch })
  })

  it.effect("are the same calls to the helper of the Responses SDK, which wants items to begin in order", () =>
    Effect.gen(function*() {
      const client = yield* clientOf(Fault.named.interleaved)
      const tools: Array<OpenAI.Responses.FunctionTool> = [{
        type: "function",
        name: "weather",
        parameters: null,
        strict: false
      }]
      const { output } = yield* Effect.promise(() =>
        client.responses.stream({ model: "gpt-5.4", input: "How is it?", tools }).finalResponse()
      )
      assert.deepStrictEqual(output.map((item) => item.type === "function_call" ? item.arguments : item.type), [
        "{\"city\":\"Oslo\"}",
        "{\"city\":\"Rome\"}"
      ])
    }))

  it.effect("are the same calls to the helper of the Chat SDK", () =>
    Effect.gen(function*() {
      const client = yield* clientOf(Fault.named.interleaved)
      const { choices } = yield* Effect.promise(() =>
        client.chat.completions.stream({
          model: "gpt-4.1",
          messages: [{ role: "user", content: "How is it?" }],
          tools: [{ type: "function", function: { name: "weather" } }]
        }).finalChatCompletion()
      )
      const calls = choices[0]?.message.tool_calls ?? []
      assert.deepStrictEqual(calls.map((call) => call.type === "function" ? call.function.arguments : call.type), [
        "{\"city\":\"Oslo\"}",
        "{\"city\":\"Rome\"}"
      ])
    }))
})
