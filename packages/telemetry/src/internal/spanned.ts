import type { Trace } from "@volley/core"
import { failed } from "@volley/core/Trace"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Tracer from "effect/Tracer"
import * as Names from "./conventions.ts"

/** What an agent, or a model, fails with. */
interface Failure {
  readonly reason: { readonly _tag: string }
}

/** The kind of what an effect failed with: the tag of the reason; nothing where it succeeded. */
export const typeOfCause = (exit: Exit.Exit<unknown, Failure>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const failure = exit.cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return failure.error.reason._tag
  return Cause.hasDies(exit.cause) ? "Defect" : "Interrupted"
}

/** Runs an effect under a span, and ends that with it; what it failed with leaves by its kind alone. */
export const spanned = <A, E extends Failure, R>(
  effect: Effect.Effect<A, E, R>,
  trace: Trace.Trace,
  span: Tracer.Span,
  before: (exit: Exit.Exit<A, E>) => void
): Effect.Effect<A, E, R> =>
  Effect.onExit(Effect.provideService(effect, Tracer.ParentSpan, span), (exit) =>
    Effect.sync(() => {
      before(exit)
      endWith(trace, span, exit)
    }))

export const endWith = (trace: Trace.Trace, span: Tracer.Span, exit: Exit.Exit<unknown, Failure>): void => {
  const type = typeOfCause(exit)
  if (type !== undefined) span.attribute(Names.errorType, type)
  trace.end(span, type === undefined ? Exit.void : failed(type))
}
