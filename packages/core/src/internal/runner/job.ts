import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Step } from "../../Approver.ts"
import type { InvalidArguments, Reason, ToolFailure } from "../../CallError.ts"
import type { Started, Wait, Why } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import type { Ended, Used } from "../../Recorder.ts"
import type { ToolCall } from "../../ToolCall.ts"
import type { Any, Expansion, Node } from "../tool/any.ts"
import type { Claims } from "../tool/claims.ts"
import type { Answer } from "../tool/handler.ts"
import { idempotencyKey } from "./idempotencyKey.ts"
import type { Line } from "./line.ts"
import type { Place } from "./order.ts"
import type { Gate, Pool } from "./room.ts"
import type { Run } from "./run.ts"

/**
 * Room that a job has taken under a key.
 *
 * - `from`: what an outer job has, where that was taken and no new room; `lentTo` is what another job has of this one
 * - `isAway`: that job is not inside its own
 * - `outer`: what the jobs around it have; `fresh`, new room that inner jobs had to take, since this was lent already
 */
export interface Hold {
  readonly pool: Pool<Job>
  readonly outer: ReadonlyArray<Hold>
  fresh: Set<Hold> | undefined
  from: Hold | undefined
  lentTo: Hold | undefined
  isAway: boolean
}

/**
 * A call on its way from stage to stage.
 *
 * - `index`: its place among its siblings: the calls of the run, or of the job that became several
 * - `args`, `parameters`: as JSON, and as its tool takes them
 * - `startedAt`, `expiresAt`: of all its attempts together; it is `isRunning` between its start and its end
 * - `ended`: nothing that is done for it counts any more; it is `over` once it has its outcome
 * - `isHeard`: what its fiber, or promise, came to is known
 * - `isPlaced`: it waits for nothing but its turn and room; `line` is where it waits for room
 * - `enclosing`: what its fibers know of it
 * - `knownAt`: when it was asked for, where somebody follows it; `followed`, what follows it from its start on
 */
export class Job {
  readonly run: Run<Job>
  readonly parent: Job | undefined
  readonly node: Node
  readonly index: number
  tool: Any | undefined = undefined
  stage = 0
  args: unknown = undefined
  parameters: unknown = undefined
  context: Context.Context<unknown> | undefined = undefined
  claims: Claims | undefined = undefined
  place: Place | undefined = undefined
  holds: Array<Hold> | undefined = undefined
  startedAt = 0
  expiresAt = Infinity
  attempts = 0
  isRunning = false
  ended = false
  over = false
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  enclosing: Inside | undefined = undefined
  controller: AbortController | undefined = undefined
  promise: Promise<unknown> | undefined = undefined
  isHeard = true
  isPlaced = false
  line: Line<Job> | undefined = undefined
  more: More | undefined = undefined
  knownAt = 0
  followed: Started | undefined = undefined
  outcome: Outcome | undefined = undefined

  constructor(run: Run<Job>, parent: Job | undefined, node: Node, index: number) {
    this.run = run
    this.parent = parent
    this.node = node
    this.index = index
  }

  get call(): ToolCall {
    return this.node.call
  }

  /** What it has waited for, where somebody follows it. */
  get waits(): ReadonlyArray<Wait> {
    return this.more?.waits ?? nothing
  }

  /** True where its handler was called, or where it has become several: it may have taken effect. */
  get hasStarted(): boolean {
    return this.attempts > 0
  }

  /** The tools among which its own is: those of the turn, or of the job that became several. */
  get toolkit(): Expansion["toolkit"] {
    return this.parent?.more?.expansion?.toolkit ?? this.run.toolkit
  }

  /** What it gave back, for those that need it. */
  get answer(): Answer<unknown> | undefined {
    const { json = null, result } = this.outcome ?? {}
    return result !== undefined && Result.isSuccess(result) ? { value: result.success, json } : undefined
  }

  get siblings(): ReadonlyArray<Job | undefined> {
    return this.parent?.more?.children ?? this.run.jobs
  }

  /** The same for every attempt at the call, and in every run of the same id. */
  get key(): string {
    return idempotencyKey(this.run.runId(), this.call.id, this.tool?.name ?? this.call.name, this.args)
  }

  /** The id of a run inside it, counted from 0: the same when the call is run again. */
  runIdOf(nth: number): string {
    return nth === 0 ? this.key : `${this.key}/${nth}`
  }

  /** True where it comes before another job of its run: steps stand at the place of the call that became them. */
  isBefore(other: Job): boolean {
    if (this.parent === other.parent) return this.index < other.index
    const [own, its] = [indicesOf(this), indicesOf(other)]
    const at = own.findIndex((index, depth) => index !== its[depth])
    return own[at]! < its[at]!
  }

  /** Its time is over. */
  ring(): void {
    this.run.expired(this)
  }
}

/**
 * What fibers of a job know of it, and what they leave behind.
 *
 * - lets go of a job that is over, and gives another one like it to who asks later: V8 may put contexts of fibers into its old
 *   generation, where dead ones keep alive all that they know
 */
export class Inside {
  #job: Job | undefined
  #tool: Any | undefined = undefined
  #args: unknown = undefined
  readonly #run: Run<Job>
  readonly #node: Node
  readonly #index: number

  constructor(job: Job) {
    this.#job = job
    this.#run = job.run
    this.#node = job.node
    this.#index = job.index
  }

  get job(): Job {
    return this.#job ??= this.#left()
  }

  /** The job is over. One that has more to it is kept: what began inside it counts there, and knows it. */
  leave({ args, more, tool }: Job): void {
    if (more !== undefined) return
    this.#job = undefined
    this.#tool = tool
    this.#args = args
  }

  #left(): Job {
    const job = new Job(this.#run, undefined, this.#node, this.#index)
    job.tool = this.#tool
    job.args = this.#args
    job.ended = true
    job.over = true
    return job
  }
}

/** The call of a job as events name it. */
export const toldOf = ({ call, parent }: Job): { readonly call: ToolCall; readonly parent?: string } =>
  parent === undefined ? { call } : { call, parent: parent.call.id }

const nothing: ReadonlyArray<never> = []

/** Where a job stands among its siblings, and those around it among theirs, the outermost first. */
const indicesOf = ({ index, parent }: Job): ReadonlyArray<number> =>
  parent === undefined ? [index] : [...indicesOf(parent), index]

/**
 * What only few jobs have.
 *
 * - `problem`: what is wrong with its arguments as JSON
 * - `needed`: how many of the answers that it needs are there
 * - `inner`, `innerRuns`: how many runs are under way inside its handler, and how many there have been
 * - `why`: what was told last of its waiting; `waits`, all of it, where somebody follows it; `behind`, where it went behind jobs of other runs
 * - `expansion`, `children`, `left`: the jobs that it has become, and how many of them have not settled
 * - `same`: jobs of equal calls that share its outcome; `dependents`: later ones that need its answer
 * - `record`, `recording`: takes how it ended, where a recorder has to know first, and what that does
 * - `ended`: how one ended whose equal calls are to be recorded too
 * - `retry`: waits until the next attempt, where there is one
 * - `changed`: the arguments that it was approved with, in place of its own
 * - `used`: what agents inside it have used, where a recorder is to know
 * - `isRecalled`: it is found out how it ended when it was run before, and nothing is to say that it was not
 * - `revoked`: why it is not run any more, which says nothing of equal calls
 * - `inside`: what the agent that it is goes on with, once it has stopped before its answer
 */
export interface More {
  needed?: number
  inner?: number
  innerRuns?: number
  why?: Why
  waits?: Array<Wait>
  behind?: Set<Gate<Job>>
  problem?: InvalidArguments
  expansion?: Expansion
  children?: Array<Job>
  left?: number
  same?: Array<Job>
  dependents?: Array<Job>
  record?: (ended: Ended) => void
  recording?: Fiber.Fiber<Ended>
  ended?: Ended
  changed?: Schema.Json
  inside?: unknown
  used?: Used
  isRecalled?: boolean
  revoked?: Reason
  retry?: (failure: ToolFailure<unknown>) => Effect.Effect<unknown, unknown, unknown>
}

export const moreOf = (job: Job): More => job.more ??= {}

/** A job and those around it, the outermost first. */
export const pathOf = (job: Job | undefined): ReadonlyArray<Step> =>
  job === undefined
    ? []
    : [...pathOf(job.run.lender), { tool: job.tool?.name ?? job.call.name, callId: job.call.id }]

/** Which run inside a job the next is, counted from 0. */
export const nextInside = (job: Job): number => {
  const more = moreOf(job)
  const { innerRuns = 0 } = more
  more.innerRuns = innerRuns + 1
  return innerRuns
}

/** The jobs of a run that have not settled; in place of one that has become several, those. */
export function* unsettled({ jobs }: Run<Job>): Iterable<Job> {
  for (const job of jobs) {
    if (job === undefined || job.over) continue
    yield* unsettledOf(job)
  }
}

/** What one job has become and has not settled, steps of steps too. */
export function* unsettledOf(job: Job): Iterable<Job> {
  const stack = [job]
  for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
    const { children, left = 0 } = one.more ?? {}
    if (!one.over && left === 0) yield one
    for (const child of children?.toReversed() ?? []) stack.push(child)
  }
}
