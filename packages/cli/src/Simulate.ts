/**
 * `volley simulate`: the simulator as a server, for clients of any kind.
 */
import type * as Dialect from "@volley/simulator/Dialect"
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
 * - `dialect`: how it speaks otherwise than the providers; not at all when left out
 * - `stream`: takes its time over each call that it streams, as a model does, instead of sending all at once
 */
export interface Options {
  readonly scenario: Scenario | undefined
  readonly port: number
  readonly latency: Duration.Input
  readonly fault: Fault.Name | undefined
  readonly dialect?: Dialect.Name | undefined
  readonly stream: boolean
}

/** How long a model takes to write a call. */
export const pace: Duration.Input = "200 millis"

/** Prints the base URLs as one line of JSON, then serves until it is interrupted. */
export const run = ({ dialect, fault, latency, port, scenario, stream }: Options): Effect.Effect<never, UserError> =>
  Effect.scoped(Effect.gen(function*() {
    const { anthropic, google, openai } = yield* Simulator.serve({
      script: ({ prompt }) => (scenario ?? Scenarios.byPrompt(prompt))?.script,
      faults: fault && Fault.named[fault],
      dialect,
      latency,
      pace: stream ? () => pace : undefined,
      port
    })
    yield* Console.log(JSON.stringify({ openai, anthropic, google }))
    return yield* Effect.never
  })).pipe(Effect.mapError(({ message }) => new UserError({ message, exitCode: 1 })))
