/**
 * A run in the hands of the process that goes on with it.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Cancelled, NotFound, type Reason, TakenOver, Unreadable } from "../DurableError.ts"
import { Leaving } from "./leaving.ts"
import { hashesOf, pack, unpack } from "./pack.ts"
import { patiently } from "./patiently.ts"
import * as Statements from "./statements.ts"
import { mark } from "./unreadable.ts"

/** What is known of a row; `value` is JSON. */
export interface Known {
  readonly kind: Statements.Kind
  readonly ended: boolean
  readonly value: unknown
  readonly at: number
}

/** What is to be written; `at` is now. */
export interface Writing {
  readonly key: string
  readonly kind: Statements.Kind
  readonly ended: boolean
  readonly value: unknown
}

interface Pending {
  readonly entry: Statements.Entry
  readonly done: Deferred.Deferred<void>
}

/** So many rows are written by one statement. */
const most = 50

/**
 * A run that was claimed, and what its journal says.
 *
 * - `payload`: what it was begun with; `rows`: by their keys, what was written lately is among them
 * - `lost`: completes once another process has it, it was cancelled, or its journal cannot be read or written; this process
 *   then stands still
 */
export class Owned {
  readonly runId: string
  readonly epoch: number
  readonly startedAt: number
  readonly payload: unknown
  readonly rows: Map<string, Known>
  readonly leaving = new Leaving()
  readonly lost = Deferred.makeUnsafe<never, Reason | SqlError>()
  segment: number
  readonly #sql: SqlClient.SqlClient
  readonly #scope: Scope.Scope
  #pending: Array<Pending> = []
  #isWriting = false
  /** When the latest row was written: a clock that is set back does not put rows before those that they come after. */
  #latest: number
  #last: Effect.Effect<void> = Effect.void

  constructor(
    sql: SqlClient.SqlClient,
    scope: Scope.Scope,
    { epoch, run_id, started_at }: Statements.RunRow,
    payload: unknown,
    rows: Map<string, Known>
  ) {
    this.#sql = sql
    this.#scope = scope
    this.runId = run_id
    this.epoch = epoch
    this.startedAt = started_at
    this.payload = payload
    this.rows = rows
    this.#latest = Array.from(rows.values()).reduce((latest, { at }) => Math.max(latest, at), started_at)
    this.segment = Array.from(rows.values()).filter(({ kind }) => kind === "round").length
  }

  /** Writes a row; it is there when this is over. Rows of one tick are one statement. */
  put(row: Writing): Effect.Effect<void> {
    return Effect.flatMap(this.hand(row), Deferred.await)
  }

  /** Has a row written before all that is written after it, without waiting for that. */
  hand({ ended, key, kind, value }: Writing): Effect.Effect<Deferred.Deferred<void>> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const at = Math.max(now, this.#latest)
      this.#latest = at
      this.rows.set(key, { kind, ended, value, at })
      const done = Deferred.makeUnsafe<void>()
      this.#pending.push({ entry: { key, kind, ended, packed: pack(value), segment: this.segment, at }, done })
      this.#last = Deferred.await(done)
      const writing = this.#isWriting ? Effect.void : Effect.forkIn(this.#write(), this.#scope)
      this.#isWriting = true
      return Effect.as(writing, done)
    })
  }

  /** Says how far it is, once all is written that was handed in. */
  state(state: Statements.State): Effect.Effect<void> {
    return Effect.andThen(this.#last, this.#fenced(Statements.setState(this.#sql, this, state)))
  }

  /** Ends it, likewise. */
  end(state: Statements.State, result: unknown): Effect.Effect<void> {
    return Effect.flatMap(Effect.andThen(this.#last, Clock.currentTimeMillis), (at) => {
      const packed = pack(result)
      return Effect.andThen(
        this.#fenced(Effect.as(Statements.insertBlobs(this.#sql, this.runId, packed), true)),
        this.#fenced(Statements.setState(this.#sql, this, state, { at, result: packed.text }))
      )
    })
  }

  /** Stands still for good. */
  stop(reason: Reason | SqlError): Effect.Effect<never> {
    return Effect.andThen(Deferred.fail(this.lost, reason), Effect.never)
  }

  /** Says why it stands still. */
  unreadable(trouble: Unreadable): Effect.Effect<void, SqlError> {
    return mark(this.#sql, this, trouble)
  }

  #write(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      yield* Effect.yieldNow
      while (this.#pending.length > 0) {
        const some = this.#pending.splice(0, most)
        yield* this.#fenced(this.#insert(some.map(({ entry }) => entry)))
        for (const { done } of some) Deferred.doneUnsafe(done, Exit.void)
      }
      this.#isWriting = false
    })
  }

  #insert(entries: ReadonlyArray<Statements.Entry>): Effect.Effect<boolean, SqlError> {
    const blobs = Effect.forEach(
      entries,
      ({ packed }) => Statements.insertBlobs(this.#sql, this.runId, packed),
      { discard: true }
    )
    return Effect.andThen(blobs, Statements.insertRows(this.#sql, this.runId, this.epoch, entries))
  }

  /** Does what is done only where the run is still this owner's; else, or where it cannot be done, stands still. */
  #fenced(statement: Effect.Effect<boolean, SqlError>): Effect.Effect<void> {
    return patiently(statement).pipe(
      Effect.flatMap((isDone) => isDone ? Effect.void : this.#why()),
      Effect.catch((error) => this.stop(error))
    )
  }

  /**
   * Why nothing was done. A statement that is done twice, because its connection broke, finds the second time that it was
   * done. A run that is gone was cancelled and forgotten.
   */
  #why(): Effect.Effect<void, SqlError> {
    return Effect.flatMap(patiently(Statements.findRun(this.#sql, this.runId)), (row) => {
      if (row?.epoch === this.epoch) return Effect.void
      if (row === undefined) return this.stop(new NotFound())
      return this.stop(row.cancelled === 1 ? new Cancelled() : new TakenOver())
    })
  }
}

/** A run, or why no process can go on with it. */
export type Claimed = Owned | { readonly _tag: "Over" | "Waits" } | { readonly _tag: "Parked"; readonly format: number }

/** Takes a run over, and reads what has to be known to go on. */
export const claim = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  runId: string,
  take: typeof Statements.claimRun = Statements.claimRun
): Effect.fn.Return<Claimed, SqlError | Unreadable, Scope.Scope> {
  const run = yield* patiently(take(sql, runId, Statements.format))
  if (run === undefined) {
    const row = yield* patiently(Statements.findRun(sql, runId))
    if (row === undefined || row.ended_at !== null) return { _tag: "Over" }
    return row.format === Statements.format ? { _tag: "Waits" } : { _tag: "Parked", format: row.format }
  }
  const reading = known(sql, run)
  return yield* Effect.tapErrorTag(reading, "Unreadable", (trouble) => mark(sql, { ...run, runId }, trouble))
})

const known = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  run: Statements.RunRow
): Effect.fn.Return<Owned, SqlError | Unreadable, Scope.Scope> {
  const { run_id: runId } = run
  const reading = [Statements.standingRows(sql, runId), Statements.openRows(sql, runId)]
  const rows = (yield* patiently(Effect.all(reading, { concurrency: "unbounded" }))).flat()
  const read = yield* reader(sql, runId, [run.payload, ...rows.map(({ value }) => value)])
  const known = new Map<string, Known>()
  for (const { at, ended, key, kind, value } of rows) {
    known.set(key, { kind, ended: ended === 1, value: yield* read(key, value), at })
  }
  return new Owned(sql, yield* Effect.scope, run, yield* read("payload", run.payload), known)
})

type Read = (key: string, text: string) => Effect.Effect<unknown, Unreadable>

/** Reads texts of a run, with what is kept apart of them where something is. */
export const reader = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  runId: string,
  texts: ReadonlyArray<string>
): Effect.fn.Return<Read, SqlError> {
  const hashes = Array.from(new Set(texts.flatMap(hashesOf)))
  const blobs = hashes.length > 0 ? yield* patiently(Statements.blobsOf(sql, runId, hashes)) : []
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  const byHash = new Map(blobs.map(({ bytes, hash }) => [hash, decoder.decode(bytes)]))
  const textOf = (hash: string): string => {
    const text = byHash.get(hash)
    if (text === undefined) throw new Error(`the text ${hash} is gone`)
    return text
  }
  return (key, text) =>
    Effect.try({ try: () => unpack(text, textOf), catch: (error) => new Unreadable({ key, issue: String(error) }) })
})
