import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import * as Local from "../src/Local.ts"
import { suite } from "./StoreSuite.ts"
import { start } from "./support/child.ts"

const folder = mkdtempSync(join(tmpdir(), "volley-local-"))
let files = 0
const empty = Effect.sync(() => join(folder, `${++files}.db`))

const refusal = (options: Local.Options) => Effect.flip(Effect.scoped(Layer.build(Local.layer(options))))

describe("Local.layer", () => {
  afterAll(() => rmSync(folder, { recursive: true }))

  suite(it.live, empty)

  it.live("knows a file by all of its names", () =>
    Effect.gen(function*() {
      const file = yield* empty
      const other = yield* empty
      yield* Effect.gen(function*() {
        symlinkSync(file, other)
        assert.strictEqual((yield* refusal({ file: other })).reason._tag, "Taken")
      }).pipe(Effect.provide(Local.layer({ file })))
    }))

  it.live("makes no file for somebody who only looks", () =>
    Effect.gen(function*() {
      const file = yield* empty
      const { message } = yield* Effect.flip(Effect.scoped(Layer.build(Local.layerClient({ file }))))
      assert.strictEqual(
        message,
        `The store ${file}: no runs are kept here; start a runner on it first, or check the address.`
      )
      assert.isFalse(existsSync(file))
    }))

  it.live("says of a file that is no database, and of a folder that is not there, what is wrong", () =>
    Effect.gen(function*() {
      const file = yield* empty
      writeFileSync(file, "Dear diary, ".repeat(1000))
      assert.strictEqual((yield* refusal({ file })).message, `The store ${file}: file is not a database.`)
      const nowhere = join(folder, "none", "runs.db")
      assert.strictEqual(
        (yield* refusal({ file: nowhere })).message,
        `The store ${nowhere}: unable to open database file.`
      )
    }))

  it.live("says on a Node without SQLite that it needs another one", () =>
    Effect.gen(function*() {
      const file = yield* empty
      const { line } = yield* start("--no-experimental-sqlite", "holder.ts", file)
      const remedy = "use Node 24, or keep runs in PostgreSQL"
      assert.strictEqual(
        yield* line,
        `The store ${file}: Node ${process.versions.node} has no node:sqlite; ${remedy}.`
      )
    }))

  it.live("keeps runs in memory for a test", () =>
    Effect.gen(function*() {
      const layer = Local.layer({ file: ":memory:" })
      yield* Layer.build(layer)
      yield* Layer.build(Layer.fresh(layer))
      assert.isFalse(existsSync(":memory:-runner"))
    }))
})
