/**
 * Kills a program with durable runs again and again, and holds what its runs say against what was done:
 *
 *     npm run kills -- [--rounds 1000] [--seed 1] [--postgres] [--control]
 *
 * - `--rounds`: how often the program is killed
 * - `--postgres`: on a PostgreSQL that is started for it, in place of a file
 * - `--control`: with writes that are not recorded before they begin; it has to fail
 */
import * as Effect from "effect/Effect"
import { buildSync } from "esbuild"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Round, sweep } from "../packages/durable/test/kills/sweep.ts"
import { Postgres } from "../packages/durable/test/support/postgres.ts"

const { values: { control = false, postgres = false, rounds = "1000", seed = "1" } } = parseArgs({
  options: {
    rounds: { type: "string" },
    seed: { type: "string" },
    postgres: { type: "boolean" },
    control: { type: "boolean" }
  }
})

const folder = mkdtempSync(join(tmpdir(), "volley-kills-"))

const told = ({ after, begun, ended, number }: Round): void => {
  const what = after === undefined ? "not killed" : `killed after ${after} ms`
  console.log(`${number} of ${rounds}: ${what}, ${begun} runs on their way, ${ended} ended so far`)
}

const program = join(folder, "program.mjs")
buildSync({
  entryPoints: [join(import.meta.dirname, "../packages/durable/test/kills/worker.ts")],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm"
})

const killed = (store: string) =>
  sweep({
    program,
    store,
    ledger: join(folder, "ledger.jsonl"),
    rounds: Number(rounds),
    seed: Number(seed),
    isControl: control,
    told
  })
const onPostgres = Effect.provide(
  Effect.flatMap(Postgres, ({ database }) => Effect.flatMap(database, killed)),
  Postgres.layer
)
const report = await Effect.runPromise(postgres ? onPostgres : killed(join(folder, "runs.db")))
console.log(
  `${report.kills} kills, ${report.runs} runs; ${report.unknown} writes said to be unknown, ${report.undone} of them not done`
)
for (const fault of report.faults) console.log(`FAULT: ${fault}`)
if (report.faults.length === 0) rmSync(folder, { recursive: true })
else console.log(`What there was is kept in ${folder}`)
process.exitCode = report.faults.length === 0 ? 0 : 1
