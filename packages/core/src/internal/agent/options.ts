import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { Spent } from "../../AgentRecorder.ts"
import type * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import type { Content } from "../../Content.ts"
import type { Conversation } from "../../Conversation.ts"
import type { Pricing } from "../../Pricing.ts"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"
import type { Time } from "../duration.ts"
import type { AnySchema } from "../schema/standardSchema.ts"
import type { Left } from "./event.ts"

/** What an agent is asked, what it may call, and how it is bounded. */
export interface Options<out T extends Tool.Any> {
  /** The tools; or what gives those of each turn, asked before it, where they may become others meanwhile. */
  readonly toolkit: Toolkit.Toolkit<T> | Effect.Effect<Toolkit.Toolkit<T>>
  /** What to ask, in words or with images and documents; or a conversation to go on with, wherever it was left: see `run`. */
  readonly prompt: string | ReadonlyArray<Content> | Conversation
  /** What traces and metrics call it. */
  readonly name?: string | undefined
  /** What the model is told to be; not used where `prompt` is a conversation. */
  readonly system?: string | undefined
  /** Tells the model to ask for calls that do not need each other all at once; false. Not used with a conversation. */
  readonly askTogether?: boolean | undefined
  /** Turns whose calls are run; after them comes one final turn with tools switched off. 5. */
  readonly maxRounds?: number | undefined
  /** Calls of all turns together that run, each further one is answered by `LimitExceeded`. Unbounded. */
  readonly maxToolCalls?: number | undefined
  /** Input and output tokens of all turns together, as the provider counts them; some are kept for the answer. Unbounded. */
  readonly maxTokens?: number | undefined
  /** What tokens cost, for `Agent.Ended.cost` and `maxCost`. */
  readonly pricing?: Pricing | undefined
  /** What all turns together may cost, in the currency of `pricing`; some is kept for the answer. Unbounded. */
  readonly maxCost?: number | undefined
  /**
   * How long all of it may take: such as `"2 minutes"`, or a number of milliseconds. As much as the longest turn took is
   * kept for the answer. Unbounded.
   */
  readonly maxDuration?: Duration.Input | Time | undefined
  /** When it began, in milliseconds since the epoch, where that was before now: `maxDuration` counts from then. */
  readonly startedAt?: number | undefined
  /** What was used before, where a conversation is gone on with: limits, `usage` and `cost` count from there. Nothing. */
  readonly spent?: Spent | undefined
  /** What to do at a limit: ask for an answer without tools, or fail with `LimitReached` unless the next turn is one; `"answer"`. */
  readonly atLimit?: "answer" | "fail" | undefined
  /** Streams the model's turns, and starts read-only calls meanwhile; false for `run`, true for `stream`. */
  readonly streaming?: boolean | undefined
  /** Asked behind each round; what it gives goes behind the results as what the person says, before the model is asked again. A crash is logged, and says nothing. */
  readonly steer?: Effect.Effect<ReadonlyArray<string | ReadonlyArray<Content>>> | undefined
  /** Is given what an agent leaves that is interrupted, once its calls have stopped; to be stored, and gone on with. */
  readonly onInterrupt?: ((left: Left) => Effect.Effect<void>) | undefined
  /** The runner that its batches run on, beside those of others; what `batch` leaves out is as the runner has it. */
  readonly runner?: Batch.Runner | undefined
  /** How each batch is bounded. */
  readonly batch?: Batch.Options | undefined
  /** Holds for the first turn alone: a model that had to call tools in every turn could never answer. */
  readonly toolChoice?: ChatModel.ToolChoice | undefined
  /** False has the provider ask for one call a turn. */
  readonly parallelToolCalls?: boolean | undefined
}

/** What the answer has to be: JSON of a schema. An answer that is not goes back to the model within `maxRounds`. */
export interface WithOutput<S extends Schema.Constraint> {
  readonly output: S
}

/** Options, whatever their toolkit and output; one of another library from those who run an agent as a promise. */
export interface AnyOptions extends Options<Tool.Any> {
  readonly output?: AnySchema | undefined
}

/** The names of the options. */
export const names = Struct.keys(
  {
    toolkit: true,
    prompt: true,
    name: true,
    system: true,
    askTogether: true,
    maxRounds: true,
    maxToolCalls: true,
    maxTokens: true,
    pricing: true,
    maxCost: true,
    maxDuration: true,
    startedAt: true,
    spent: true,
    atLimit: true,
    streaming: true,
    steer: true,
    onInterrupt: true,
    runner: true,
    batch: true,
    toolChoice: true,
    parallelToolCalls: true,
    output: true
  } satisfies Readonly<Record<keyof AnyOptions, true>>
)
