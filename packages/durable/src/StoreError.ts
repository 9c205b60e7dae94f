/**
 * Why a store of runs, a file or a database, cannot be used or did not keep something.
 */
import * as Schema from "effect/Schema"

/** Another process, or another part of this one, runs the runs of the store; `runner` says which, if known. */
export class Taken extends Schema.TaggedError<Taken>()("Taken", {
  runner: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `its runs are already run by ${this.runner ?? "another process"}; stop that one, or use a store of your own`
  }
}

/** The disk or the database is full. This may pass. */
export class Full extends Schema.TaggedError<Full>()("Full", {}) {
  override get message(): string {
    return "there is no room left on its disk; free some"
  }
}

/** The database does not answer, the connection broke, or the file cannot be read or written now. This may pass. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {
  message: Schema.String
}) {}

/** Other processes keep the store locked for longer than a statement waits. This may pass. */
export class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {
  override get message(): string {
    return "another process keeps it locked; end the one that writes to it, if it hangs"
  }
}

/** There is no store: no file, or a database that no runner has prepared. */
export class Absent extends Schema.TaggedError<Absent>()("Absent", {}) {
  override get message(): string {
    return "no runs are kept here; start a runner on it first, or check the address"
  }
}

/** Another version wrote the store; `found` is its format, `known` the newest that this version reads. */
export class UnknownFormat extends Schema.TaggedError<UnknownFormat>()("UnknownFormat", {
  found: Schema.Int,
  known: Schema.Int
}) {
  override get message(): string {
    const remedy = this.found > this.known
      ? "update @volley/durable"
      : "start a runner of this version on it, which brings it up to date"
    return `its format is ${this.found}, and this version works with ${this.known}; ${remedy}`
  }
}

/** This Node has no SQLite. */
export class NoSqlite extends Schema.TaggedError<NoSqlite>()("NoSqlite", {
  node: Schema.String
}) {
  override get message(): string {
    return `Node ${this.node} has no node:sqlite; use Node 24, or keep runs in PostgreSQL`
  }
}

/** The database refuses this user, or something that the user must be allowed to do. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  message: Schema.String
}) {}

/** The store failed in another way, for example because its file is damaged. */
export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", {
  message: Schema.String
}) {}

/** Why a store cannot be used. */
export const Reason = Schema.Union([
  Taken,
  Full,
  Unreachable,
  Busy,
  Absent,
  UnknownFormat,
  NoSqlite,
  Refused,
  Unusable
])
export type Reason = typeof Reason.Type

/**
 * Whether the same may work later, without a change of the program.
 *
 * @example
 * ```ts
 * import { StoreError } from "@volley/durable"
 *
 * console.log(
 *   StoreError.isPassing(new StoreError.Busy()),
 *   StoreError.isPassing(new StoreError.NoSqlite({ node: "20.0.0" }))
 * )
 * // => true false
 * ```
 */
export const isPassing = (reason: Reason): boolean =>
  reason._tag === "Full" || reason._tag === "Unreachable" || reason._tag === "Busy"

/** A store cannot be used, and why; `store` is its file, or the host and name of its database. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  store: Schema.String,
  reason: Reason
}) {
  override get message(): string {
    return `The store ${this.store}: ${this.reason.message}.`
  }

  get isRetryable(): boolean {
    return isPassing(this.reason)
  }
}
