import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { isUndecided, type Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { apart } from "../guarded.ts"
import { type Read, take } from "../readBefore.ts"
import { refuseNoCall, refuseNoList } from "../refusals.ts"
import type { Expansion, Node } from "../tool/any.ts"
import * as Uuid from "../uuid.ts"
import { arrive, arrived, drive, makeEngine } from "./drive.ts"
import { Enclosing } from "./enclosing.ts"
import type { Shared } from "./engine.ts"
import { fit } from "./fit.ts"
import { inCallOrder } from "./inCallOrder.ts"
import { type Job, nextInside } from "./job.ts"
import { Limits } from "./limits.ts"
import { Defaults, type Options, read } from "./options.ts"
import { isInner } from "./place.ts"
import { Run } from "./run.ts"

/** A call that was answered while its tool still went on; await it before closing what the tool uses. */
export interface Stray {
  /** The call that was answered. */
  readonly call: ToolCall
  /** Ends when its tool has stopped. */
  readonly await: Effect.Effect<void>
}

/**
 * What nodes came to.
 *
 * - `outcomes`: one per node, in order
 * - `pending`: the undecided calls
 * - `strays`: the calls whose tools had not stopped in time
 */
export interface Executed {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly pending: ReadonlyArray<ToolCall>
  readonly strays: ReadonlyArray<Stray>
}

/** A runner of several batches; `own` are the options of each that does not say otherwise, unless it is inside another one. */
export interface Runner extends Shared<Job, Run<Job>> {
  readonly own: Options
}

/** Where the runner of several batches has what its runs share. */
export const shared: unique symbol = Symbol("@volley/core/Batch/Runner")

type Toolkit = Expansion["toolkit"]

/** A call that needs no other; made by a constructor, as outcomes are. */
class Single implements Node {
  readonly call: ToolCall
  readonly needs: ReadonlyArray<number> = nothing
  #read: unknown

  constructor(call: ToolCall, read: Read | undefined) {
    this.call = call
    this.#read = read !== undefined && read.text === call.arguments ? read.value : undefined
  }

  take(): unknown {
    const read = this.#read
    this.#read = undefined
    return read
  }
}

const nothing: ReadonlyArray<never> = []

/** The calls of a turn, none of which needs another. */
export const nodesOf = (calls: Iterable<ToolCall>): ReadonlyArray<Node> => {
  refuseNoList("Batch: what is to be run", calls, "tool calls")
  const read = take(calls)
  return Array.from(calls, (call, at) => {
    refuseNoCall("Batch: call", call, at)
    return new Single(call, read[at])
  })
}

/**
 * Is told what nodes came to, and how many calls were run, steps of plans included; also where the run was interrupted: then
 * what has not settled is `Interrupted`, or undecided where its decision was waited for.
 */
export type Watch = (executed: Executed, ran: number) => void

const unwatched: Watch = () => undefined

/** Settles nodes under options: what batches, pipelines and plans all come to. */
export const execute = (
  toolkit: Toolkit,
  nodes: ReadonlyArray<Node>,
  options: Options,
  runner?: Runner,
  watch: Watch = unwatched
): Effect.Effect<Executed, never, unknown> =>
  Effect.contextWith((context: Context.Context<unknown>) => {
    const run = begin(toolkit, nodes, options, context, runner)
    return drive(run, (outcomes) => executed(run, outcomes, watch))
  })

/**
 * Settles calls under options while they arrive, admitted in call order; gives how their stream ended as well.
 *
 * - `atMost`: milliseconds that the deadline may come to, asked for when the stream has ended
 */
export const executeArriving = <E>(
  toolkit: Toolkit,
  calls: Stream.Stream<ToolCall, E, unknown>,
  options: Options,
  atMost: () => number = () => Infinity,
  runner?: Runner,
  watch: Watch = unwatched
): Effect.Effect<Executed & { readonly end: Exit.Exit<void, E> }, never, unknown> =>
  Effect.contextWith((context: Context.Context<unknown>) => {
    const run = begin(toolkit, [], options, context, runner)
    const { deadline } = run
    Object.assign(run, { isArriving: true, deadline: Infinity, expiresAt: Infinity })
    const reading = Stream.runForEach(inCallOrder(streamOf(calls)), (call) =>
      Effect.sync(() => {
        refuseNoCall("Batch.dispatch: what arrives", call)
        arrive(run, call)
      }))
    const read = Effect.tap(
      Effect.exit(apart(reading)),
      (end) => Effect.sync(() => arrived(run, Exit.isSuccess(end), Math.min(deadline, atMost())))
    )
    return Effect.zipWith(
      drive(run, (outcomes) => executed(run, outcomes, watch)),
      read,
      (settled, end) => ({ ...settled, end }),
      { concurrent: true }
    )
  })

/** In plain JavaScript, it may be something else that calls are to arrive in. */
const streamOf = <E>(calls: Stream.Stream<ToolCall, E, unknown>): Stream.Stream<ToolCall, E, unknown> =>
  Stream.isStream(calls) ? calls : Stream.die(new TypeError(noStream))

const noStream = "Batch.dispatch: what is to be run is no stream: give one of tool calls, or run a list with Batch.run."

/** Where limits are counted: in those of a program, or anew. */
export const engineIn = (context: Context.Context<never>): Limits["Service"] =>
  Option.getOrElse(Context.getOption(context, Limits), () => makeEngine())

const begin = (
  toolkit: Toolkit,
  nodes: ReadonlyArray<Node>,
  options: Options,
  context: Context.Context<unknown>,
  runner: Runner | undefined
): Run<Job> => {
  const lender = Context.get(context, Enclosing)?.job
  const shared = runner ?? lender?.run.shared
  const defaults = Context.get(context, Defaults)
  const nth = lender === undefined ? 0 : nextInside(lender)
  const mintId = () => lender?.runIdOf(nth) ?? Uuid.random()
  const own = runner === undefined || isInner({ lender, shared }) ? options : { ...runner.own, ...options }
  return new Run({
    engine: shared?.engine ?? engineIn(context),
    shared,
    lender,
    toolkit,
    nodes: Array.from(nodes),
    bounds: read(own, lender === undefined ? defaults : { ...defaults, runId: undefined }),
    context,
    mintId
  })
}

const executed = (
  { bounds, doubtful, inside, ran, strays }: Run<Job>,
  outcomes: ReadonlyArray<Outcome>,
  watch: Watch
): Executed => {
  const executed = {
    outcomes: fit(outcomes, bounds.maxMessageBytes),
    pending: outcomes.filter(isUndecided).map(({ call }) => pending(call, doubtful, inside.get(call.id))),
    strays: strays.filter(({ isOver }) => !isOver()).map(({ await: end, call }) => ({ call, await: end }))
  }
  watch(executed, ran)
  return executed
}

/** A call that waits for a decision keeps in mind what was in doubt before it, and what was done inside it. */
const pending = (call: ToolCall, doubtful: ReadonlyArray<ToolCall>, inside: unknown): ToolCall => {
  const uncertain = doubtful.filter(({ index }) => index < call.index)
  if (uncertain.length === 0 && inside === undefined) return call
  return { ...call, ...(uncertain.length > 0 && { uncertain }), ...(inside !== undefined && { inside }) }
}
