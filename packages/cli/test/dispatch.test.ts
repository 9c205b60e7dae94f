/**
 * Calls that run while their turn is still being written, through the official SDKs, in virtual time.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Tool, Toolkit } from "@volley/core"
import type { Script } from "@volley/simulator/Script"
import * as Simulator from "@volley/simulator/Simulator"
import { Clock, Effect, Exit, Redacted, Schema } from "effect"
import * as Wires from "../src/Wires.ts"
import { plain } from "./support/plainClients.ts"
import { VirtualTime } from "./support/virtual.ts"

const lengths = [1000, 800, 600, 400, 200]

const look = Tool.make("look", {
  description: "Looks for a while. `ms` comes from the user.",
  parameters: Schema.Struct({ ms: Schema.Finite }),
  success: Schema.Finite,
  readOnly: true,
  execute: ({ ms }) => Effect.as(Effect.sleep(ms), ms)
})

const toolkit = Toolkit.make(look)

const prompt = "Look five times."

const script: Script = {
  wants: () => lengths.map((ms) => ({ name: "look", arguments: { ms } })),
  answer: (seen) => `I saw ${seen.map(({ result }) => result).join(", ")}.`
}

/** Plays the script to a wire whose calls come with these pauses before them. */
const play = async (wire: Wires.Wire, pauses: ReadonlyArray<number>, ask: Ask) => {
  const exit = await new VirtualTime().run(Effect.gen(function*() {
    const simulator = yield* Simulator.make({ script: () => script, pace: (call) => pauses[call]! })
    const fetch = yield* Simulator.fetch(simulator.app)
    const began = yield* Clock.currentTimeMillis
    const { answer, outcomes } = yield* ask(wire, fetch)
    const ended = yield* Clock.currentTimeMillis
    return {
      spans: outcomes.map(({ endedAt, startedAt }) => [startedAt - began, endedAt - began]),
      took: ended - began,
      answer,
      statuses: (yield* simulator.requests).map(({ status }) => status)
    }
  }))
  if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
  return exit.value
}

const agent = Effect.fnUntraced(function*(wire: Wires.Wire, fetch: typeof globalThis.fetch) {
  const { layer } = yield* Effect.promise(wire.load)
  const model = layer({ model: wire.model, apiKey: Redacted.make("simulated"), fetch })
  const { answer, rounds } = yield* Effect.provide(Agent.run({ toolkit, prompt, streaming: true }), model)
  return { answer, outcomes: rounds.flatMap(({ settled }) => settled.outcomes) }
})

const ownLoop = (wire: Wires.Wire, fetch: typeof globalThis.fetch) =>
  plain[wire.name]({ model: wire.model, fetch, toolkit, prompt })

type Ask = typeof agent | typeof ownLoop

const ways = [{ how: "Agent.run", ask: agent }, { how: "the plain client, its parts and Batch.dispatch", ask: ownLoop }]

const paces = [
  { how: "200 ms apart", pauses: [200, 200, 200, 200, 200], at: [200, 400, 600, 800, 1000] },
  { how: "in bursts of two", pauses: [200, 0, 400, 0, 400], at: [200, 200, 600, 600, 1000] }
]

describe.each(Wires.all)("five reads of one streamed turn on $name", (wire) => {
  const whole = wire.name === "openai-chat"
  const when = whole
    ? "all start at the end of the stream, before which no call is known to be complete, and end after 2,000 ms"
    : "each start when they are complete, and end after 1,200 ms"
  for (const { ask, how: way } of ways) {
    it.each(paces)(`that come $how, through ${way}, ${when}`, async ({ at, pauses }) => {
      const { answer, spans, statuses, took } = await play(wire, pauses, ask)
      const starts = whole ? lengths.map(() => 1000) : at
      assert.deepStrictEqual(spans, starts.map((start, index) => [start, start + lengths[index]!]))
      assert.strictEqual(Math.max(...spans.flat()), whole ? 2000 : 1200)
      assert.deepStrictEqual({ answer, statuses, took }, {
        answer: "I saw 1000, 800, 600, 400, 200.",
        statuses: [200, 200],
        took: whole ? 2000 : 1200
      })
    })
  }
})
