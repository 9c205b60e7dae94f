/**
 * A program that is killed again and again, and goes on; `npm run kills` kills it a thousand times.
 */
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundleOf } from "../../../test/bundles.ts"
import { type Report, sweep } from "./kills/sweep.ts"
import { Postgres } from "./support/postgres.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "volley-kills-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Kills in a new folder; on SQLite where no database is given. */
const killed = (
  options: { readonly rounds: number; readonly seed: number; readonly isControl?: boolean },
  url?: string
) =>
  Effect.scoped(
    Effect.flatMap(folder, (path) =>
      sweep({
        ...options,
        program: bundleOf("worker"),
        store: url ?? join(path, "runs.db"),
        ledger: join(path, "ledger.jsonl")
      }))
  )

const holds = ({ faults, runs, undone, unknown }: Report, rounds: number) => {
  assert.deepStrictEqual(faults, [])
  assert.strictEqual(runs, 2 * rounds)
  assert.isAtMost(undone, unknown)
}

describe("runs whose program is killed", () => {
  layer(Postgres.layer, { excludeTestServices: true, timeout: 600_000 })("end", (it) => {
    it.effect("on a file, with no write done twice, and each that was not done said to be unknown", () =>
      Effect.map(killed({ rounds: 15, seed: 1 }), (report) => holds(report, 15)))

    it.effect("on PostgreSQL, likewise", () =>
      Effect.gen(function*() {
        const { database } = yield* Postgres
        holds(yield* killed({ rounds: 6, seed: 2 }, yield* database), 6)
      }))

    it.effect("with writes done twice where nothing is recorded before they begin", () =>
      Effect.gen(function*() {
        for (let seed = 1; seed <= 10; seed++) {
          const { faults } = yield* killed({ rounds: 10, seed, isControl: true })
          if (faults.some((fault) => fault.includes("was done 2 times"))) return
        }
        assert.fail("100 kills, and the sweep does not see that writes are done twice")
      }))
  })
})
