import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import * as Simulator from "../src/Simulator.ts"
import { names, send, simulated, wanting } from "./requests.ts"

const five = wanting({ city: "A" }, { city: "B" }, { city: "C" }, { city: "D" }, { city: "E" })

/** A model that takes these pauses, and lets time pass only once it waits; `run` is over when all of them are. */
const paced = Effect.fnUntraced(function*(pauses: ReadonlyArray<number>) {
  const waits = yield* Queue.unbounded<number>()
  const pace = (call: number) => {
    Queue.offerUnsafe(waits, pauses[call] ?? 0)
    return pauses[call] ?? 0
  }
  const run = Effect.forEach(pauses, () => Effect.flatMap(Queue.take(waits), (pause) => TestClock.adjust(pause)), {
    discard: true
  })
  return { pace, run }
})

/** Every event of a body, and the time at which it came. */
const arrivals = Effect.fnUntraced(function*(response: Response) {
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const all: Array<{ readonly at: number; readonly text: string }> = []
  for (;;) {
    const { done, value } = yield* Effect.promise(() => reader.read())
    if (done) return all
    all.push({ at: yield* Clock.currentTimeMillis, text: new TextDecoder().decode(value) })
  }
})

/** The first event behind a call from which it is known on a wire that the call is complete. */
const proofs = {
  "openai-chat": /"finish_reason":"tool_calls"/,
  "openai-responses": /event: response.output_item.done/,
  anthropic: /"index":[1-4],"content_block":|event: message_delta/,
  google: /functionCall/
}

const bursts: ReadonlyArray<readonly [string, ReadonlyArray<number>, ReadonlyArray<number>]> = [
  ["200 ms apart", [200, 200, 200, 200, 200], [200, 400, 600, 800, 1000]],
  ["in bursts of two", [200, 0, 400, 0, 400], [200, 200, 600, 600, 1000]]
]

describe.each(names)("pace on %s", (wire) => {
  it.effect.each(bursts)("proves five calls complete %s", ([, pauses, times]) =>
    Effect.gen(function*() {
      const { pace, run } = yield* paced(pauses)
      const { fetch } = yield* simulated({ script: () => five, pace, fragment: 3 })
      const response = yield* Effect.promise(() => send(fetch, wire, { stream: true }))
      const reading = yield* Effect.forkChild(arrivals(response))
      yield* run
      const proven = (yield* Fiber.join(reading)).filter(({ text }) => proofs[wire].test(text)).map(({ at }) => at)
      assert.deepStrictEqual(proven, wire === "openai-chat" ? [times.at(-1)] : times)
    }))

  it.effect("makes what is not streamed wait for all calls", () =>
    Effect.gen(function*() {
      const waits = yield* Queue.unbounded<number>()
      const pace = (call: number) => {
        Queue.offerUnsafe(waits, call)
        return 200
      }
      const { fetch } = yield* simulated({ script: () => five, pace, latency: "1 second" })
      const asking = yield* Effect.forkChild(Effect.promise(() => send(fetch, wire)))
      yield* Queue.takeN(waits, 5)
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(asking)).status, 200)
    }))

  it.effect("is over with status 499 for a client that goes away in the middle", () =>
    Effect.gen(function*() {
      const waits = yield* Queue.unbounded<number>()
      const pace = (call: number) => {
        Queue.offerUnsafe(waits, call)
        return call === 2 ? 3_600_000 : 0
      }
      const { fetch, requests } = yield* simulated({ script: () => five, pace })
      const controller = new AbortController()
      const response = yield* Effect.promise(() => send(fetch, wire, { stream: true, signal: controller.signal }))
      const reading = yield* Effect.forkChild(Effect.exit(arrivals(response)))
      yield* Queue.takeN(waits, 3)
      assert.deepStrictEqual(yield* requests, [])
      controller.abort()
      yield* Fiber.join(reading)
      const [entry] = yield* requests
      assert.deepInclude(entry, { status: 499, streamed: true, outputTokens: 0, calls: [] })
    }))
})

describe("a stream on a real socket", () => {
  it.live("is over with status 499 for a client that goes away in the middle", () =>
    Effect.gen(function*() {
      const waits = yield* Queue.unbounded<number>()
      const pace = (call: number) => {
        Queue.offerUnsafe(waits, call)
        return 3_600_000
      }
      const { anthropic, requests } = yield* Simulator.serve({ script: () => five, pace })
      const controller = new AbortController()
      yield* Effect.promise(() =>
        send(globalThis.fetch, "anthropic", { root: anthropic, stream: true, signal: controller.signal })
      )
      yield* Queue.take(waits)
      controller.abort()
      const [entry] = yield* Effect.repeat(Effect.delay(requests, "1 millis"), {
        until: (entries) => entries.length > 0
      })
      assert.deepInclude(entry, { status: 499, streamed: true })
    }))
})
