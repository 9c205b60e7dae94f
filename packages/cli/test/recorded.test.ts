/**
 * A session of each wire that was recorded once, played again to our Layers and the official SDKs behind them.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, expect, it } from "@effect/vitest"
import { Recording, Replay, Scenarios, Simulator } from "@volley/simulator"
import { Effect, Layer, Redacted, Result } from "effect"
import { FetchHttpClient } from "effect/http"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { play } from "../src/Play.ts"
import * as Wires from "../src/Wires.ts"
import { facts } from "./support/facts.ts"

const scenario = Scenarios.byName("compare")!

const fileOf = ({ name }: Wires.Wire) =>
  fileURLToPath(new URL(`../../simulator/test/recorded/${name}.jsonl`, import.meta.url))

/** Plays the scenario twice, whole and streamed; gives both answers. */
const session = Effect.fnUntraced(function*(wire: Wires.Wire, { app }: Simulator.Simulator) {
  const fetch = yield* Simulator.fetch(app)
  const { layer } = yield* Effect.promise(wire.load)
  const model = layer({ model: wire.model, apiKey: Redacted.make("key"), fetch, maxRetries: 0 })
  const answers = yield* Effect.forEach([false, true], (streaming) => play(scenario, { serial: false, streaming }))
    .pipe(Effect.provide(model))
  return answers.map(({ ended }) => ended.answer)
}, Effect.provide(Layer.mergeAll(NodeServices.layer, FetchHttpClient.layer)))

/** A recording without what is of one machine: what the SDKs say of themselves in headers. */
const withoutHeaders = (exchange: Recording.Exchange): string =>
  Recording.toLine({ ...exchange, request: { ...exchange.request, headers: {} } })

const expected = facts["compare"]?.answer

describe.each(Wires.all)("The recorded session of $name", (wire) => {
  it("is what the simulator and the Layer say to each other", async () => {
    const lines: Array<string> = []
    const simulator = Simulator.make({
      script: () => scenario.script,
      record: (exchange) => Effect.sync(() => void lines.push(withoutHeaders(exchange)))
    })
    const answers = await Effect.runPromise(Effect.flatMap(simulator, (simulator) => session(wire, simulator)))
    assert.deepStrictEqual(answers, [expected, expected])
    assert.lengthOf(lines, 4)
    await expect(lines.join("")).toMatchFileSnapshot(fileOf(wire))
  })

  it.live("plays again, and the Layer keeps to its side of it", () =>
    Effect.gen(function*() {
      const exchanges = Result.getOrThrow(Recording.parse(readFileSync(fileOf(wire), "utf8")))
      const simulator = yield* Replay.make(exchanges)
      assert.deepStrictEqual(yield* session(wire, simulator), [expected, expected])
      assert.deepStrictEqual((yield* simulator.requests).map(({ status, streamed }) => [status, streamed]), [
        [200, false],
        [200, false],
        [200, true],
        [200, true]
      ])
    }))

  it.live("is refused where the Layer asks something else", () =>
    Effect.gen(function*() {
      const exchanges = Result.getOrThrow(Recording.parse(readFileSync(fileOf(wire), "utf8")))
      const { app } = yield* Replay.make(exchanges.slice(1))
      const error = yield* Effect.flip(session(wire, { app, requests: Effect.succeed([]) }))
      assert.include(error.message, "Request 2 is not the one recorded: body.")
    }))
})
