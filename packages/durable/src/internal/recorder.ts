/**
 * What the core is told and asked of a run that is owned.
 */
import * as AgentRecorder from "@volley/core/AgentRecorder"
import { Interrupted } from "@volley/core/CallError"
import * as Recorder from "@volley/core/Recorder"
import type * as Tool from "@volley/core/Tool"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Unreadable } from "../DurableError.ts"
import type { Known, Owned } from "./owned.ts"
import type { Standings } from "./standings.ts"

/** What a recorded call is said to have come to whose end was not kept, and which may not run twice. */
const lost = ({ at }: Known): Recorder.Ended => ({
  end: Result.fail(new Interrupted({ by: "restart", started: true, harmless: false })),
  startedAt: at,
  endedAt: at,
  attempts: 1,
  strays: false
})

/** True for a call that may be begun again where its end was not kept. */
const mayRepeat = ({ idempotent, readOnly, resumes }: Tool.Any): boolean => readOnly || idempotent || resumes

const keyOf = (key: string): string => `call/${key}`

/** The calls of a run. */
export const calls = (owned: Owned): Recorder.Recorder => ({
  known: (asked) => {
    const row = owned.rows.get(keyOf(asked.key))
    if (row === undefined) return undefined
    if (row.ended) return read(owned, keyOf(asked.key), asked.tool, row)
    if (asked.tool === undefined) return Effect.succeed(lost(row))
    if (mayRepeat(asked.tool)) return undefined
    return asked.tool.reconcile === undefined ? Effect.succeed(lost(row)) : reconciled(owned, asked, asked.tool, row)
  },
  call: ({ call, key, runId, tool }, run) => {
    const row = { key: keyOf(key), kind: "call" } as const
    const about = { tool: tool.name, callId: call.id, in: runId }
    const kept = Effect.tap(
      run,
      (ended) => owned.put({ ...row, ended: true, value: { ...about, ...Recorder.write(ended) } })
    )
    if (mayRepeat(tool)) return owned.leaving.begin(kept, false)
    return owned.leaving.begin(Effect.andThen(owned.put({ ...row, ended: false, value: about }), kept), true)
  }
})

const decodeCall = Schema.decodeUnknownEffect(Recorder.Written)

const read = (
  owned: Owned,
  key: string,
  tool: Tool.Any | undefined,
  { value }: Known
): Effect.Effect<Recorder.Ended, never, unknown> => {
  const decoded = Effect.catchEager(
    decodeCall(value),
    ({ message }) => owned.stop(new Unreadable({ key, issue: message }))
  )
  return Effect.flatMapEager(decoded, (written) => Recorder.read(tool, written))
}

/** Asks the world what became of a call; one that did not take effect is run. */
const reconciled = Effect.fnUntraced(function*(
  owned: Owned,
  { args, call, key }: Recorder.Asked,
  tool: Tool.Any,
  row: Known
): Effect.fn.Return<Recorder.Ended | undefined, never, unknown> {
  const asking = Effect.flatMap(
    tool.decode(args),
    (parameters) => tool.reconcile?.(parameters, key) ?? Effect.succeedNone
  )
  const asked = yield* Effect.result(asking).pipe(
    Effect.tapCause((cause) => Effect.logError(`It is unknown what became of ${tool.name}`, cause)),
    Effect.catchCause((cause) => Cause.hasInterrupts(cause) ? Effect.failCause(cause) : Effect.undefined)
  )
  if (asked === undefined) return lost(row)
  if (Result.isSuccess(asked) && Option.isNone(asked.success)) {
    owned.rows.delete(keyOf(key))
    return undefined
  }
  const end = Result.map(asked, Option.getOrThrow)
  const ended = { ...lost(row), end, endedAt: yield* Clock.currentTimeMillis }
  const value = { tool: tool.name, callId: call.id, ...Recorder.write(ended) }
  yield* owned.put({ key: keyOf(key), kind: "call", ended: true, value })
  return ended
})

const decodeTurn = Schema.decodeUnknownEffect(AgentRecorder.Turn)

/** The turns of a run's agents, and how the outermost one stands. */
export const agents = (owned: Owned, standings: Standings): AgentRecorder.AgentRecorder => ({
  turn: (id, take) => {
    const key = `turn/${id}`
    const row = owned.rows.get(key)
    if (row === undefined) {
      return Effect.tap(
        owned.leaving.begin(take, false),
        (turn) => owned.put({ key, kind: "turn", ended: true, value: turn })
      )
    }
    return Effect.catch(decodeTurn(row.value), ({ message }) => owned.stop(new Unreadable({ key, issue: message })))
  },
  settled: (standing) => standing.conversation.runId === owned.runId ? standings.keep(standing) : Effect.void
})
