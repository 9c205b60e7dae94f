/**
 * Runs and jobs that nobody drives, for tests of the data that the runner decides with.
 */
import { Context } from "effect"
import type { Engine } from "../../src/internal/runner/engine.ts"
import { Job } from "../../src/internal/runner/job.ts"
import { read } from "../../src/internal/runner/options.ts"
import { Run, type Setting } from "../../src/internal/runner/run.ts"

/** A run of no calls yet. */
export const runIn = (
  engine: Engine<Job, Run<Job>>,
  more: Partial<Pick<Setting<Job>, "shared" | "lender" | "bounds">> = {}
): Run<Job> =>
  new Run<Job>({
    engine,
    shared: undefined,
    lender: undefined,
    toolkit: { byName: new Map(), wireNames: new Map() },
    nodes: [],
    bounds: read({}, {}),
    context: Context.makeUnsafe<unknown>(new Map()),
    mintId: () => "run",
    ...more
  })

/** A call of a run, or a step of one of its calls. */
export const jobIn = (run: Run<Job>, id: string, index: number, parent?: Job): Job =>
  new Job(run, parent, { call: { id, name: "t", arguments: {}, index, status: "complete" }, needs: [] }, index)
