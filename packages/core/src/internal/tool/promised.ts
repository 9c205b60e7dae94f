import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { isNamed, messageOf, nameOf } from "../../Thrown.ts"
import type * as Standard from "../schema/standardSchema.ts"
import type { Manner, Shown } from "./definition.ts"
import type { Call } from "./handler.ts"
import type { failureMistakes, handlerMistakes } from "./mistakes.ts"

type HandlerMistakes = typeof handlerMistakes
type FailureMistakes = typeof failureMistakes

/** How a function fails: as a schema says, with the message of what it throws, or not at all. */
export type Failing = Standard.Described | "message"

/** The failure of a tool, by how its function fails. */
export type FailureOf<F> = F extends "message" ? typeof Thrown : Standard.SuccessOf<F>

/** What `Tool.fromFunction` takes; `description` and `parameters` have to be there, as with `Tool.make`. */
export interface FunctionDefinition<
  P extends Standard.Described,
  S extends Standard.Described,
  F extends Failing,
  X,
  ReadOnly extends boolean,
  C
> extends
  Manner<Standard.ParametersOf<P>["Type"], FailureOf<F>["Type"], ReadOnly>,
  Shown<Standard.SuccessOf<S>["Type"]>
{
  /** What it does, which inputs it needs and where they come from: all that a model knows of it. */
  readonly description?: string
  /** A schema of the arguments: of Effect, zod, valibot, arktype, or a JSON Schema. */
  readonly parameters?: P
  /** A schema of the result, likewise; where it is left out, the result is whatever JSON the function gives. */
  readonly success?: S
  /**
   * The schema of the tool's own failures, of any library: what `catch` makes, or what is thrown of a class that it names.
   * `"message"`: an `Error` is a failure, and the model reads its message. All else that is thrown is a crash, of which the
   * model reads nothing, and so are bugs: a `TypeError` and such.
   */
  readonly failure?: F | undefined
  /**
   * Makes the failure of what was thrown; what it throws itself is a crash, of which the model reads nothing.
   */
  readonly catch?: (Caught<F, C> & ((error: unknown) => C)) | undefined
  /** Answers a call; `signal` is aborted once the answer is not waited for any more. */
  readonly execute?: Handling<P, S, X>
}

/** A function that gives an `X`, or what is wrong with it; a condition for the reason that `Tool.make` has one. */
type Handling<P, S, X> = [X] extends [PromiseLike<Standard.SuccessOf<S>["Type"]>]
  ? (parameters: Standard.ParametersOf<P>["Type"], signal: AbortSignal, call: Call) => X
  :
    & `\`execute\` ${HandlerMistakes[MistakeOf<X>]}`
    & ((
      parameters: Standard.ParametersOf<P>["Type"],
      signal: AbortSignal,
      call: Call
    ) => Promise<Standard.SuccessOf<S>["Type"]>)

/** What is wrong with what makes failures, if anything is. */
type Caught<F, C> = [C] extends [FailureOf<F>["Type"]] ? unknown
  : [Unfixed<C>] extends [FailureOf<F>["Type"]] ? unknown
  : `\`catch\` ${FailureMistakes[
    typeof Schema.Never extends F ? "undeclared" : C extends PromiseLike<unknown> ? "waits"
    : "catches"
  ]}`

/** The same with lists that may be changed, as those of a value are not whose literals are kept. */
type Unfixed<C> = C extends ReadonlyArray<unknown> | { readonly [key: string]: unknown }
  ? { -readonly [K in keyof C]: Unfixed<C[K]> }
  : C

/** What no definition is whose failures nothing makes: what is thrown is no instance of a schema of another library. */
export type Made<F, K> = ["catch"] extends [K] ? unknown
  : F extends Schema.Constraint | "message" ? unknown
  : FailureMistakes["unmade"]

type MistakeOf<X> = X extends PromiseLike<unknown> ? "gives"
  : X extends Effect.Effect<unknown, unknown, unknown> ? "effect"
  : "sync"

/** The options of `Tool.fromFunction`. */
export type FunctionOption = keyof FunctionDefinition<
  Schema.Constraint,
  Schema.Constraint,
  Schema.Constraint,
  unknown,
  boolean,
  unknown
>

/** An `Error` that was thrown, as its name and its message. */
export const Thrown = Schema.Struct({ _tag: Schema.String, message: Schema.String }).pipe(
  Schema.decodeTo(Schema.instanceOf(Error), {
    decode: SchemaGetter.transform(({ _tag, message }) => Object.assign(new Error(message), { name: _tag })),
    encode: SchemaGetter.transform((error) => ({ _tag: nameOf(error), message: error.message }))
  })
)

/** Errors of the language itself: bugs of the program, of which a model is told nothing. */
const bugs = ["TypeError", "ReferenceError", "RangeError", "SyntaxError", "EvalError", "URIError", "AssertionError"]

/** Takes for the failure what is thrown of a class that a schema of failures names; throws the rest, for a crash. */
export const byClass = (failure: Schema.Constraint) => {
  const classes = classesIn(failure)
  return (thrown: unknown): unknown => {
    if (!classes.some((of) => thrown instanceof of)) throw thrown
    return thrown
  }
}

/** Every schema is a function, and only one that is a class has instances. */
const classesIn = (schema: unknown): ReadonlyArray<NewableFunction> => {
  if (Predicate.hasProperty(schema, "members") && Array.isArray(schema.members)) {
    return schema.members.flatMap(classesIn)
  }
  return typeof schema === "function" ? [schema] : []
}

/** Takes an error for a failure with its message; throws what is no error, and what is a bug, for a crash. */
export const byMessage = (thrown: unknown): Error => {
  if (!isNamed(thrown, "Error") || bugs.some((bug) => isNamed(thrown, bug))) throw thrown
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown), { cause: thrown })
}
