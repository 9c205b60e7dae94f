import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { reasonOf } from "../src/internal/failure.ts"
import { make, open } from "../src/internal/sqlite.ts"
import { start } from "./support/child.ts"

const folder = mkdtempSync(join(tmpdir(), "volley-sqlite-"))
let files = 0
const empty = () => join(folder, `${++files}.db`)

/** A client of a new file, and what opens that once more. */
const connected = Effect.fnUntraced(function*(file = empty(), timeout?: number) {
  const sql = yield* make(yield* open(file, timeout), "NORMAL")
  return { sql, another: connect(file, 0) }
}, Effect.provide(Reactivity.layer))

const connect = (file: string, timeout: number) =>
  Effect.provide(Effect.flatMap(open(file, timeout), (db) => make(db, "NORMAL")), Reactivity.layer)

describe("The SQL client of a file", () => {
  afterAll(() => rmSync(folder, { recursive: true }))

  it.effect("gives back what it was given, a boolean as a number and a date as text", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      const values = ["ü", 1.5, 2 ** 53 - 1, null, true, new Date(0), new Uint8Array([0, 255])]
      const [row] = yield* sql`SELECT ${values[0]} a, ${values[1]} b, ${values[2]} c, ${values[3]} d, ${values[4]} e,
        ${values[5]} f, ${values[6]} g`
      assert.deepEqual(Object.values(row ?? {}), [
        ...values.slice(0, 4),
        1,
        "1970-01-01T00:00:00.000Z",
        new Uint8Array([0, 255])
      ])
    }))

  it.effect("gives integers beyond those of a number where they are asked for, and an error where they are not", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      const big = 2n ** 53n + 1n
      const asked = Effect.provideService(sql`SELECT ${big} n`, SqlClient.SafeIntegers, true)
      assert.deepEqual((yield* asked).map(({ n }) => n), [big])
      const error = yield* Effect.flip(sql`SELECT ${big} n`)
      assert.include(error.message, "too large")
    }))

  it.effect("gives rows as values and as a stream too", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      const three = sql<{ readonly n: number }>`SELECT value AS n FROM json_each('[1, 2, 3]')`
      assert.deepEqual(yield* three.values, [[1], [2], [3]])
      assert.deepEqual((yield* Stream.runCollect(three.stream)).map(({ n }) => n), [1, 2, 3])
    }))

  it.effect("fails with what SQLite says, and does not die of a value that it cannot keep", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      yield* sql`CREATE TABLE t (k TEXT PRIMARY KEY)`
      yield* sql`INSERT INTO t VALUES ('a')`
      const errors = yield* Effect.all([
        Effect.flip(sql`SELEC 1`),
        Effect.flip(sql`INSERT INTO t VALUES ('a')`),
        Effect.flip(sql`INSERT INTO t VALUES (${Symbol("s")})`)
      ])
      assert.deepEqual(errors.map(({ message, reason }) => [reason._tag, message]), [
        ["UnknownError", `near "SELEC": syntax error`],
        ["ConstraintError", "UNIQUE constraint failed: t.k"],
        ["UnknownError", "SQLite keeps no symbol"]
      ])
    }))

  it.effect("takes back what a transaction did that fails, and the inner one alone where only that fails", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      yield* sql`CREATE TABLE t (n INTEGER)`
      const insert = (n: number) => sql`INSERT INTO t VALUES (${n})`
      const failing = (n: number) => Effect.exit(sql.withTransaction(Effect.andThen(insert(n), Effect.fail("no"))))
      yield* failing(1)
      yield* sql.withTransaction(Effect.andThen(insert(2), Effect.andThen(failing(3), insert(4))))
      assert.deepEqual(yield* sql`SELECT n FROM t`.values, [[2], [4]])
    }))

  it.effect("is busy while another one writes, and works again after that", () =>
    Effect.gen(function*() {
      const { another, sql } = yield* connected()
      yield* sql`CREATE TABLE t (n INTEGER)`
      const other = yield* another
      const write = other`INSERT INTO t VALUES (1)`
      const error = yield* sql.withTransaction(Effect.flip(write))
      assert.strictEqual(reasonOf(error)._tag, "Busy")
      yield* write
    }))

  it.effect("says that there is no room, keeps what it had, and works again once there is some", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      yield* sql`CREATE TABLE t (text TEXT)`
      yield* sql`INSERT INTO t VALUES ('before')`
      yield* sql`PRAGMA max_page_count = 4`
      const much = sql`INSERT INTO t VALUES (${"x".repeat(100_000)})`
      assert.strictEqual(reasonOf(yield* Effect.flip(much))._tag, "Full")
      assert.deepEqual(yield* sql`SELECT text FROM t`.values, [["before"]])
      yield* sql`PRAGMA max_page_count = 1000000`
      yield* much
      assert.deepEqual(yield* sql`SELECT count(*) FROM t`.values, [[2]])
    }))

  it.live("loses no write of processes that count together", () =>
    Effect.gen(function*() {
      const { sql } = yield* connected()
      yield* sql`CREATE TABLE counter (n INTEGER)`
      yield* sql`INSERT INTO counter VALUES (0)`
      const [{ file } = { file: "" }] = yield* sql<{ readonly file: string }>`PRAGMA database_list`
      const processes = yield* Effect.all([start("counter.ts", file, "200"), start("counter.ts", file, "200")])
      for (const { line } of processes) assert.strictEqual(yield* line, "counted")
      assert.deepEqual(yield* sql`SELECT n FROM counter`.values, [[400]])
    }))
})
