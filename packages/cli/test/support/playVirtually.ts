import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Scenario } from "@volley/simulator/Scenario"
import * as Simulator from "@volley/simulator/Simulator"
import * as WebService from "@volley/simulator/WebService"
import { Effect, Exit, Layer, Logger, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { play } from "../../src/Play.ts"
import type { Wire } from "../../src/Wires.ts"
import { held, VirtualTime } from "./virtual.ts"

const real = Layer.mergeAll(NodeServices.layer, FetchHttpClient.layer, Logger.layer([]))

/** Plays a scenario through the official SDK, whose `fetch` leads straight into the simulator, in virtual time. */
export const playVirtually = async (scenario: Scenario, wire: Wire, options: {
  readonly serial: boolean
  readonly latency: number
  readonly streaming?: boolean
  readonly pace?: Simulator.Options["pace"]
}) => {
  const time = new VirtualTime()
  const program = Effect.gen(function*() {
    const simulator = yield* Simulator.make({
      script: () => scenario.script,
      latency: options.latency,
      pace: options.pace
    })
    const fetch = yield* Simulator.fetch(simulator.app)
    const { layer } = yield* Effect.promise(wire.load)
    const model = layer({ model: wire.model, apiKey: Redacted.make("simulated"), fetch })
    const played = yield* Effect.provide(
      play(scenario, { serial: options.serial, streaming: options.streaming ?? false }),
      model
    )
    return { played, requests: yield* simulator.requests }
  }).pipe(
    Effect.provide(Layer.provideMerge(held(time), real)),
    Effect.provideService(WebService.Pause, (millis) => time.release(Effect.sleep(millis)))
  )
  const exit = await time.run(program)
  if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
  return exit.value
}
