/**
 * Measures how long the runs of a process that is gone stand still, and fails where that is more than 1.2 times `takeOver`:
 *
 *     node scripts/cluster-takeover.ts [seconds]
 *
 * Two runners share ten runs, on PostgreSQL and on a file. One is killed, frozen or asked to end in their midst; what is measured is how long
 * until the other has gone on with the last of its runs.
 */
import { Runner } from "@volley/cluster"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { two, until } from "../packages/cluster/test/support/cluster.ts"
import { storeAt } from "../packages/cluster/test/support/store.ts"
import * as World from "../packages/cluster/test/support/world.ts"
import { Postgres } from "../packages/durable/test/support/postgres.ts"

const takeOver = Number(process.argv[2] ?? 10)

const runs = Array.from({ length: 10 }, (_, n) => `run-${n}`)

const begin = (store: string) =>
  Effect.forEach(runs, (runId) => World.make({ ledger: "", pause: 0 }).start({ runId, prompt: "Pay." })).pipe(
    Effect.provide(Runner.client({ sql: storeAt(store), takeOver: { seconds: takeOver } }))
  )

/** How long until the runs of a runner go on at another one, in milliseconds. */
const measured = Effect.fnUntraced(function*(store: string, signal: NodeJS.Signals) {
  const { first, ledger, second } = yield* two(store, takeOver, 300)
  yield* begin(store)
  yield* until(() => new Set(ledger.lines().map(({ run }) => run)).size === runs.length)
  const left = new Set(ledger.lines().filter(({ pid }) => pid === first.pid).map(({ run }) => run))
  yield* first.signal(signal)
  const since = yield* Clock.currentTimeMillis
  yield* until(() => {
    const goneOn = new Set(ledger.lines().filter(({ pid }) => pid === second.pid).map(({ run }) => run))
    return Array.from(left).every((run) => goneOn.has(run))
  })
  return { millis: (yield* Clock.currentTimeMillis) - since, runs: left.size }
}, Effect.scoped)

const folder = mkdtempSync(join(tmpdir(), "volley-takeover-"))

const all = Effect.gen(function*() {
  const { database } = yield* Postgres
  const stores = { PostgreSQL: database, SQLite: Effect.sync(() => join(folder, `${crypto.randomUUID()}.db`)) }
  let worst = 0
  for (const [name, newStore] of Object.entries(stores)) {
    for (const signal of ["SIGKILL", "SIGSTOP", "SIGTERM"] as const) {
      const { millis, runs } = yield* measured(yield* newStore, signal)
      const ratio = millis / takeOver / 1000
      worst = Math.max(worst, ratio)
      console.log(
        `${name}, ${signal}: ${runs} runs go on elsewhere within ${millis} ms, ${ratio.toFixed(2)} × takeOver`
      )
    }
  }
  return worst
})

const worst = await Effect.runPromise(Effect.provide(Effect.scoped(all), Postgres.layer))
rmSync(folder, { recursive: true, force: true })
if (worst > 1.2) throw new Error(`${worst.toFixed(2)} × takeOver is more than 1.2`)
