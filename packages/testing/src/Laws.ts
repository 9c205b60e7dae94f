/**
 * The laws of Volley as values, to be checked on somebody's own tools with random calls and in virtual time.
 */
import { Batch, type Tool, type ToolCall, type Toolkit } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Generate from "./Generate.ts"
import type { Broken } from "./internal/broken.ts"
import { Lab, type Setting, type Turn } from "./internal/lab.ts"
import * as Tools from "./internal/toolLaws.ts"
import * as Store from "./Store.ts"

/** A law: its name, what it says, and its check of one random turn of somebody's tools. */
export interface Law {
  readonly name: string
  readonly says: string
  readonly tools: (lab: Lab) => Effect.Effect<void, Broken, unknown>
}

/** Every call is answered, whatever fails. */
export const total: Law = { name: "total", says: "Every call gets exactly one outcome.", tools: Tools.total }

/** Answers belong to their calls. */
export const matched: Law = {
  name: "matched",
  says: "Every answer carries the id of its call, in call order.",
  tools: Tools.matched
}

/** Nothing takes longer than it may. */
export const timely: Law = {
  name: "timely",
  says: "A call settles within its timeout.",
  tools: Tools.timely
}

/** No limit is exceeded. */
export const bounded: Law = {
  name: "bounded",
  says: "Never more calls are started and unsettled than may be.",
  tools: Tools.bounded
}

/** Calls that run at once come to what they come to one by one. */
export const serializable: Law = {
  name: "serializable",
  says: "Calls that run at once come to the same as one after the other, in call order.",
  tools: Tools.serializable
}

/** Interruption leaves nothing behind. */
export const interruptible: Law = {
  name: "interruptible",
  says: "An interrupted batch stops what it started, and nothing goes on after it.",
  tools: Tools.interruptible
}

/** The message is made of calls and outcomes alone. */
export const pure: Law = {
  name: "pure",
  says: "The message to the model depends on calls and outcomes alone.",
  tools: Tools.pure
}

/** The model is told of failures, and of nothing that is not its business. */
export const honest: Law = {
  name: "honest",
  says: "The model is told of every failure and of no stack trace; what was cut off never runs.",
  tools: Tools.honest
}

/** Tools take what their schemas promise. */
export const sound: Law = {
  name: "sound",
  says: "A tool takes every call that fits its schema, and none crashes it.",
  tools: Tools.sound
}

/** Results survive being written and read. */
export const encodes: Law = {
  name: "encodes",
  says: "What a tool gives and fails with encodes as its schema says, and decodes back.",
  tools: Tools.encodes
}

/** `readOnly` is true of the tool. */
export const readOnly: Law = {
  name: "readOnly",
  says: "A read-only tool leaves the state as it was.",
  tools: Tools.readOnly
}

/** `idempotent` is true of the tool. */
export const idempotent: Law = {
  name: "idempotent",
  says: "An idempotent tool that runs twice with one idempotency key changes the state once.",
  tools: Tools.idempotent
}

/** `access` is true of the tool. */
export const declared: Law = {
  name: "declared",
  says: "A tool that declares what it touches touches nothing else.",
  tools: Tools.declared
}

/** All laws of tools. */
export const ofTools: ReadonlyArray<Law> = [
  total,
  matched,
  sound,
  encodes,
  readOnly,
  idempotent,
  declared,
  serializable,
  timely,
  bounded,
  interruptible,
  pure,
  honest
]

/**
 * A law that somebody's tools break.
 *
 * - `why`: how one can tell, on the smallest case that was found
 * - `timeline`: what became of the calls of that case
 * - `seed`: finds the same again
 */
export class Violation extends Data.TaggedError("Violation")<{
  readonly law: string
  readonly says: string
  readonly why: string
  readonly timeline: string
  readonly seed: string | number
  readonly runs: number
}> {
  override get message(): string {
    const { law, runs, says, seed, timeline, why } = this
    const seen = timeline === "" ? "" : `\n\n${timeline.replaceAll(/^/gm, "  ")}`
    return `The law "${law}" does not hold. ${says}\n${why}${seen}\n\nFound in case ${runs}; replay it with { seed: ${
      JSON.stringify(seed)
    } }.`
  }
}

/** The tools say too little of their arguments to draw calls for them. */
export class NoCases extends Data.TaggedError("NoCases")<{ readonly discards: number }> {
  override get message(): string {
    return `No valid calls could be drawn from the schemas of these tools (${this.discards} were refused): state what the ` +
      "parameters must be in their schema, and not in a filter."
  }
}

/** `Batch.run`, or what takes its place. */
export type Runner = (
  toolkit: Toolkit.Any,
  calls: ReadonlyArray<ToolCall.ToolCall>,
  options: Batch.Options
) => Effect.Effect<Pick<Batch.Settled<Tool.Any>, "outcomes">, never, unknown>

/** How the laws of tools are checked. */
export interface Options<ROut = never> {
  /** What the tools need; built anew for every run, so that every run begins with the same state. */
  readonly layer?: Layer.Layer<ROut, unknown, Store.Store> | undefined
  /** Where the state is, when it is not in the `Store`; `reset` is for what outlives the layer. */
  readonly state?: {
    readonly snapshot: Effect.Effect<unknown, never, ROut>
    readonly reset?: Effect.Effect<void, never, ROut> | undefined
  } | undefined
  /** Random turns that are tried; 100. */
  readonly runs?: number | undefined
  /** What decides them; a new one for each check, which a violation tells. */
  readonly seed?: string | number | undefined
  /** `Laws.ofTools` when left out. */
  readonly laws?: ReadonlyArray<Law> | undefined
  /** How often calls have which fault; nearly all are valid when left out. */
  readonly faults?: Generate.Weights | undefined
  /** Calls of a turn, at most; 6. */
  readonly maxCalls?: number | undefined
  /** The options of the batches, whose concurrency is random. */
  readonly batch?: Batch.Options | undefined
  /** What runs the calls; `Batch.run`. */
  readonly run?: Runner | undefined
}

/** Options whatever the layer gives. */
interface AnyOptions extends Omit<Options, "layer" | "state"> {
  readonly layer?: Layer.Layer<never, unknown, Store.Store> | undefined
  readonly state?: {
    readonly snapshot: Effect.Effect<unknown, never, unknown>
    readonly reset?: Effect.Effect<void, never, unknown> | undefined
  } | undefined
}

/**
 * Checks laws on somebody's tools, with random calls and in virtual time; nothing of the outside world moves with it.
 *
 * - a tool that needs the `Store` is given one; what it says of itself is held against what it does there
 * - two serial runs, on different days, tell what is not the same twice: ids and times that tools make up are not compared
 * - errors: the first law that does not hold, with the smallest turn that shows it
 */
export function check<T extends Tool.Any, ROut = never>(
  toolkit: Toolkit.Toolkit<T>,
  options?: Options<ROut>
): Effect.Effect<void, Violation | NoCases, Exclude<Tool.Requirements<T>, ROut | Store.Store>>
export function check(
  toolkit: Toolkit.Any,
  options: AnyOptions = {}
): Effect.Effect<void, Violation | NoCases, unknown> {
  return Effect.gen(function*() {
    const seed = options.seed ?? (yield* Random.nextIntBetween(0, 2 ** 31))
    const { laws = ofTools, runs = 100 } = options
    const setting = settingOf(toolkit, options)
    const cases = turns(toolkit, options)
    const holds = (laws: ReadonlyArray<Law>) => (turn: Turn) => {
      const lab = new Lab(setting, turn)
      const one = (law: Law) => Effect.mapError(law.tools(lab), (broken) => ({ law, broken }))
      return Effect.as(Effect.forEach(laws, one, { discard: true }), true)
    }
    const found = yield* Arbitrary.checkEffect(cases, holds(laws), { runs, seed, size: 10, maxShrinks: 0 })
    if (found._tag === "Exhausted") return yield* new NoCases({ discards: found.discards })
    if (found._tag !== "Falsified" || found.failure._tag !== "PropertyError") return
    // The same seed leads to the same turn, which is made smaller for as long as this one law is broken.
    const { law } = found.failure.error
    const least = yield* Arbitrary.checkEffect(cases, holds([law]), { runs, seed, size: 10, maxShrinks: 300 })
    const { broken } = least._tag === "Falsified" && least.failure._tag === "PropertyError"
      ? least.failure.error
      : found.failure.error
    const { message: why, timeline = "" } = broken
    return yield* new Violation({ law: law.name, says: law.says, why, timeline, seed, runs: found.runs })
  })
}

const settingOf = (toolkit: Toolkit.Any, { batch = {}, layer, run = Batch.run, state }: AnyOptions): Setting => ({
  run,
  toolkit,
  options: batch,
  layer: layer === undefined ? Layer.empty : Layer.orDie(layer),
  snapshot: state?.snapshot ?? Effect.flatMap(Store.Store, ({ entries }) => entries),
  reset: state?.reset ?? Effect.void
})

const nearlyAllValid: Generate.Weights = {
  none: 20,
  malformedJson: 1,
  missingField: 1,
  wrongType: 1,
  unknownTool: 1,
  truncated: 1
}

const turns = (
  toolkit: Toolkit.Any,
  { faults = nearlyAllValid, maxCalls = 6 }: AnyOptions
): Arbitrary.Arbitrary<Turn> =>
  Arbitrary.all({
    drawn: Generate.drawn(toolkit, { faults, minLength: 1, maxLength: maxCalls }),
    paces: Arbitrary.array(Generate.upTo(3), { minLength: maxCalls, maxLength: maxCalls }),
    concurrency: Generate.oneOf(8, 1, 2, 3, 8, 8),
    interruptedAfter: Arbitrary.map(Generate.upTo(9), (n) => n / 10)
  })
