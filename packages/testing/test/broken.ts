/**
 * Runners that break one law each, to show that its check on somebody's tools would notice.
 */
import { Batch, type Outcome } from "@volley/core"
import { Laws } from "@volley/testing"
import { Effect, Fiber } from "effect"

const changing =
  (change: <O extends Outcome.Outcome>(outcomes: ReadonlyArray<O>) => ReadonlyArray<O>): Laws.Runner =>
  (toolkit, calls, options) =>
    Effect.map(Batch.run(toolkit, calls, options), ({ outcomes }) => ({ outcomes: change(outcomes) }))

export const broken: Readonly<Record<string, { readonly law: Laws.ToolLaw; readonly run: Laws.Runner }>> = {
  "drops what failed": {
    law: Laws.total,
    run: changing((outcomes) => outcomes.filter(({ result }) => result._tag === "Success"))
  },
  "answers one call twice": {
    law: Laws.total,
    run: changing((outcomes) => outcomes.map((_, index) => outcomes[Math.max(0, index - 1)]!))
  },
  "orders by completion": {
    law: Laws.matched,
    run: changing((outcomes) => outcomes.toSorted((a, b) => a.endedAt - b.endedAt))
  },
  "forgets the timeout": {
    law: Laws.timely,
    run: (toolkit, calls, options) => Batch.run(toolkit, calls, { ...options, timeout: "unbounded" })
  },
  "ignores the cap": {
    law: Laws.bounded,
    run: (toolkit, calls, options) => Batch.run(toolkit, calls, { ...options, concurrency: "unbounded" })
  },
  "forgets what calls declare": {
    law: Laws.serializable,
    run: (toolkit, calls, options) =>
      Batch.run(
        {
          ...toolkit,
          byName: new Map(Array.from(toolkit.byName, ([name, tool]) => [name, { ...tool, claims: undefined }]))
        },
        calls,
        options
      )
  },
  "leaves fibers behind": {
    law: Laws.interruptible,
    run: (toolkit, calls, options) => Effect.flatMap(Effect.forkDetach(Batch.run(toolkit, calls, options)), Fiber.join)
  },
  "writes the message anew whenever it is read": {
    law: Laws.pure,
    run: changing((outcomes) =>
      outcomes.map((outcome) => {
        let reads = 0
        return {
          ...outcome,
          get encoded() {
            return `${outcome.encoded} ${reads++}`
          }
        }
      })
    )
  },
  "shows the stack": {
    law: Laws.honest,
    run: changing((outcomes) =>
      outcomes.map((outcome) => ({ ...outcome, encoded: `${outcome.encoded}\n    at node:internal` }))
    )
  },
  "runs what was truncated": {
    law: Laws.honest,
    run: (toolkit, calls, options) =>
      Batch.run(toolkit, calls.map((call) => ({ ...call, status: "complete" })), options)
  }
}
