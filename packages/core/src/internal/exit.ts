import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * An effect that needs no running any more.
 *
 * - the same as `Exit.isExit`, which takes its key as an argument: V8 looks that up anew each time, and every call asks this
 */
export const isOver = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> => "~effect/Exit" in effect

/** What something failed with; nothing where it crashed as well, which counts for more, as Effect has it where it catches errors. */
export const failureOf = <E>(cause: Cause.Cause<E>): Option.Option<E> =>
  Cause.hasDies(cause) ? Option.none() : Cause.findErrorOption(cause)

/** The same of Volley's own errors: in plain JavaScript, what is put around a tool may fail with anything else, which is a crash. */
export const ownFailureOf = <E>(cause: Cause.Cause<E>): Option.Option<E> => Option.filter(failureOf(cause), isOwn)

const isOwn = (failure: unknown): boolean =>
  Predicate.hasProperty(failure, "_tag") && Predicate.hasProperty(failure, "isRetryable")
