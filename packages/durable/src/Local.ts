/**
 * Runs that are kept in a file: no server, one process that runs them, and others that read.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { existsSync } from "node:fs"
import * as Alone from "./internal/alone.ts"
import * as Engine from "./internal/engine.ts"
import { holdFile, sign } from "./internal/lock.ts"
import { check, migrate } from "./internal/migrations.ts"
import { make, open, type Synchronous } from "./internal/sqlite.ts"
import * as Store from "./internal/store.ts"
import { Absent, type StoreError } from "./StoreError.ts"

/**
 * - `file`: on a disk of this machine; beside it come files whose names begin with its own. `:memory:` keeps nothing
 * - `synchronous`: `NORMAL`, the default, loses nothing if the process is killed; `FULL` is slower, and loses nothing
 *   if the power fails
 */
export interface Options {
  readonly file: string
  readonly synchronous?: Synchronous
}

/** What a program with a store has, and what the processes of a cluster share. */
type Provided = Shared | WorkflowEngine.WorkflowEngine
type Shared = SqlClient.SqlClient | Store.Store

/**
 * Runs the runs of a file; makes the file if there is none.
 *
 * - errors: if another runner has the file, if it is no store or that of a newer version, and on a Node without SQLite
 *
 * @example
 * ```ts
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect } from "effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * const file = join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") // in a service: a path that stays
 * console.log(await Effect.runPromise(Effect.provide(Durable.list, Local.layer({ file })))) // => []
 * ```
 */
export const layer = (options: Options): Layer.Layer<Provided, StoreError> => {
  const prepare = Effect.andThen(holdFile(options.file, "alone"), Effect.andThen(migrate, sign))
  const running = Layer.merge(Engine.runner, Alone.runner)
  return Layer.provideMerge(running, Store.layer(storeOf(options), connect(options), prepare))
}

/**
 * The file alone, for the processes of a cluster, all on the machine that has it.
 *
 * @example
 * ```ts
 * import { Runner } from "@volley/cluster"
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect } from "effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * const sql = Local.layerShared({ file: join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") })
 * const machine = Runner.layer({ address: { host: "127.0.0.1", port: 24521 }, sql })
 * console.log(await Effect.runPromise(Effect.provide(Durable.list, machine))) // => []
 * ```
 */
export const layerShared = (options: Options): Layer.Layer<Shared, StoreError> =>
  Store.layer(storeOf(options), connect(options), Effect.void)

/**
 * Reads, starts, decides and cancels runs of a file beside its runner; runs none itself, and makes no file.
 *
 * @example
 * ```ts
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect } from "effect"
 *
 * // Beside a runner; it makes no file, and says so where there is none.
 * const list = Effect.provide(Durable.list, Local.layerClient({ file: "no-such-file.db" }))
 * const error = await Effect.runPromise(Effect.flip(list))
 * console.log(error._tag, error.reason._tag) // => StoreError Absent
 * ```
 */
export const layerClient = (options: Options): Layer.Layer<Provided, StoreError> => {
  const there = Effect.suspend(() => existsSync(options.file) ? Effect.void : Effect.fail(new Absent({})))
  const store = Store.layer(storeOf(options), Effect.andThen(there, connect(options)), check)
  return Layer.provideMerge(Layer.merge(Engine.client, Alone.client), store)
}

const storeOf = ({ file }: Options) => {
  if (typeof file === "string") return Store.make(file, [], (share) => holdFile(file, share))
  throw new TypeError("Local: `file` is missing: give the path of the store, as in { file: \"runs.db\" }.")
}

const connect = ({ file, synchronous = "NORMAL" }: Options) => Effect.flatMap(open(file), (db) => make(db, synchronous))
