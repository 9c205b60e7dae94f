import type { ToolFailure } from "../../CallError.ts"
import type { Why } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import { safely } from "../guarded.ts"
import { type Job, moreOf, toldOf } from "./job.ts"
import type { Place } from "./order.ts"
import type { Run } from "./run.ts"

/** Notes since when a job is known, where it is followed. */
export const known = (job: Job): void => {
  const { index, run } = job
  if (run.observer === undefined) return
  job.knownAt = run.isEager ? run.now() : run.beganAt
  // Only who is admitted when there is room has waited for that.
  if (run.isEager || index < run.told) return
  moreOf(job).waits = [{ why: "slot", at: run.beganAt, behind: undefined }]
}

/** Tells what follows a run that so many calls more wait for this. */
export const waiting = ({ observer }: Run<Job>, why: Why, more: number): void => {
  if (observer !== undefined && more !== 0) safely(() => observer.waiting(why, more))
}

/** Tells the listener, and what follows the job, what it waits for now; `place` is its own, where it waits for others. */
export const waitsFor = (job: Job, why: Why, place?: Place): void => {
  const { run } = job
  if (!run.isWatched) return
  const at = run.now()
  const behind = place?.behind
  run.tell({ _tag: "CallWaiting", ...toldOf(job), at, why, ...(behind !== undefined && { behind }) })
  noLonger(job)
  const more = moreOf(job)
  more.waits ??= []
  more.waits.push({ why, at, behind })
  waiting(run, why, 1)
}

const noLonger = ({ run, waits }: Job): void => {
  const last = waits.at(-1)
  if (last !== undefined) waiting(run, last.why, -1)
}

/** Tells the listener that a job starts, and begins to follow it. */
export const starts = (job: Job): void => {
  const { call, parent, run, startedAt: at } = job
  const { observer } = run
  if (run.teller !== undefined) {
    // Without a spread, since every call comes through here.
    run.tell(
      parent === undefined
        ? { _tag: "CallStarted", call, at }
        : { _tag: "CallStarted", call, parent: parent.call.id, at }
    )
  }
  if (observer === undefined) return
  noLonger(job)
  const followed = safely(() => observer.starts(job, contextOf(job)))
  if (followed === undefined) return
  job.followed = followed
  job.context = followed.context
}

/** Tells the listener, and what follows the job, that it is tried again. */
export const retried = (job: Job, reason: ToolFailure<unknown>): void => {
  const { attempts, followed, run } = job
  run.tell({ _tag: "CallRetried", ...toldOf(job), at: run.now(), attempt: attempts + 1, reason })
  if (followed !== undefined) safely(() => followed.retried(attempts + 1, reason))
}

/** Tells the listener, and what follows the job, that a second attempt begins beside the first. */
export const hedges = (job: Job): void => {
  const { ended, followed, run } = job
  if (ended) return
  run.tell({ _tag: "CallHedged", ...toldOf(job), at: run.now() })
  run.engine.wake()
  if (followed !== undefined) safely(() => followed.hedged())
}

/** Ends what follows a job; `sharedWith` is the id of the equal call whose outcome it has. */
export const ends = (job: Job, outcome: Outcome, sharedWith?: string): void => {
  const { followed, run: { observer } } = job
  if (observer === undefined) return
  if (followed !== undefined) {
    safely(() => followed.settled(outcome))
    return
  }
  noLonger(job)
  safely(() => observer.refused(job, contextOf(job), outcome, sharedWith))
}

const contextOf = ({ context, parent, run }: Job) => context ?? parent?.context ?? run.context
