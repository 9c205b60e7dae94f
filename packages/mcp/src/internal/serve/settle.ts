import { Approver, type Decision } from "@volley/core/Approver"
import * as Batch from "@volley/core/Batch"
import type * as Outcome from "@volley/core/Outcome"
import type * as Tool from "@volley/core/Tool"
import type { ToolCall } from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"

/**
 * How one call of a client is run.
 *
 * - `verdict`: what the person at the client has decided on it; left out where no one was asked
 */
export interface Asked {
  readonly call: ToolCall
  readonly onCall: Batch.Options["onCall"]
  readonly verdict: Decision | undefined
  readonly signal: AbortSignal
}

/** Settles a call; rejects where it was interrupted. */
export type Settle = (asked: Asked) => Promise<Outcome.Outcome>

/**
 * Makes what settles the calls of all requests and clients, under the same limits and in one order.
 *
 * - what goes on when the scope closes is interrupted
 */
export const settler = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  options: Batch.Options = {}
): Effect.fn.Return<Settle, never, Tool.Requirements<T> | Scope.Scope> {
  const runner = yield* Batch.make(options)
  const own = options.onCall ?? (yield* Batch.Defaults).onCall
  const run = yield* FiberSet.makeRuntimePromise<Tool.Requirements<T>>()
  return ({ call, onCall, signal, verdict }) => {
    const settled = runner.run(toolkit, [call], { onCall: Batch.both(own, onCall) })
    const outcome = Effect.map(deciding(settled, call, verdict), ({ outcomes }) => outcomes[0]!)
    return run(Effect.provideService(outcome, References.LogToStderr, true), { signal })
  }
})

/** Has a verdict stand for the call itself; on the steps of a plan only the program's own `Approver` decides. */
const deciding = <A, R>(effect: Effect.Effect<A, never, R>, { id }: ToolCall, verdict: Decision | undefined) =>
  verdict === undefined ? effect : Effect.updateService(effect, Approver, (own) => ({
    decide: (question) => question.call.id === id ? Effect.succeed(verdict) : own.decide(question)
  }))
