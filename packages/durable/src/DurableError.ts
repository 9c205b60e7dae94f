/**
 * Why a run did not begin, has no result, or was not found.
 */
import * as Schema from "effect/Schema"

/** There is a run of this id with another prompt or other tools; `differs` says what differs. */
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

/** The run was cancelled. */
export class Cancelled extends Schema.TaggedError<Cancelled>()("Cancelled", {}) {
  override get message(): string {
    return "it was cancelled"
  }
}

/** Another version wrote the run; it waits for a version that reads its format. */
export class Parked extends Schema.TaggedError<Parked>()("Parked", {
  format: Schema.Int,
  known: Schema.Int
}) {
  override get message(): string {
    return `its format is ${this.format}, and this version reads ${this.known}; it waits for a version that reads it`
  }
}

/** A record of the run cannot be read any more; the run waits as it is. */
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

/** Another process goes on with the run. */
export class TakenOver extends Schema.TaggedError<TakenOver>()("TakenOver", {}) {
  override get message(): string {
    return "it was begun again elsewhere, which goes on with it"
  }
}

/** No call waits for a decision under this key: there is no such call, or it is decided already. */
export class NotWaiting extends Schema.TaggedError<NotWaiting>()("NotWaiting", {}) {
  override get message(): string {
    return "no call waits for a decision under it; `Durable.waiting` lists those that do"
  }
}

/** Why a run cannot go on, or gives no answer. */
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

/** An operation on a run, or on a waiting call, failed, and why; `Effect.catchReason` works on it. */
export class DurableError extends Schema.TaggedError<DurableError>()("DurableError", {
  id: Schema.String,
  reason: Reason
}) {
  override get message(): string {
    return `${this.id}: ${this.reason.message}`
  }
}
