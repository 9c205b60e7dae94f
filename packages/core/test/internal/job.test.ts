import { assert, describe, it } from "@effect/vitest"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect } from "effect"
import { Engine } from "../../src/internal/runner/engine.ts"
import { type Job, moreOf, unsettled } from "../../src/internal/runner/job.ts"
import { jobIn, runIn } from "./runs.ts"

/** Calls of a run, some of which become steps: those of a number that was drawn, under the call of another. */
const trees = Arbitrary.array(Arbitrary.all([Generate.upTo(9), Generate.upTo(3)]), { maxLength: 12 })

/** A run of three calls, each of which may have become steps; all that stand for themselves, in call order. */
const grown = (tree: ReadonlyArray<readonly [which: number, steps: number]>) => {
  const run = runIn(new Engine(() => false))
  const calls = [0, 1, 2].map((index) => jobIn(run, `c${index}`, index))
  run.jobs.push(...calls)
  let leaves: ReadonlyArray<Job> = calls
  for (const [which, count] of tree) {
    const job = leaves[which % leaves.length]!
    const steps = Array.from({ length: count }, (_, index) => jobIn(run, `${job.call.id}/${index}`, index, job))
    if (count > 0) {
      Object.assign(moreOf(job), { children: steps, left: count })
      leaves = leaves.flatMap((leaf) => leaf === job ? steps : leaf)
    }
  }
  return { leaves, run }
}

describe("calls of a run and steps of calls", () => {
  it.effect.prop(
    "stand in call order, steps at the place of the call that became them",
    { tree: trees },
    ({ tree }) =>
      Effect.sync(() => {
        const { leaves } = grown(tree)
        for (const [n, one] of leaves.entries()) {
          for (const [m, other] of leaves.entries()) assert.strictEqual(one.isBefore(other), n < m)
        }
      })
  )

  it.effect.prop("have not settled as long as they are not over, nor those around them", {
    tree: trees,
    over: Generate.upTo(7)
  }, ({ over, tree }) =>
    Effect.sync(() => {
      const { leaves, run } = grown(tree)
      const rootOf = (job: Job): Job => job.parent === undefined ? job : rootOf(job.parent)
      const settled = run.jobs[over]
      for (const [n, job] of leaves.entries()) job.over = n % 8 === over || rootOf(job) === settled
      if (settled !== undefined) settled.over = true
      run.jobs.push(undefined)
      assert.deepStrictEqual(
        Array.from(unsettled(run), ({ call }) => call.id),
        leaves.filter(({ over }) => !over).map(({ call }) => call.id)
      )
    }))
})
