/**
 * `volley simulate`: the simulator as a server, for clients of any kind.
 */
import * as Fault from "@volley/simulator/Fault"
import type { Scenario } from "@volley/simulator/Scenario"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Simulator from "@volley/simulator/Simulator"
import * as Console from "effect/Console"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { UserError } from "./UserError.ts"

/**
 * What to serve.
 *
 * - `scenario`: what is played whatever the prompt; each prompt its own scenario when left out
 * - `fault`: how it fails; not at all when left out
 */
export interface Options {
  readonly scenario: Scenario | undefined
  readonly port: number
  readonly latency: Duration.Input
  readonly fault: Fault.Name | undefined
}

/** Prints the base URLs as one line of JSON, then serves until it is interrupted. */
export const run = ({ fault, latency, port, scenario }: Options): Effect.Effect<never, UserError> =>
  Effect.scoped(Effect.gen(function*() {
    const { anthropic, google, openai } = yield* Simulator.serve({
      script: ({ prompt }) => (scenario ?? Scenarios.byPrompt(prompt))?.script,
      faults: fault && Fault.named[fault],
      latency,
      port
    })
    yield* Console.log(JSON.stringify({ openai, anthropic, google }))
    return yield* Effect.never
  })).pipe(Effect.mapError(({ message }) => new UserError({ message, exitCode: 1 })))
