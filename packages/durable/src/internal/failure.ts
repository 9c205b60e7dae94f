/**
 * What a database says of a failure, in the words of a store.
 */
import * as Transport from "@volley/core/Transport"
import { hasProperty } from "effect/Predicate"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { Busy, Full, isPassing, type Reason, Refused, Unreachable, Unusable } from "../StoreError.ts"

type Named = "Full" | "Unreachable" | "Busy" | "Refused"

/** By the lower byte of SQLite's numbers, and by PostgreSQL's SQLSTATE: those that Effect gives no name. */
const byCode: Readonly<Record<string, Named>> = {
  8: "Refused", // read-only
  10: "Unreachable", // the disk
  13: "Full",
  25006: "Unreachable", // read-only for now: another server has become the first one
  53100: "Full",
  53200: "Unreachable", // no memory
  53300: "Unreachable", // too many connections
  "57P01": "Unreachable", // it is being stopped
  "57P02": "Unreachable", // it crashed
  "57P03": "Unreachable", // it is starting
  "3D000": "Refused" // no such database
}

/** By what Effect calls it. */
const byTag: Readonly<Partial<Record<SqlError["reason"]["_tag"], Named>>> = {
  ConnectionError: "Unreachable",
  LockTimeoutError: "Busy",
  StatementTimeoutError: "Busy",
  DeadlockError: "Busy",
  SerializationError: "Busy",
  AuthenticationError: "Refused",
  AuthorizationError: "Refused"
}

/** Why a statement failed; the secrets are not in it. */
export const reasonOf = ({ reason }: SqlError, secrets: ReadonlyArray<string> = []): Reason => {
  const message = Transport.quoted(wordsOf(reason), secrets)
  switch (byCode[codeOf(reason.cause) ?? ""] ?? byTag[reason._tag]) {
    case "Full":
      return new Full({})
    case "Unreachable":
      return new Unreachable({ message })
    case "Busy":
      return new Busy({})
    case "Refused":
      return new Refused({ message })
    default:
      return new Unusable({ message })
  }
}

/** Why it failed, where the same may work later; undefined where it may not. */
export const passing = (error: unknown): Reason | undefined => {
  if (hasProperty(error, "_tag") && error._tag === "PersistenceError" && hasProperty(error, "cause")) {
    return passing(error.cause)
  }
  const reason = isSqlError(error) ? reasonOf(error) : undefined
  return reason !== undefined && isPassing(reason) ? reason : undefined
}

/** The numbers of a socket's errors are negative, and no SQLite's. */
const codeOf = (cause: unknown): string | undefined => {
  if (hasProperty(cause, "errno") && typeof cause.errno === "number" && cause.errno > 0) {
    return String(cause.errno & 0xff)
  }
  return hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined
}

/** What was said at the bottom of it: "connect ECONNREFUSED 127.0.0.1:5432" rather than "failed to connect". */
const wordsOf = ({ _tag, cause, message }: SqlError["reason"]): string =>
  hasProperty(cause, "message") && typeof cause.message === "string" && cause.message !== ""
    ? cause.message
    : message ?? _tag
