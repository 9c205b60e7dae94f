import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { InvalidArguments, ToolFailure, Unencodable } from "../../CallError.ts"
import type * as Tool from "../../Tool.ts"
import { isOver } from "../exit.ts"
import { guarded } from "../guarded.ts"

/** What an attempt at a call comes to, as an effect that mostly is an `Exit`. */
export type Answering = Effect.Effect<Tool.Answer<unknown>, ToolFailure<unknown> | Unencodable, unknown>

/**
 * What is around a handler.
 *
 * - `answer`, `fail`: what its value and its typed error come to; may throw
 */
interface Ends {
  readonly parametersOf: (args: unknown) => Effect.Effect<unknown, InvalidArguments, unknown>
  readonly answer: (value: unknown) => Answering
  readonly fail: (failure: unknown) => Answering
}

/** A handler as `Tool.make` takes it. */
export type Execute = (parameters: unknown, call: Tool.Call) => Effect.Effect<unknown, unknown, unknown>

/** A handler as `Tool.fromFunction` takes it. */
export interface PromiseForm {
  readonly execute: (parameters: unknown, signal: AbortSignal, call: Tool.Call) => Promise<unknown>
  readonly catch?: ((error: unknown) => unknown) | undefined
}

export interface EffectParts extends Ends {
  readonly form: "effect"
  readonly execute: Execute
}

export interface PromiseParts extends Ends {
  readonly form: "promise"
  readonly execute: PromiseForm["execute"]
  readonly reject: (error: unknown) => Answering
}

/** What a tool's `call` is made of: a runner that needs no more puts it together for less than the whole costs. */
export type Parts = EffectParts | PromiseParts

/** The `call` of a tool whose handler is an effect. */
export const ofEffect = (execute: Execute, ends: Ends): Tool.Any["call"] => {
  const parts: EffectParts = { ...ends, form: "effect", execute }
  const matched = { onFailure: ends.fail, onSuccess: ends.answer }
  return calling(parts, (parameters) => (call) => {
    const executed = guarded(() => execute(parameters, call))
    return isOver(executed) ? answerOf(parts, executed) : Effect.matchEffect(executed, matched)
  })
}

/** The `call` of a tool whose handler is a function that gives a promise. */
export const ofPromise = ({ catch: caught, execute }: PromiseForm, ends: Ends): Tool.Any["call"] => {
  const parts: PromiseParts = {
    ...ends,
    form: "promise",
    execute: (parameters, signal, call) => {
      try {
        return Promise.resolve(execute(parameters, signal, call))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    reject: caught === undefined ? Effect.die : (error) => ends.fail(caught(error))
  }
  return calling(
    parts,
    (parameters) => (call) =>
      Effect.flatten(Effect.promise((signal) =>
        parts.execute(parameters, signal, call).then(
          (value) => answered(parts, value),
          (error) => rejected(parts, error)
        )
      ))
  )
}

const calling = (
  parts: Parts,
  attempt: (parameters: unknown) => Tool.Attempt<unknown, unknown, unknown>
): Tool.Any["call"] => {
  const call: Tool.Any["call"] = (args, use) =>
    Effect.flatMapEager(guarded(() => parts.parametersOf(args)), (parameters) => use(attempt(parameters)))
  all.set(call, parts)
  return call
}

/** Parts go with a `call`: whoever puts something around it has a `call` of their own, and no parts. */
const all = new WeakMap<Tool.Any["call"], Parts>()

export const partsOf = ({ call }: Tool.Any): Parts | undefined => all.get(call)

/** What a handler's effect comes to, once it is over. */
export const answerOf = (parts: EffectParts, exit: Exit.Exit<unknown, unknown>): Answering => {
  if (Exit.isSuccess(exit)) return answered(parts, exit.value)
  const failure = Cause.findError(exit.cause)
  return Result.isSuccess(failure) ? guarded(() => parts.fail(failure.success)) : Effect.failCause(failure.failure)
}

/** What a handler's value comes to. */
export const answered = (parts: Parts, value: unknown): Answering => guarded(() => parts.answer(value))

/** What the rejection of a handler's promise comes to. */
export const rejected = (parts: PromiseParts, error: unknown): Answering => guarded(() => parts.reject(error))
