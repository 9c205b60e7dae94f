import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import type * as Schema from "effect/Schema"
import type { Access } from "../../Access.ts"
import type { Content } from "../../Content.ts"
import type { Time } from "../duration.ts"
import type { Patterns } from "../schema/patterns.ts"
import type { Declared, Limit } from "./claims.ts"
import type { Call, EffectForm, PromiseForm } from "./handler.ts"

/** What the handler of a tool is: its parameters and the call to an Effect. */
export type Execute<
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R
> = (parameters: P["Type"], call: Call) => Effect.Effect<S["Type"], F["Type"], R>

/** What every tool says of itself. */
export interface Traits<Parameters, F extends Schema.Constraint, ReadOnly extends boolean>
  extends Manner<Parameters, F["Type"], ReadOnly>
{
  /** What it does, which inputs it needs and where they come from: all that a model knows of it. */
  readonly description: string
  /** The schema of the handler's typed error; `Schema.Never` when left out. */
  readonly failure?: F | undefined
}

/** How the calls of a tool may run. */
export interface Manner<Parameters, Failure, ReadOnly extends boolean> {
  /** Running it changes nothing; false unless said. */
  readonly readOnly?: ReadOnly | undefined
  /** Running it twice is the same as once; false unless said. A tool that is neither is never run a second time. */
  readonly idempotent?: boolean | undefined
  /**
   * Whether the same call may come to something else after a failure of it, by the failure; yes unless said. Where it may
   * not, the model is told so, and nothing tries it again.
   */
  readonly repeat?: Repeat<Failure> | undefined
  /**
   * How long one call may take, all attempts together: such as `"5 seconds"`, or a number of milliseconds. The batch's
   * `timeout` when left out.
   */
  readonly timeout?: Duration.Input | Time | undefined
  /** What a call touches. The calls of a tool without it wait for exclusive calls alone. */
  readonly access?: ReadonlyArray<Access> | ((parameters: Parameters) => ReadonlyArray<Access>) | undefined
  /** How many calls may run at once, or start in a while, besides the batch's own `concurrency`. */
  readonly limits?: ReadonlyArray<Limit> | ((parameters: Parameters) => ReadonlyArray<Limit>) | undefined
  /** Which calls need approval before they run, from the `Approver` of the program; none unless said. */
  readonly approval?: "always" | ((parameters: Parameters) => boolean) | undefined
}

/** Whether a call that failed may come to something else: always the same, or by the failure. */
export type Repeat<Failure> = boolean | ((failure: Failure) => boolean)

/** Which calls an `Approver` has to allow: all of them, or those whose parameters ask for it. */
export type Approval<Parameters> = "always" | ((parameters: Parameters) => boolean)

/** What a tool is made of, its handler apart. */
export interface Definition<
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  ReadOnly extends boolean
> extends Traits<P["Type"], F, ReadOnly>, Shown<S["Type"]> {
  readonly parameters: P
  readonly success: S
}

/** What a model is shown of a tool and of its results, where that is not what the schemas say. */
export interface Shown<Success> {
  /** What the model is shown of a result in place of its JSON; texts, and images or documents where its wire takes them. */
  readonly content?: ((value: Success) => ReadonlyArray<Content>) | undefined
  /** What providers are sent in place of the JSON Schema that `parameters` gives. */
  readonly jsonSchema?: JsonSchema.JsonSchema | undefined
}

/** A definition whatever its types; the signature of `Tool.make` gives callers the precise ones. */
export interface AnyDefinition extends
  Omit<
    Definition<Schema.Constraint, Schema.Constraint, Schema.Constraint, boolean>,
    "access" | "limits" | "approval" | "repeat"
  >
{
  readonly access?: Declared<unknown, Access> | undefined
  readonly limits?: Declared<unknown, Limit> | undefined
  readonly approval?: Approval<unknown> | undefined
  readonly repeat?: Repeat<unknown> | undefined
  readonly execute?: EffectForm | undefined
  readonly promise?: PromiseForm | undefined
  readonly patterns?: Patterns | undefined
  readonly resumes?: boolean | undefined
}
