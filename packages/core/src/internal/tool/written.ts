import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Execute, Manner, Shown } from "./definition.ts"
import type { Call } from "./handler.ts"
import type { handlerMistakes, mistakes } from "./mistakes.ts"

type Mistakes = typeof mistakes
type HandlerMistakes = typeof handlerMistakes

/**
 * A schema of Effect, such as `Schema.Struct({ city: Schema.String })`.
 *
 * - `_Else`: what to do with any other schema, which the compiler shows with the name of this type
 */
export interface SchemaOfEffect<_Else extends string = ForOthers> extends Schema.Constraint {}

type ForOthers = "schemas of zod and other libraries go into Tool.fromFunction"

/**
 * What `Tool.make` takes: `description`, `parameters` and `success` have to be there, as `Complete` says, so that the
 * compiler can name the one that is missing.
 */
export interface ToolDefinition<
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  X,
  ReadOnly extends boolean
> extends Manner<P["Type"], F["Type"], ReadOnly>, Shown<S["Type"]> {
  /** What it does, which inputs it needs and where they come from: all that a model knows of it. */
  readonly description?: string
  /** The schema of the arguments. */
  readonly parameters?: P
  /** The schema of the result. */
  readonly success?: S
  /** The schema of the handler's typed error; `Schema.Never` when left out. */
  readonly failure?: F | undefined
  /** Answers a call; where it is left out, the tool needs `Tool.Handler`, which `Toolkit.toLayer` provides. */
  readonly execute?: Handling<P, S, F, X>
}

/** What a handler needs that gives an `X`: as `Effect.Services`, and cheaper for the compiler, which finds out nothing else. */
export type Needs<X> = X extends Effect.Effect<unknown, unknown, infer R> ? R : never

/**
 * A handler that gives an `X`, or what is wrong with it.
 *
 * - a condition, since the compiler looks into one with all that it knows of the schemas by then: so literals stay literal
 * - `Exclude`, and not a tuple around both sides, has the compiler do a tenth less for a tool
 */
type Handling<P extends Schema.Constraint, S extends Schema.Constraint, F extends Schema.Constraint, X> =
  Exclude<X, Effect.Effect<S["Type"], F["Type"], unknown>> extends never ? (parameters: P["Type"], call: Call) => X
    : `\`execute\` ${HandlerMistakes[MistakeOf<S, X>]}` & Execute<P, S, F, unknown>

/** What no handler is, with what is wrong with this one, and what it should be. */
export type WrongHandler<
  Name extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  X
> = [Name] extends [never] ? never : `${Name} ${HandlerMistakes[MistakeOf<S, X>]}` & Execute<P, S, F, unknown>

type MistakeOf<S extends Schema.Constraint, X> = X extends PromiseLike<unknown> ? "promise"
  : X extends Generator<unknown, unknown, never> ? "generator"
  : [X] extends [Effect.Effect<unknown, unknown, unknown>]
    ? [X] extends [Effect.Effect<S["Type"], unknown, unknown>] ? "fails" : "gives"
  : "plain"

/** The options of `Tool.make`. */
export type Option = keyof ToolDefinition<Schema.Constraint, Schema.Constraint, Schema.Constraint, unknown, boolean>

/** Has the compiler find out which options are given. */
export type Given<K extends string> = { readonly [name in K]?: unknown }

/** What no definition is where something is missing. */
export type Complete<K, Needed extends keyof Mistakes = "description" | "parameters" | "success"> = [Needed] extends [K]
  ? unknown
  : Mistakes[Exclude<Needed, K>]
