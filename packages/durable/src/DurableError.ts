/**
 * Why a run was not begun, has no result, or was not found.
 */
import * as Schema from "effect/Schema"

/** There is a run of this id, which was asked for something else; `differs` says in what. */
export class RunConflict extends Schema.TaggedError<RunConflict>()("RunConflict", {
  differs: Schema.Literals(["name", "input", "tools"])
}) {
  override get message(): string {
    const what = { name: "is another agent's", input: "was given other input", tools: "was begun with other tools" }
    return `it exists, and ${what[this.differs]}; give a new run id, or go on with the old one by \`find\``
  }
}

/** There is no run of this id. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {}) {
  override get message(): string {
    return "it does not exist; look for its id with `Durable.list`"
  }
}

/** Somebody ended it for good. */
export class Cancelled extends Schema.TaggedError<Cancelled>()("Cancelled", {}) {
  override get message(): string {
    return "it was cancelled"
  }
}

/** Another version wrote it; it waits, as it is, for one that reads its format. */
export class Parked extends Schema.TaggedError<Parked>()("Parked", {
  format: Schema.Int,
  known: Schema.Int
}) {
  override get message(): string {
    return `its format is ${this.format}, and this version reads ${this.known}; it waits for a version that reads it`
  }
}

/** What was recorded cannot be read any more; the run waits, as it is. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", {
  key: Schema.String,
  issue: Schema.String
}) {
  override get message(): string {
    return `its record ${this.key} cannot be read, and it waits as it is: ${this.issue}; once that is mended, or a version is `
      + "there that reads it, start the run again, or its runner"
  }
}

/** The program crashed, and would again. */
export class Crashed extends Schema.TaggedError<Crashed>()("Crashed", {
  message: Schema.String
}) {}

/** Somebody else goes on with it. */
export class TakenOver extends Schema.TaggedError<TakenOver>()("TakenOver", {}) {
  override get message(): string {
    return "it was begun again elsewhere, which goes on with it"
  }
}

/** No call waits for a decision under this key: there is none, or somebody has decided. */
export class NotWaiting extends Schema.TaggedError<NotWaiting>()("NotWaiting", {}) {
  override get message(): string {
    return "no call waits for a decision under it; `Durable.waiting` lists those that do"
  }
}

/** Why a run cannot go on, or be asked. */
export const Reason = Schema.Union([
  RunConflict,
  NotFound,
  Cancelled,
  Parked,
  Unreadable,
  Crashed,
  TakenOver,
  NotWaiting
])
export type Reason = typeof Reason.Type

/** A run, or a waiting call, and why nothing came of it; `Effect.catchReason` works on it. */
export class DurableError extends Schema.TaggedError<DurableError>()("DurableError", {
  id: Schema.String,
  reason: Reason
}) {
  override get message(): string {
    return `${this.id}: ${this.reason.message}`
  }
}
