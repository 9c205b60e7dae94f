/**
 * Measures what it costs to keep a run, as ratios in one run, and writes `packages/benchmark/durable.md`:
 *
 *     npm run durable:cost -- [--turns 50] [--times 3] [--restarts 15]
 *
 * - `--turns`: of twelve calls each; `--times`: each is measured so often, and the best counts; `--restarts`: likewise
 */
import { type Durable, Journal } from "@volley/durable"
import * as Local from "@volley/durable/Local"
import * as Pg from "@volley/durable/Postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs, promisify } from "node:util"
import { Postgres } from "../packages/durable/test/support/postgres.ts"
import {
  activities,
  agent,
  AsActivities,
  begun,
  goneOn,
  millisOf,
  modelOf,
  plain,
  recordsOf,
  served,
  turnsFor
} from "./durable/world.ts"

const { values } = parseArgs({
  options: { turns: { type: "string" }, times: { type: "string" }, restarts: { type: "string" } }
})
const turns = Number(values.turns ?? 50)
const times = Number(values.times ?? 3)
const restarts = Number(values.restarts ?? 15)

let runs = 0
const newId = (): string => `run-${++runs}`

/** The least of several times: what else the machine does only adds to it. */
const best = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.all(Array.from({ length: times }, () => millisOf(effect))), (all) => Math.min(...all))

/** The least of each, measured in turns: all are as warm, and what else the machine does meets all of them. */
const bestInTurns = <E, R>(measured: ReadonlyArray<Effect.Effect<number, E, R>>, times: number) =>
  Effect.map(
    Effect.all(Array.from({ length: times }, () => Effect.all(measured))),
    (all) => measured.map((_, index) => Math.min(...all.map((round) => round[index] ?? Infinity)))
  )

const unrecorded = (turns: number) => Effect.provide(plain, modelOf(turns))

const durable = Effect.suspend(() => Effect.flatMap(agent.start({ runId: newId(), prompt: "Go." }), (run) => run.await))

const activity = Effect.suspend(() => AsActivities.execute({ runId: newId() }))

const script = join(import.meta.dirname, "durable/restart.ts")
const execute = promisify(execFile)

/** What a process of its own measures that has just started, and in which nothing is warm. */
const inNewProcess = (...asked: ReadonlyArray<string>) =>
  Effect.promise(async () => Number((await execute(process.execPath, [script, ...asked])).stdout))

/** What a store costs, at its address, that a layer provides. */
const costOn = <E>(address: string, store: Layer.Layer<Durable.Services, E>) => {
  const live = (turns: number) =>
    Layer.mergeAll(agent.layer, activities).pipe(Layer.provideMerge(store), Layer.provide(modelOf(turns)))
  const waiting = (turns: number) =>
    Effect.suspend(() => {
      const runId = newId()
      return Effect.as(Effect.provide(begun(runId), served(turns, store)), runId)
    })
  // Without the activities: their engine would take its shards while a restart is measured.
  const restarted = (turns: number) =>
    Effect.flatMap(waiting(turns), (runId) => Effect.provide(goneOn(runId), served(turns, store)))
  const restartedAnew = (turns: number) =>
    Effect.flatMap(waiting(turns), (runId) => inNewProcess(String(turns), address, runId))
  return Effect.gen(function*() {
    const base = yield* best(unrecorded(turns))
    const [kept, compared] = yield* Effect.provide(Effect.all([best(durable), best(activity)]), live(turns))
    const bytes = yield* Effect.provide(bytesPerRecord, live(turns))
    const thousand = turnsFor(1000)
    const again = [restarted(1), restarted(thousand), millisOf(unrecorded(thousand))]
    const [alone = 0, few = 0, instant = 0] = yield* bestInTurns(again, restarts)
    const anew = [restartedAnew(thousand), inNewProcess(String(thousand))]
    const [fewAnew = 0, instantAnew = 0] = yield* bestInTurns(anew, restarts)
    const [many = 0] = yield* bestInTurns([restarted(turnsFor(10_000))], 2 * times)
    return { base, kept, compared, bytes, alone, few, many, instant, fewAnew, instantAnew }
  })
}

/** Characters of the rows of a run, to those of what they keep. */
const bytesPerRecord = Effect.gen(function*() {
  const runId = newId()
  yield* Effect.flatMap(agent.start({ runId, prompt: "Go." }), (run) => run.await)
  const entries = yield* Journal.entries(runId)
  const json = entries.reduce((sum, { value }) => sum + JSON.stringify(value).length, 0)
  const rows = entries.reduce(
    (sum, { key, kind, value }) =>
      sum + runId.length + key.length + kind.length + JSON.stringify({ v: value }).length + 24,
    0
  )
  return { json: json / entries.length, rows: rows / entries.length }
})

type Cost = Effect.Success<ReturnType<typeof costOn>>

const linesOf = (name: string, most: number, cost: Cost) => {
  const { alone, base, bytes, compared, few, fewAnew, instant, instantAnew, kept, many } = cost
  const record = (millis: number) => (millis - base) / recordsOf(turns)
  return [
    row(
      `${name}: a kept call, to the same as an activity`,
      record(kept) / record(compared),
      most,
      `${record(kept).toFixed(3)} and ${record(compared).toFixed(3)} ms`
    ),
    row(
      `${name}: restart with 1,000 kept calls, to the same run unkept, each in a new process`,
      fewAnew / instantAnew,
      1,
      `${fewAnew.toFixed(0)} and ${instantAnew.toFixed(0)} ms`
    ),
    row(
      `${name}: the same in a process that is warm, on a store just opened`,
      few / instant,
      1,
      `${few.toFixed(0)} and ${instant.toFixed(0)} ms; ${alone.toFixed(0)} ms with twelve kept calls`
    ),
    row(`${name}: restart with 10,000 kept calls, to that with 1,000`, many / few, 10, `${many.toFixed(0)} ms`),
    row(
      `${name}: a row, to 1.3 times its JSON and 200 bytes`,
      bytes.rows / (1.3 * bytes.json + 200),
      1,
      `${bytes.rows.toFixed(0)} and ${bytes.json.toFixed(0)} bytes`
    )
  ]
}

const row = (what: string, ratio: number, most: number, seen: string): string =>
  `| ${what}${ratio <= most ? "" : " (**misses it**)"} | ${ratio.toFixed(2)} | ${most.toFixed(2)} | ${seen} |`

const folder = mkdtempSync(join(tmpdir(), "volley-cost-"))
const program = Effect.gen(function*() {
  const { database } = yield* Postgres
  const file = join(folder, "runs.db")
  console.log("SQLite …")
  const local = yield* costOn(file, Local.layer({ file }))
  const url = yield* database
  console.log("PostgreSQL …")
  const remote = yield* costOn(url, Pg.layer({ url }))
  return [...linesOf("SQLite", 1 / 5, local), ...linesOf("PostgreSQL", 1 / 3, remote)]
})
const lines = await Effect.runPromise(Effect.provide(program, Postgres.layer))
rmSync(folder, { recursive: true, force: true })

const page = [
  "# What it costs to keep a run",
  "",
  `Runs of ${turns} turns with twelve instant calls each, a third of them writes; the best of ${times}. Written by \`npm run durable:cost\`.`,
  "",
  `Node ${process.version}, ${process.platform} ${process.arch}, ${
    new Date().toISOString().slice(0, 10)
  }. SQLite keeps with \`NORMAL\`.`,
  "",
  "| what | ratio | at most | seen |",
  "| --- | --- | --- | --- |",
  ...lines,
  "",
  "A restart is from the decision on a waiting call to the answer, in a program that has just opened its store. It is measured in turns",
  `with the run that is not kept, ${restarts} times. A real restart is one in a new process, where the code of both is not`,
  "compiled yet. In a process that is warm it is compiled, but a restart has a new connection to its database. There PostgreSQL reads its",
  "catalogs and plans each statement anew, which is half of what a restart takes.",
  "",
  "A restart of any length takes 11 statements, of which the two that read what is kept are one round trip. The workflow engine has no",
  "part in it: it is started by programs with workflows of their own.",
  "",
  "For a batch of 1,000 instant calls without a recorder, today's sources were compared with older ones. It takes 1.01 times as long",
  "as before agents had a recorder (commit 02a1ed8~1), and 1.11 times as long as before one driver settled all runs (d716ffe).",
  "The driver is where that tenth came in. Measured by hand on 2026-11-29: the sources of each in one process, in turns, 340 times,",
  "as the median of the ratios. The same sources, measured three times, came to 0.99 to 1.03.",
  ""
].join("\n")
console.log(page)
writeFileSync(join(dirname(import.meta.dirname), "packages/benchmark/durable.md"), page)
