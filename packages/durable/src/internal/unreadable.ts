/**
 * Runs that stand still because something that was recorded cannot be read.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Parked, Unreadable } from "../DurableError.ts"
import { pack, unpack } from "./pack.ts"
import { patiently } from "./patiently.ts"
import * as Statements from "./statements.ts"

/** So many characters of what is wrong are kept. */
const most = 4096

/** Says in the row of a run that it stands still, and why; one that has a new owner is left alone. */
export const mark = (
  sql: SqlClient.SqlClient,
  owner: { readonly runId: string; readonly epoch: number },
  { issue, key }: Unreadable
): Effect.Effect<void, SqlError> => {
  const { text } = pack({ key, issue: issue.slice(0, most) })
  return Effect.asVoid(patiently(Statements.setState(sql, owner, "unreadable", { at: null, result: text })))
}

const decodeMark = Schema.decodeUnknownOption(Schema.Struct({ key: Schema.String, issue: Schema.String }))

/** Why a run stands still if no process that goes on with it here could read it. */
export const troubleOf = (
  { format, result, state }: Pick<Statements.RunRow, "format" | "state" | "result">
): Parked | Unreadable | undefined => {
  if (format !== Statements.format) return new Parked({ format, known: Statements.format })
  if (state !== "unreadable") return undefined
  return new Unreadable(Option.getOrElse(decodeMark(markIn(result ?? "")), () => ({ key: "unknown", issue: "" })))
}

const markIn = (text: string): unknown => {
  try {
    return unpack(text, String)
  } catch {
    return undefined
  }
}
