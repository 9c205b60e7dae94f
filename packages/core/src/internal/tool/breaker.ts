import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Predicate from "effect/Predicate"
import { Unavailable } from "../../CallError.ts"
import { ownFailureOf } from "../exit.ts"
import { refuseNoObject } from "../refusals.ts"
import { callable, isFunction, misshapen, type Shape } from "../shapes.ts"
import type { Any } from "./any.ts"
import { changed } from "./changed.ts"
import type { Answering, Attempt } from "./handler.ts"

/** Which calls count together, and which failures of the tool count. */
export interface Breaking {
  readonly key?: string | ((parameters: unknown) => string) | undefined
  readonly isOutage?: ((failure: unknown) => boolean) | undefined
}

/** Throws for what says neither. */
export const refuseNoBreaking = (options: Breaking): void => {
  refuseNoObject("Tool.breaker: argument 2", options, "{ key: \"search\" }")
  const mistake = misshapen(options, shapes)
  if (mistake !== undefined) throw new TypeError(`Tool.breaker: ${mistake}.`)
}

const shapes: ReadonlyArray<Shape> = [
  [
    "key",
    (value) => typeof value === "string" || isFunction(value),
    "`key` is neither text nor a function: write \"search\", or ({ host }) => host"
  ],
  callable("isOutage", "(failure) => failure.status === 503")
]

/** Has the calls of a tool go through the circuit breaker of the program. */
export const broken = (tool: Any, { isOutage = () => true, key = tool.name }: Breaking): Any => {
  const keyOf = typeof key === "function" ? key : () => key
  const classify = classifying(isOutage)
  const through = (attempt: Attempt<unknown, unknown, unknown>): typeof attempt => (parameters, call) =>
    Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
      Effect.catchTag(
        breaker.execute(Effect.suspend(() => attempt(parameters, call)), { key: keyOf(parameters), classify }),
        "CircuitBreakerError",
        refusal
      ))
  return changed(tool, ({ handler: { attempt, isAwaited } }) => ({ handler: { isAwaited, attempt: through(attempt) } }))
}

type Ended = Exit.Exit<unknown, Effect.Error<Answering>>

const classifying = (isOutage: (failure: unknown) => boolean) => (exit: Ended): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const failure = Option.getOrUndefined(ownFailureOf(exit.cause))
  if (failure === undefined) return CircuitBreaker.failure()
  if (failure._tag === "ToolFailure" && waits(failure.failure)) return CircuitBreaker.ignored
  return failure._tag === "ToolFailure" && isOutage(failure.failure) ? CircuitBreaker.failure() : CircuitBreaker.success
}

/** An agent that waits for a decision has not failed. */
const waits = (failure: unknown): boolean =>
  Predicate.isTagged(failure, "AgentFailed") && Predicate.hasProperty(failure, "reason") &&
  failure.reason === "Undecided"

/** A store that cannot be reached is the program's own trouble. */
const refusal = (error: CircuitBreaker.CircuitBreakerError) => {
  const { reason } = error
  if (reason._tag === "CircuitBreakerStoreError") return Effect.die(error)
  const retryAfterMillis = reason._tag === "CircuitOpen" ? Duration.toMillis(reason.retryAfter) : undefined
  return Effect.fail(new Unavailable({ retryAfterMillis }))
}
