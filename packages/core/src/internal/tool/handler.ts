import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { ToolFailure, Unavailable, Unencodable } from "../../CallError.ts"
import type { Content } from "../../Content.ts"
import { failureOf, isOver } from "../exit.ts"
import { notAnEffect } from "./mistakes.ts"

/**
 * What a handler is told about the call it answers.
 *
 * - `attempt`: 1 at first, then one more with every retry
 * - `idempotencyKey`: a UUID, the same for every attempt at this call in this run, for services that refuse to act twice
 * - `deadline`: when the answer stops counting, in milliseconds since the epoch; `Infinity` when nothing limits it
 * - `progress`: says how far the call is, as `CallProgress`
 */
export interface Call {
  readonly id: string
  readonly attempt: number
  readonly idempotencyKey: string
  readonly deadline: number
  readonly progress: (progress: Schema.Json) => Effect.Effect<void>
}

/** Under this key a runner's calls have what says that a second attempt begins beside the first. */
export const hedged = Symbol("@volley/core/hedged")

/** Says that a second attempt begins beside the first, where a runner follows the call. */
export const tellHedged = (call: Call & { readonly [hedged]?: Effect.Effect<void> }): Effect.Effect<void> =>
  call[hedged] ?? Effect.void

/** What a tool gave back: the value, the same as its `success` schema writes it, and what its `content` shows of it. */
export interface Answer<out A> {
  readonly value: A
  readonly json: Schema.Json
  readonly content?: ReadonlyArray<Content> | undefined
}

/** Executes a call whose arguments were decoded; once per attempt. */
export type Attempt<A, F, R> = (
  parameters: unknown,
  call: Call
) => Effect.Effect<Answer<A>, ToolFailure<F> | Unencodable | Unavailable, R>

/**
 * What answers the calls of a tool.
 *
 * - `attempt`: runs the handler and encodes what it gives; throws nothing
 * - `isAwaited`: the tool has none of its own; `Toolkit.toLayer` gives it one
 * - `parts`: what `attempt` is made of, where nothing was put around it: a runner puts it together for less
 */
export interface Handler<out A, out F, out R> {
  readonly attempt: Attempt<A, F, R>
  readonly isAwaited?: boolean | undefined
  readonly parts?: Parts | undefined
}

/** What an attempt at a call comes to, as an effect that mostly is an `Exit`. */
export type Answering = ReturnType<Attempt<unknown, unknown, unknown>>

/** What a handler's value and its typed error come to; may throw. */
interface Ends {
  readonly answer: (value: unknown) => Answering
  readonly fail: (failure: unknown) => Answering
}

/** A handler as `Tool.make` takes it. */
export type EffectForm = (parameters: unknown, call: Call) => Effect.Effect<unknown, unknown, unknown>

/** A handler as `Tool.fromFunction` takes it. */
export interface PromiseForm {
  readonly execute: (parameters: unknown, signal: AbortSignal, call: Call) => Promise<unknown>
  readonly catch?: ((error: unknown) => unknown) | undefined
}

export interface EffectParts extends Ends {
  readonly form: "effect"
  readonly execute: EffectForm
}

export interface PromiseParts extends Ends {
  readonly form: "promise"
  readonly execute: PromiseForm["execute"]
  readonly reject: (error: unknown) => Answering
}

export type Parts = EffectParts | PromiseParts

/** A handler that is an effect. */
export const ofEffect = (execute: EffectForm, ends: Ends): Handler<unknown, unknown, unknown> => {
  const parts: EffectParts = { form: "effect", execute, ...ends }
  const matched = { onFailure: ends.fail, onSuccess: ends.answer }
  return {
    attempt: (parameters, call) => {
      const executed = begun(parts, parameters, call)
      return isOver(executed) ? answerOf(parts, executed) : Effect.matchEffect(executed, matched)
    },
    parts
  }
}

/** A handler that is a function which gives a promise. */
export const ofPromise = (
  { catch: caught, execute }: PromiseForm,
  ends: Ends
): Handler<unknown, unknown, unknown> => {
  const reject = caught === undefined ? Effect.die : (error: unknown) => ends.fail(caught(error))
  const parts: PromiseParts = { form: "promise", execute: promised(execute), ...ends, reject }
  return {
    attempt: (parameters, call) =>
      Effect.flatten(Effect.promise((signal) =>
        parts.execute(parameters, signal, call).then(
          (value) => answered(parts, value),
          (error) => rejected(parts, error)
        )
      )),
    parts
  }
}

/** What is thrown in place of a promise is as good as rejected; what is given in place of one, as good as kept. */
const promised = (execute: PromiseForm["execute"]): PromiseForm["execute"] => (parameters, signal, call) => {
  try {
    return Promise.resolve(execute(parameters, signal, call))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** A handler's effect; what it throws or gives instead is its defect. */
export const begun = (
  { execute }: EffectParts,
  parameters: unknown,
  call: Call
): Effect.Effect<unknown, unknown, unknown> => {
  try {
    const effect = execute(parameters, call)
    return Effect.isEffect(effect) ? effect : Effect.die(new Error(`The handler ${notAnEffect(effect)}.`))
  } catch (defect) {
    return Effect.die(defect)
  }
}

/** What a handler's effect comes to, once it is over. */
export const answerOf = (parts: EffectParts, exit: Exit.Exit<unknown, unknown>): Answering => {
  if (Exit.isSuccess(exit)) return answered(parts, exit.value)
  const failure = failureOf(exit.cause)
  return Option.isSome(failure) ? ending(parts.fail, failure.value) : Effect.failCause(crashOf(exit.cause))
}

/** Where a handler failed and crashed at once, it crashed, as Effect has it where an error is caught; both are kept. */
const crashOf = (cause: Cause.Cause<unknown>): Cause.Cause<never> =>
  Cause.fromReasons(
    cause.reasons.map((reason) => Cause.isFailReason(reason) ? Cause.makeDieReason(reason.error) : reason)
  )

/** What a handler's value comes to. */
export const answered = ({ answer }: Parts, value: unknown): Answering => ending(answer, value)

/** What the rejection of a handler's promise comes to. */
export const rejected = ({ reject }: PromiseParts, error: unknown): Answering => ending(reject, error)

// Without a closure, since every call comes through here.
const ending = (end: (value: unknown) => Answering, value: unknown): Answering => {
  try {
    return end(value)
  } catch (defect) {
    return Effect.die(defect)
  }
}
