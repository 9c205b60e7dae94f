/**
 * A run that goes on while somebody follows it: each look is told one row, and so none has to wait for the next.
 */
import { Toolkit } from "@volley/core"
import { Journal } from "@volley/durable"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { beginOnce } from "../../src/internal/begin.ts"
import { claim, type Owned, type Writing } from "../../src/internal/owned.ts"
import { pack } from "../../src/internal/pack.ts"
import * as Statements from "../../src/internal/statements.ts"

const wait = { tool: "pay", callId: "c1", parameters: {} }

const decided = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const [row] = yield* Statements.findWaits(sql, "wait/w1")
  return row !== undefined && (yield* Statements.decideWait(sql, row, pack({ ...wait, decision: "allowed" }).text))
})

/** A wait; then rounds, each with a long text; then the decision, and a call that is written after it. */
const writesOf = (owned: Owned, sql: SqlClient.SqlClient, rounds: number, step: number) => {
  let now = owned.startedAt
  const later = Effect.updateService(
    Clock.Clock,
    (clock): Clock.Clock => Object.assign(Object.create(clock), { currentTimeMillis: Effect.sync(() => now += step) })
  )
  const put = (kind: Writing["kind"], key: string, ended: boolean, value: unknown) =>
    later(owned.put({ key, kind, ended, value }))
  const round = (n: number) => [
    put("turn", `turn/${n}`, true, `${n}`.padStart(70_000, "-")),
    put("call", `call/${n}`, false, n),
    put("call", `call/${n}`, true, n),
    Effect.tap(put("round", `round/${n}`, true, n), Effect.sync(() => owned.segment += 1))
  ]
  return [
    put("wait", "wait/w1", false, wait),
    ...Array.from({ length: rounds }, (_, n) => round(n)).flat(),
    Effect.andThen(decided(sql), put("call", "call/last", true, "last"))
  ]
}

/** What is told, and what should be. - `step`: how much later each row is written than the one before, in milliseconds */
export const following = Effect.fnUntraced(function*(rounds: number, step: number) {
  const sql = yield* SqlClient.SqlClient
  yield* beginOnce({ runId: "r1", name: "support", input: {}, toolkit: Toolkit.make() })
  const owned = yield* claim(sql, "r1")
  if (!("runId" in owned)) return yield* Effect.die("it is not this owner's")
  const writes = writesOf(owned, sql, rounds, step)
  const next = Effect.suspend(() => writes.shift() ?? owned.end("done", null))
  const told: Array<string> = []
  const expected = [
    "wait/w1 false",
    ...Array.from(
      { length: rounds },
      (_, n) => [`turn/${n} true`, `call/${n} false`, `call/${n} true`, `round/${n} true`]
    )
      .flat(),
    "wait/w1 true",
    "call/last true"
  ]
  yield* next
  yield* Stream.runForEach(Journal.follow("r1"), ({ ended, key }) =>
    Effect.suspend(() => {
      told.push(`${key} ${ended}`)
      return key === "wait/w1" && ended ? Effect.void : next
    }))
  return { told, expected }
}, Effect.scoped)
