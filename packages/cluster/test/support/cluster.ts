/**
 * Runners as processes of their own, on one store, and what they wrote into their ledger.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundleOf } from "../../../../test/bundles.ts"
import { storeAt } from "./store.ts"
import type { Line } from "./world.ts"

/** How many shards a cluster has unless said otherwise. */
const shards = 300

const freePort = Effect.promise(async () => {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  return typeof address === "object" && address !== null ? address.port : 0
})

/** The script of a runner: the tests have it in one file. */
const member = process.env["VITEST"] === undefined ? join(import.meta.dirname, "member.ts") : bundleOf("member")

/** Starts a runner, and waits until it is one; it is killed with the scope. */
const start = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [member, ...args], { stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.promise(() => ended(child, "SIGKILL"))
  )
  yield* Effect.promise(async () => {
    const [said] = await Promise.race([once(child.stdout, "data"), once(child, "exit")])
    if (String(said) !== "up\n") throw new Error(`a runner said ${said}`)
  })
  return {
    pid: child.pid ?? 0,
    signal: (signal: NodeJS.Signals) => Effect.sync(() => child.kill(signal)),
    end: (signal: NodeJS.Signals) => Effect.promise(() => ended(child, signal))
  }
})

const ended = async (child: ReturnType<typeof spawn>, signal: NodeJS.Signals) => {
  const isOver = child.exitCode !== null || child.signalCode !== null
  const exit = isOver ? undefined : once(child, "exit")
  child.kill(signal)
  await exit
}

/** A ledger in a folder of its own, whose gate is open. */
const newLedger = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "volley-cluster-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  ),
  (folder) => {
    const file = join(folder, "ledger.txt")
    return {
      file,
      lines: (): ReadonlyArray<Line> =>
        existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(lineOf) : [],
      close: Effect.sync(() => writeFileSync(`${file}.gate`, "")),
      open: Effect.sync(() => rmSync(`${file}.gate`))
    }
  }
)

const lineOf = (line: string): Line => {
  const [what = "", run = "", n = "", pid = ""] = line.split(" ")
  return { what, run, n: Number(n), pid: Number(pid) }
}

/** The shards that are held, and by how many runners. */
const held = SqlClient.SqlClient.use((sql) =>
  sql.onDialectOrElse({
    pg: () =>
      sql<Held>`SELECT COUNT(DISTINCT pid)::INTEGER AS runners, COUNT(*)::INTEGER AS shards FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    orElse: () => sql<Held>`SELECT COUNT(DISTINCT address) AS runners, COUNT(*) AS shards FROM cluster_locks`
  })
)

interface Held {
  readonly runners: number
  readonly shards: number
}

/** Waits until so many runners hold shards, and all shards are held. */
const divided = (store: string, runners: number) =>
  held.pipe(
    Effect.repeat({
      until: ([row]) => row?.runners === runners && row.shards === shards,
      schedule: Schedule.spaced("20 millis")
    }),
    Effect.provide(storeAt(store)),
    Effect.orDie
  )

/** So many runners on a store that have divided its shards; `takeOver` in seconds, `pause` in milliseconds. */
const some = (runners: number) =>
  Effect.fnUntraced(function*(store: string, takeOver: number, pause = 40) {
    const ledger = yield* newLedger
    const started = Effect.flatMap(freePort, (port) => start(store, `${port}`, `${takeOver}`, ledger.file, `${pause}`))
    const [first, second] = yield* Effect.all(Array.from({ length: runners }, () => started), { concurrency: runners })
    yield* divided(store, runners)
    return { first: first!, second: second!, ledger }
  })

export const two = some(2)

export const three = some(3)

/** Waits until the ledger says so. */
export const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => isSo() ? Effect.void : Effect.fail("not yet")).pipe(
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.orDie
  )

/** What was done more than once. */
export const twice = (lines: ReadonlyArray<Line>, what: string): ReadonlyArray<string> => {
  const done = lines.filter((line) => line.what === what).map(({ n, run }) => `${run} ${n}`)
  return done.filter((one, index) => done.indexOf(one) !== index)
}
