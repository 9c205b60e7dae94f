import { assert, describe, it, layer } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Workflow from "effect/workflow/Workflow"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { reasonOf } from "../src/internal/failure.ts"
import { patiently } from "../src/internal/patiently.ts"
import * as Local from "../src/Local.ts"
import * as Pg from "../src/Postgres.ts"
import * as Heard from "./support/heard.ts"
import { Postgres } from "./support/postgres.ts"
import { sqlAt } from "./support/storeAt.ts"

const Work = Workflow.make("Work", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.String
})

/** A body that says when it has begun, and ends when it is told to. */
const working = Effect.gen(function*() {
  const begun = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void>()
  const body = Work.toLayer(({ id }) =>
    Effect.as(Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(end)), `${id} is done`)
  )
  return { begun, end, body }
})

const table = SqlClient.SqlClient.use((sql) => sql`CREATE TABLE kept (key TEXT PRIMARY KEY, times INTEGER NOT NULL)`)

const keep = (key: string) =>
  patiently(
    SqlClient.SqlClient.use((sql) =>
      sql`INSERT INTO kept (key, times) VALUES (${key}, 1) ON CONFLICT (key) DO UPDATE SET times = excluded.times`
    )
  )

const keys = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql`SELECT key FROM kept ORDER BY key`.values, (rows) => rows.flat())
)

layer(Postgres.layer, { excludeTestServices: true, timeout: 600_000 })("A database that goes away", (it) => {
  it.effect("loses nothing: what ended meanwhile is kept when it is back, and what was asked for is done", () =>
    Effect.gen(function*() {
      const { database, start, stop } = yield* Postgres
      const url = yield* database
      const { begun, body, end } = yield* working
      const heard = yield* Heard.make
      yield* Effect.gen(function*() {
        yield* table
        const run = yield* Effect.forkChild(Work.execute({ id: "begun before" }))
        yield* Deferred.await(begun)
        yield* stop
        yield* Deferred.succeed(end, undefined)
        const asked = yield* Effect.forkChild(Work.execute({ id: "asked for meanwhile" }))
        const kept = yield* Effect.forkChild(keep("k"))
        yield* heard.next("Runs wait for their store: ")
        yield* heard.next("Runs wait for their store: ")
        yield* start
        assert.strictEqual(yield* Fiber.join(run), "begun before is done")
        assert.strictEqual(yield* Fiber.join(asked), "asked for meanwhile is done")
        yield* Fiber.join(kept)
        assert.deepEqual(yield* keys, ["k"])
        yield* heard.next("The store of the runs works again")
      }).pipe(Effect.provide(body.pipe(Layer.provideMerge(Pg.layer({ url })), Layer.provideMerge(heard.logger))))
    }))

  it.effect("keeps nobody from ending the program, whose run goes on with the next one", () =>
    Effect.gen(function*() {
      const { database, start, stop } = yield* Postgres
      const url = yield* database
      const { begun, body, end } = yield* working
      const heard = yield* Heard.make
      yield* Effect.gen(function*() {
        yield* Work.execute({ id: "cut off" }, { discard: true })
        yield* Deferred.await(begun)
        yield* stop
        yield* Deferred.succeed(end, undefined)
        yield* heard.next("Runs wait for their store")
      }).pipe(Effect.provide(body.pipe(Layer.provideMerge(Pg.layer({ url })), Layer.provideMerge(heard.logger))))
      yield* start
      const done = Effect.provide(Work.execute({ id: "cut off" }), Layer.provideMerge(body, Pg.layer({ url })))
      assert.strictEqual(yield* done, "cut off is done")
    }))

  it.effect("is the same runner's when it is back", () =>
    Effect.gen(function*() {
      const { database, start, stop } = yield* Postgres
      const url = yield* database
      const heard = yield* Heard.make
      const held = SqlClient.SqlClient.use((sql) =>
        Effect.map(sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted`, ({ length }) => length)
      )
      yield* Effect.gen(function*() {
        yield* stop
        yield* heard.next("The runner of the runs has lost its lock")
        yield* start
        yield* Effect.repeat(patiently(held), { until: (count) => count === 1 })
        const refused = yield* Effect.flip(Effect.scoped(Layer.build(Pg.layer({ url }))))
        assert.strictEqual(refused.reason._tag, "Taken")
      }).pipe(Effect.provide(Layer.provideMerge(Pg.layer({ url }), heard.logger)))
    }))

  it.effect("keeps each of a hundred rows while all connections are cut, again and again", () =>
    Effect.gen(function*() {
      const url = yield* Effect.flatMap(Postgres, ({ database }) => database)
      const wanted = Array.from({ length: 100 }, (_, n) => `k${String(n).padStart(2, "0")}`)
      const cut = SqlClient.SqlClient.use((sql) =>
        sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'volley %'`
      )
      yield* Effect.gen(function*() {
        yield* table
        const cutting = yield* Effect.forkChild(Effect.forever(Effect.delay(Effect.provide(cut, sqlAt(url)), 20)))
        for (const key of wanted) yield* keep(key)
        yield* Fiber.interrupt(cutting)
        assert.deepEqual(yield* patiently(keys), wanted)
      }).pipe(Effect.provide(Layer.provideMerge(Pg.layer({ url }), (yield* Heard.make).logger)))
    }))
})

describe("A disk that is full", () => {
  it.live("holds a run up, which goes on once there is room", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "volley-full-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
      )
      const { begun, body, end } = yield* working
      const heard = yield* Heard.make
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* table
        const run = yield* Effect.forkChild(Work.execute({ id: "x".repeat(50_000) }))
        yield* Deferred.await(begun)
        yield* sql`CREATE TABLE filler (bytes BLOB)`
        yield* sql`PRAGMA max_page_count = 1`
        const fill = sql`INSERT INTO filler VALUES (${new Uint8Array(3000)})`
        assert.strictEqual(reasonOf(yield* Effect.flip(Effect.forever(fill)))._tag, "Full")
        yield* Deferred.succeed(end, undefined)
        const kept = yield* Effect.forkChild(keep("k".repeat(50_000)))
        for (const _ of ["the reply", "the row"]) {
          const said = yield* heard.next("Runs wait")
          assert.strictEqual(said, "Runs wait for their store: there is no room left on its disk; free some")
        }
        yield* sql`PRAGMA max_page_count = 1000000`
        assert.strictEqual((yield* Fiber.join(run)).length, 50_008)
        yield* Fiber.join(kept)
        assert.strictEqual((yield* keys).length, 1)
      }).pipe(
        Effect.provide(body.pipe(
          Layer.provideMerge(Local.layer({ file: join(folder, "runs.db") })),
          Layer.provideMerge(heard.logger)
        ))
      )
    }))
})
