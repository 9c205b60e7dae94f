/**
 * The laws of Volley as values, to be checked on your own tools with random calls and in virtual time.
 */
import { type Agent, Batch, type ChatModel, type Pipeline, type Tool, type Toolkit } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as BatchCase from "./BatchCase.ts"
import * as Generate from "./Generate.ts"
import * as GraphCase from "./GraphCase.ts"
import type * as GraphRunner from "./GraphRunner.ts"
import * as Batches from "./internal/batchLaws.ts"
import type { Broken } from "./internal/broken.ts"
import * as Graphs from "./internal/graphLaws.ts"
import { Lab, type Setting, type Turn } from "./internal/lab.ts"
import * as Lines from "./internal/lineLaws.ts"
import type { Runner } from "./internal/runner.ts"
import * as States from "./internal/stateLaws.ts"
import { drawnOf, refuseMisused, throughAgent, throughPipeline } from "./internal/subjects.ts"
import * as Tools from "./internal/toolLaws.ts"
import { NoCases, Violation } from "./internal/violation.ts"
import * as LineCase from "./LineCase.ts"
import * as StateCase from "./StateCase.ts"
import * as Store from "./Store.ts"

export type { Broken } from "./internal/broken.ts"
export type { Runner } from "./internal/runner.ts"
export { NoCases, Violation } from "./internal/violation.ts"

/** What a law says of runners, over random cases of one kind. */
export interface Check<in out Case, in Run> {
  readonly cases: Arbitrary.Arbitrary<Case>
  /** How large lists may grow in them, for `Arbitrary.checkEffect`. */
  readonly size: number
  readonly check: (run: Run, one: Case) => Effect.Effect<void, Broken>
}

/** A law. */
export interface Law {
  readonly name: string
  readonly says: string
}

/** A law of your tools. */
export interface ToolLaw extends Law {
  readonly tools: (lab: Lab) => Effect.Effect<void, Broken, unknown>
}

/** A law of batches. */
export interface BatchLaw extends Law {
  readonly batch: Check<BatchCase.BatchCase, Runner>
}

/** A law of pipelines and plans. */
export interface GraphLaw extends Law {
  readonly graph: Check<GraphCase.GraphCase, GraphRunner.GraphRunner>
}

const batch = (check: BatchLaw["batch"]["check"]): BatchLaw["batch"] => ({ cases: BatchCase.cases, size: 50, check })

const graph = (
  check: GraphLaw["graph"]["check"],
  ...changes: ReadonlyArray<(graph: GraphCase.GraphCase) => GraphCase.GraphCase>
): GraphLaw["graph"] => ({
  cases: Arbitrary.map(
    Arbitrary.all([GraphCase.cases, Generate.oneOf(...changes)]),
    ([graph, change]) => change(graph)
  ),
  size: 200,
  check
})

/** 1. Every call is answered, whatever fails. */
export const total = {
  name: "total",
  says: "Every call gets exactly one outcome, which says how it ended.",
  tools: Tools.total,
  batch: batch(Batches.total),
  graph: graph(Graphs.total, GraphCase.untouching, GraphCase.certain)
} satisfies ToolLaw & BatchLaw & GraphLaw

/** 2. Answers belong to their calls. */
export const matched = {
  name: "matched",
  says: "Every answer carries the id of its call, in call order.",
  tools: Tools.matched,
  batch: batch(Batches.matched),
  graph: graph(Graphs.matched, GraphCase.untouching, GraphCase.certain)
} satisfies ToolLaw & BatchLaw & GraphLaw

/** 3. The failure of one call changes no other. */
export const isolated = {
  name: "isolated",
  says: "A call ends as it would have ended alone.",
  batch: batch(Batches.isolated)
} satisfies BatchLaw

/** 4. Nothing takes longer than it may. */
export const timely = {
  name: "timely",
  says: "A call settles within its timeout, and the batch within its deadline.",
  tools: Tools.timely,
  batch: batch(Batches.timely)
} satisfies ToolLaw & BatchLaw

/** 5. No limit is exceeded. */
export const bounded = {
  name: "bounded",
  says: "Never more calls are started and unsettled than may be.",
  tools: Tools.bounded,
  batch: batch(Batches.bounded),
  graph: graph(Graphs.bounded, GraphCase.untouching, GraphCase.certain)
} satisfies ToolLaw & BatchLaw & GraphLaw

/** 6. No slot is idle while a call could run. */
export const workConserving = {
  name: "workConserving",
  says: "A call starts as soon as what it needs, what it touches and the limits allow.",
  batch: { cases: LineCase.cases, size: 40, check: Lines.workConserving },
  graph: graph(Graphs.workConserving, GraphCase.untouching)
} satisfies GraphLaw & Law & { readonly batch: Check<LineCase.LineCase, Runner> }

/** 7. Calls that run at once have the same results as one by one. */
export const serializable = {
  name: "serializable",
  says: "Calls that run at once come to the same as one after the other, in call order.",
  tools: Tools.serializable,
  batch: { cases: StateCase.cases, size: 40, check: States.serializable },
  graph: graph(Graphs.serializable, GraphCase.certain)
} satisfies ToolLaw & GraphLaw & { readonly batch: Check<StateCase.StateCase, Runner> }

/** 8. Interruption leaves nothing behind. */
export const interruptible = {
  name: "interruptible",
  says: "An interrupted batch stops what it started, and nothing goes on after it.",
  tools: Tools.interruptible,
  batch: batch(Batches.interruptible)
} satisfies ToolLaw & BatchLaw

/** 9. The message is made of calls and outcomes alone. */
export const pure = {
  name: "pure",
  says: "The message to the model depends on calls and outcomes alone.",
  tools: Tools.pure,
  batch: batch(Batches.pure)
} satisfies ToolLaw & BatchLaw

/** 10. The model reads every failure, and no internals. */
export const honest = {
  name: "honest",
  says: "The model reads every failure, no stack trace and no secret; a call that was cut off never runs.",
  tools: Tools.honest,
  batch: batch(Batches.honest)
} satisfies ToolLaw & BatchLaw

/** Tools take every call that fits their schemas. */
export const sound: ToolLaw = {
  name: "sound",
  says: "A tool takes every call that fits its schema, and none crashes it.",
  tools: Tools.sound
}

/** Results survive being written and read. */
export const encodes: ToolLaw = {
  name: "encodes",
  says: "What a tool gives and fails with encodes as its schema says, and decodes back.",
  tools: Tools.encodes
}

/** `readOnly` is true of the tool. */
export const readOnly: ToolLaw = {
  name: "readOnly",
  says: "A read-only tool leaves the state as it was.",
  tools: Tools.readOnly
}

/** `idempotent` is true of the tool. */
export const idempotent: ToolLaw = {
  name: "idempotent",
  says: "An idempotent tool that runs twice with one idempotency key changes the state once.",
  tools: Tools.idempotent
}

/** `access` is true of the tool. */
export const declared: ToolLaw = {
  name: "declared",
  says: "A tool that declares what it touches touches nothing else.",
  tools: Tools.declared
}

/** All laws of tools. */
export const ofTools: ReadonlyArray<ToolLaw> = [
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

/** How the laws of runners are checked. */
export interface RunnerOptions {
  /** Random cases that are tried; 100. */
  readonly runs?: number | undefined
  /** What decides them; a new one for each check, which a violation tells. */
  readonly seed?: string | number | undefined
}

/**
 * Checks a law of a runner of batches, on random batches and in virtual time.
 *
 * - needs the `TestClock`, as `it.effect` provides it
 * - errors: with the smallest batch that breaks the law
 *
 * @example
 * ```ts
 * import { Batch } from "@volley/core"
 * import { Laws } from "@volley/testing"
 * import { Effect } from "effect"
 * import { TestClock } from "effect/testing"
 *
 * // In a test: it.effect("is total", () => Laws.checkRunner(Laws.total, Batch.run))
 * const check = Laws.checkRunner(Laws.total, Batch.run, { runs: 5, seed: 1 })
 * await Effect.runPromise(Effect.provide(check, TestClock.layer()))
 * console.log("it holds") // => it holds
 * ```
 */
export const checkRunner = <Case>(
  law: Law & { readonly batch: Check<Case, Runner> },
  run: Runner,
  options?: RunnerOptions
): Effect.Effect<void, Violation> => held(law, law.batch, run, options)

/**
 * Checks a law of a runner of graphs, such as `GraphRunner.asPipeline` and `GraphRunner.asPlan`.
 *
 * @example
 * ```ts
 * import { GraphRunner, Laws } from "@volley/testing"
 * import { Effect } from "effect"
 * import { TestClock } from "effect/testing"
 *
 * // In a test: it.effect("is bounded", () => Laws.checkGraphs(Laws.bounded, GraphRunner.asPlan))
 * const check = Laws.checkGraphs(Laws.bounded, GraphRunner.asPlan, { runs: 5, seed: 1 })
 * await Effect.runPromise(Effect.provide(check, TestClock.layer()))
 * console.log("it holds") // => it holds
 * ```
 */
export const checkGraphs = (
  law: GraphLaw,
  runner: GraphRunner.GraphRunner,
  options?: RunnerOptions
): Effect.Effect<void, Violation> => held(law, law.graph, runner, options)

const held = <Case, Run>(
  law: Law,
  { cases, check, size }: Check<Case, Run>,
  run: Run,
  { runs = 100, seed }: RunnerOptions = {}
): Effect.Effect<void, Violation> =>
  Effect.gen(function*() {
    const known = seed ?? (yield* newSeed)
    const options = { runs, seed: known, size }
    const found = yield* Arbitrary.checkEffect(cases, (one) => Effect.as(check(run, one), true), options)
    if (found._tag !== "Falsified" || found.failure._tag !== "PropertyError") return
    return yield* violated(law, found.failure.error, known, found.runs)
  })

const newSeed = Random.nextIntBetween(0, 2 ** 31)

const violated = ({ name, says }: Law, { message: why, timeline = "" }: Broken, seed: string | number, runs: number) =>
  new Violation({ law: name, says, why, timeline, seed, runs })

/** How the laws of tools are checked. */
export interface Options<ROut = never> {
  /** What the tools need; built anew for every run, so that every run begins with the same state. */
  readonly layer?: Layer.Layer<ROut, unknown, Store.Store> | undefined
  /** Where the state is, when it is not in the `Store`; `reset` is for what outlives the layer. */
  readonly state?: {
    readonly snapshot: Effect.Effect<unknown, never, NoInfer<ROut>>
    readonly reset?: Effect.Effect<void, never, NoInfer<ROut>> | undefined
  } | undefined
  /** Random turns that are tried; 100. */
  readonly runs?: number | undefined
  /** What decides them; a new one for each check, which a violation tells. */
  readonly seed?: string | number | undefined
  /** `Laws.ofTools` when left out. */
  readonly laws?: ReadonlyArray<ToolLaw> | undefined
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

/** Your own agent, whose tools stay the same: as `Agent.run` takes it; the prompt may be left out. */
export type OwnAgent<T extends Tool.Any> =
  & { readonly toolkit: Toolkit.Toolkit<T> }
  & Omit<Agent.Options<T>, "prompt" | "toolkit">
  & Partial<Pick<Agent.Options<T>, "prompt">>

/**
 * Checks laws on your tools, with random calls and in virtual time; the outside world does not follow that time.
 *
 * - a tool that needs the `Store` gets one; its declarations are compared with what it does there
 * - two serial runs, on different days, show which values change from run to run: ids and times that tools make up are
 *   not compared
 * - a pipeline runs as a whole, each time with another concurrency and speed; it makes its own calls
 * - for an agent, a scripted model asks for the random calls in one turn; in the agent's final conversation every call
 *   must have an answer
 * - errors: the first law that does not hold, with the smallest turn that breaks it
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Laws, Store } from "@volley/testing"
 * import { Effect, Schema } from "effect"
 *
 * const count = Tool.make("count", {
 *   description: "Counts a visit.",
 *   parameters: Schema.Struct({ page: Schema.Literals(["a", "b"]) }),
 *   success: Schema.Int,
 *   readOnly: true, // which is not true
 *   execute: Effect.fn(function*({ page }) {
 *     const store = yield* Store.Store
 *     const n = Number((yield* store.get(page)) ?? 0) + 1
 *     yield* store.set(page, n)
 *     return n
 *   })
 * })
 *
 * // In a test: it.effect("count keeps the laws", () => Laws.check(Toolkit.make(count)))
 * const violation = await Effect.runPromise(Effect.flip(Laws.check(Toolkit.make(count), { runs: 5, seed: 1 })))
 * if (violation._tag === "Violation") console.log(violation.law) // => readOnly
 * ```
 */
export function check<S extends Pipeline.Steps, ROut = never>(
  pipeline: Pipeline.Pipeline<S>,
  options?: Omit<Options<ROut>, "faults" | "maxCalls" | "run">
): Effect.Effect<void, Violation | NoCases, Exclude<S[keyof S]["~requirements"], ROut | Store.Store>>
export function check<T extends Tool.Any, ROut = never>(
  agent: OwnAgent<T>,
  options?: Omit<Options<ROut>, "run">
): Effect.Effect<void, Violation | NoCases, Exclude<Tool.Requirements<T>, ROut | Store.Store | ChatModel.ChatModel>>
// The last one, since the compiler shows what is wrong with the last one.
export function check<T extends Tool.Any, ROut = never>(
  toolkit: Toolkit.Toolkit<T>,
  options?: Options<ROut>
): Effect.Effect<void, Violation | NoCases, Exclude<Tool.Requirements<T>, ROut | Store.Store>>
export function check(
  subject: Toolkit.Any | Pipeline.Pipeline<Pipeline.Steps> | OwnAgent<Tool.Any>,
  options: AnyOptions = {}
): Effect.Effect<void, Violation | NoCases, unknown> {
  refuseMisused(subject, options.laws)
  if ("graph" in subject) {
    const { toolkit } = subject.graph
    const setting = { ...settingOf(toolkit, options), isWhole: true, run: throughPipeline(subject) }
    return checkOn(setting, turnsOf(Generate.oneOf(drawnOf(subject)), subject.graph.nodes.length), options)
  }
  if ("byName" in subject) return checkOn(settingOf(subject, options), turns(subject, options), options)
  const { toolkit, ...agent } = subject
  const setting = { ...settingOf(toolkit, options), isWhole: true, run: throughAgent(agent) }
  return checkOn(setting, turns(toolkit, options), options)
}

const checkOn = (
  setting: Setting,
  cases: Arbitrary.Arbitrary<Turn>,
  options: AnyOptions
): Effect.Effect<void, Violation | NoCases, unknown> =>
  Effect.gen(function*() {
    const seed = options.seed ?? (yield* newSeed)
    const { laws = ofTools, runs = 100 } = options
    const holds = (laws: ReadonlyArray<ToolLaw>) => (turn: Turn) => {
      const lab = new Lab(setting, turn)
      const one = (law: ToolLaw) => Effect.mapError(law.tools(lab), (broken) => ({ law, broken }))
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
    return yield* violated(law, broken, seed, found.runs)
  })

const settingOf = (toolkit: Toolkit.Any, { batch = {}, layer, run = Batch.run, state }: AnyOptions): Setting => ({
  isWhole: false,
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
  turnsOf(Generate.drawn(toolkit, { faults, minLength: 1, maxLength: maxCalls }), maxCalls)

const turnsOf = (
  drawn: Arbitrary.Arbitrary<ReadonlyArray<Generate.Drawn>>,
  most: number
): Arbitrary.Arbitrary<Turn> =>
  Arbitrary.all({
    drawn,
    paces: Arbitrary.array(Generate.upTo(3), { minLength: most, maxLength: most }),
    concurrency: Generate.oneOf(8, 1, 2, 3, 8, 8),
    interruptedAfter: Arbitrary.map(Generate.upTo(9), (n) => n / 10)
  })
