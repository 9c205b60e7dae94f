import { assert, describe, it, layer } from "@effect/vitest"
import { Runner } from "@volley/cluster"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { createServer } from "node:http"
import { Postgres } from "../../durable/test/support/postgres.ts"
import { three, twice, two, until } from "./support/cluster.ts"
import { storeAt } from "./support/store.ts"
import * as World from "./support/world.ts"

const newStore = Effect.flatMap(Postgres, ({ database }) => database)

/** In seconds. */
const takeOver = 3

/** A runner that is only slow, on a busy machine, does not count as gone so soon. */
const unhurried = 30

const client = (store: string, seconds = takeOver) => Runner.client({ sql: storeAt(store), takeOver: { seconds } })

const runs = Array.from({ length: 10 }, (_, n) => `run-${n}`)
const payer = World.make({ ledger: "", pause: 0 })

/** Starts ten runs from outside, and waits for their ends. */
const ten = Effect.forEach(
  runs,
  (runId) =>
    Effect.gen(function*() {
      const run = yield* payer.start({ runId, prompt: "Pay." })
      return yield* Schema.decodeEffect(World.Answer)((yield* run.await).answer)
    }),
  { concurrency: "unbounded" }
)

/** All runs ended as they should, no write happened twice, and what is missing was said to be unknown. */
const assertPaid = (lines: ReadonlyArray<World.Line>, answers: ReadonlyArray<typeof World.Answer.Type>) => {
  assert.deepEqual(twice(lines, "pay"), [])
  assert.deepEqual(answers.map(({ results }) => results), runs.map(() => World.results))
  const missing = runs.length * World.turns - lines.filter(({ what }) => what === "pay").length
  assert.isAtMost(missing, answers.reduce((sum, { unknown }) => sum + unknown, 0))
}

/** The runs with a call that was begun, and whose end nobody has kept. */
const unended = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ readonly run: string }>`SELECT run_id AS run FROM volley_journal WHERE kind = 'call' AND ended = 0`,
    (rows) => rows.map(({ run }) => run)
  )
)

layer(Postgres.layer, { excludeTestServices: true, timeout: 600_000 })("Runner.layer", (it) => {
  it.effect("leaves the runs of a process that is killed to the others: all end, and no write happens twice", () =>
    Effect.gen(function*() {
      const store = yield* newStore
      const { first, ledger } = yield* two(store, takeOver)
      const all = yield* Effect.forkChild(Effect.provide(ten, client(store)))
      yield* until(() => ledger.lines().some(({ pid, what }) => pid === first.pid && what === "pay"))
      yield* until(() => new Set(ledger.lines().map(({ run }) => run)).size === runs.length)
      yield* first.end("SIGKILL")
      const answers = yield* Fiber.join(all)
      assertPaid(ledger.lines(), answers)
    }))

  it.effect("hands its runs over at SIGTERM: writes that have begun end first, and none has an unknown outcome", () =>
    Effect.gen(function*() {
      const store = yield* newStore
      const { first, ledger } = yield* two(store, unhurried)
      const all = yield* Effect.forkChild(Effect.provide(ten, client(store, unhurried)))
      yield* until(() => ledger.lines().some(({ pid, what }) => pid === first.pid && what === "pay-begins"))
      yield* first.end("SIGTERM")
      const answers = yield* Fiber.join(all)
      const lines = ledger.lines()
      assert.deepEqual(answers, runs.map(() => ({ results: World.results, unknown: 0 })))
      assert.deepEqual(twice(lines, "pay-begins"), [])
      assert.strictEqual(lines.filter(({ what }) => what === "pay").length, runs.length * World.turns)
      const workersOf = (run: string) => new Set(lines.filter((line) => line.run === run).map(({ pid }) => pid)).size
      assert.isTrue(runs.some((run) => workersOf(run) > 1))
    }))

  it.effect("loses one of three to a kill and one to SIGTERM: the third ends all runs, and no write happens twice", () =>
    Effect.gen(function*() {
      const store = yield* newStore
      const { first, ledger, second } = yield* three(store, takeOver)
      const all = yield* Effect.forkChild(Effect.provide(ten, client(store)))
      yield* until(() => new Set(ledger.lines().map(({ run }) => run)).size === runs.length)
      yield* Effect.all([first.end("SIGKILL"), second.end("SIGTERM")], { concurrency: 2 })
      const answers = yield* Fiber.join(all)
      assertPaid(ledger.lines(), answers)
    }))

  it.effect("refuses what a process does that was frozen, taken over, and woke up", () =>
    Effect.gen(function*() {
      const store = yield* newStore
      const { first, ledger, second } = yield* two(store, takeOver)
      yield* ledger.close
      const all = yield* Effect.forkChild(Effect.provide(ten, client(store)))
      const held = () => ledger.lines().filter(({ n, what }) => what === "pay-begins" && n === 2)
      yield* until(() => held().length === runs.length)
      const frozen = held().filter(({ pid }) => pid === first.pid).map(({ run }) => run)
      assert.isAbove(frozen.length, 0)
      yield* first.signal("SIGSTOP")
      const goesOn = (run: string) =>
        ledger.lines().some((line) => line.run === run && line.n === 3 && line.pid === second.pid)
      yield* until(() => frozen.every(goesOn))
      yield* ledger.open
      const answers = yield* Fiber.join(all)
      yield* first.signal("SIGCONT")
      yield* until(() =>
        frozen.every((run) => ledger.lines().some(({ n, run: of, what }) => what === "pay" && n === 2 && of === run))
      )
      yield* first.end("SIGTERM")
      const lines = ledger.lines()
      assert.deepEqual(twice(lines, "pay-begins"), [])
      assert.strictEqual(lines.filter(({ what }) => what === "pay").length, runs.length * World.turns)
      assert.sameMembers(yield* Effect.provide(unended, storeAt(store)), frozen)
      assert.deepEqual(
        runs.filter((_, index) => answers[index]?.unknown === 1),
        runs.filter((run) => frozen.includes(run))
      )
    }))

  it.effect("says that nothing is there to a client that comes first", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(Effect.scoped(Layer.build(client(yield* newStore))))
      assert.include(message, "no runs are kept here")
    }))

  it.effect("says why it cannot listen", () =>
    Effect.gen(function*() {
      const taken = yield* Effect.acquireRelease(
        Effect.promise(() =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const server = createServer().listen(0, "127.0.0.1", () => resolve(server))
          })
        ),
        (server) => Effect.sync(() => server.close())
      )
      const address = taken.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const runner = Runner.layer({ address: { host: "127.0.0.1", port }, sql: storeAt(yield* newStore) })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(runner)))
      assert.strictEqual(
        error.message,
        `A runner cannot listen on 127.0.0.1, port ${port} (listen EADDRINUSE: address already in use 127.0.0.1:${port}): ` +
          "end the program that does, or give another `address`."
      )
    }))
})

describe("takeOver", () => {
  it("is three seconds at least", () => {
    const sql = storeAt(":memory:")
    for (const takeOver of ["2 seconds", "Infinity", Number.NaN] as const) {
      assert.throws(() => Runner.client({ sql, takeOver }), RangeError, "give a duration from 3 seconds on")
    }
  })
})
