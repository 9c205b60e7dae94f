/**
 * Calls that are taken back: steps of a plan whose time is over, and calls of a turn that say they were cut off after all.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Recorder, Tool, Toolkit } from "@volley/core"
import { Effect, Result, Stream } from "effect"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { asking, reading, recordedBy, sleeping } from "./support.ts"

/** A plan of steps that are equal calls. */
const planOf = (...ids: ReadonlyArray<string>) => ({ steps: ids.map((id) => ({ id, tool: "same", arguments: {} })) })

describe("equal steps of a plan whose time is over", () => {
  it.effect("have one outcome: that of the step which ran, and had started", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => {
          if (event._tag !== "CallSettled" || event.parent === undefined) return
          const { attempts, call: { id }, endedAt, result, startedAt } = event.outcome
          const reason = Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason
          told.push([id, event.sameAs, attempts, startedAt, endedAt, reason && "started" in reason && reason.started])
        })
      const same = Tool.coalesce(reading("same", () => Effect.never))
      const toolkit = Toolkit.make(Plan.tool(Toolkit.make(same), { timeout: 10 }))
      yield* aDayOf(Batch.run(toolkit, asking(["plan", planOf("a", "b")]), { onCall }))
      assert.deepStrictEqual(told, [["c0/a", undefined, 1, 0, 10, true], ["c0/b", "c0/a", 1, 0, 10, true]])
    }))
})

describe("a step of a plan whose time is over while it is recorded how the step ended", () => {
  it.effect("keeps that end, which equal calls beside the plan have too", () =>
    Effect.gen(function*() {
      let ran = 0
      const same = Tool.coalesce(reading("same", () => Effect.andThen(Effect.sync(() => ++ran), sleeping(5))))
      const toolkit = Toolkit.make(same)
      const both = Toolkit.make(
        Plan.tool(toolkit, { name: "brief", timeout: 10 }),
        Plan.tool(toolkit, { name: "patient" })
      )
      const batch = Batch.run(both, asking(["brief", planOf("a")], ["patient", planOf("b")]))
      const settled = yield* aDayOf(recordedBy((_, run) => Effect.tap(run, Effect.sleep(50)), batch))
      assert.deepStrictEqual<unknown>(ends(settled), ["a", "b"].map((id) => ({ steps: [{ id, ok: 5 }] })))
      assert.strictEqual(ran, 1)
    }))
})

describe("a step that waits for the answer of an equal call beside its plan", () => {
  it.effect("is settled once, where its time is over before that", () =>
    Effect.gen(function*() {
      const told: Array<readonly [id: string, at: number]> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => event._tag === "CallSettled" && told.push([event.outcome.call.id, event.at]))
      const same = Tool.coalesce(reading("same", () => sleeping(50)))
      const toolkit = Toolkit.make(same, Plan.tool(Toolkit.make(same), { timeout: 10 }))
      yield* aDayOf(Batch.run(toolkit, asking(["same"], ["plan", planOf("a")]), { onCall }))
      assert.deepStrictEqual(told, [["c1/a", 10], ["c1", 10], ["c0", 50]])
    }))
})

describe("a call that comes again truncated before its recorder had it run", () => {
  it.effect("has its recorder stopped", () =>
    Effect.gen(function*() {
      const stopped: Array<string> = []
      const calls = asking(["looks"])
      const turn = Stream.fromIterable([...calls, ...calls.map((call) => ({ ...call, status: "truncated" as const }))])
      const slowly = Stream.tap(turn, () => Effect.sleep(5))
      const hangs: Recorder.Recorder["call"] = ({ call: { id } }) =>
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => stopped.push(id)))
      const looks = reading("looks", () => Effect.succeed(1))
      const settled = yield* aDayOf(recordedBy(hangs, Batch.dispatch(Toolkit.make(looks), slowly)))
      assert.deepStrictEqual([ends(settled), stopped], [["Truncated"], ["c0"]])
    }))
})
