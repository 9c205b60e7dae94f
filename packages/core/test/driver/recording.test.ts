/**
 * What becomes of a call while its recorder is at work: before it has the call run, and after the call has ended.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Agent,
  Approver,
  Batch,
  CallError,
  CallObserver,
  type Outcome,
  Recorder,
  Tool,
  Toolkit
} from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Deferred, Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf, spansOf } from "../order/support.ts"
import { ends, recordingLogger } from "../support.ts"
import { asking, doing, notingEnds, promising, reading, recordedBy, sleeping } from "./support.ts"

type Call = Recorder.Recorder["call"]

/** What is told of calls: what it is, and of which call. */
const listening = () => {
  const told: Array<string> = []
  const onCall = (event: Batch.CallEvent) =>
    Effect.sync(() => void told.push(`${event._tag} ${(event._tag === "CallSettled" ? event.outcome : event).call.id}`))
  return { onCall, told }
}

const ended = (end: Recorder.End): Recorder.Ended => ({ end, startedAt: 3, endedAt: 4, attempts: 1, strays: false })

const fails = doing("fails", () => Effect.andThen(Effect.sleep(10), Effect.fail("no")))

describe("a recorder that has not had its call run yet", () => {
  const hanging = () => {
    const stopped: Array<string> = []
    const call: Call = ({ call: { id } }, run) =>
      id === "c0"
        ? Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.sleep(5), Effect.sync(() => stopped.push(id))))
        : run
    return { call, stopped }
  }
  const ok = doing("ok", () => Effect.succeed(1))
  const toolkit = Toolkit.make(ok, fails)

  it.effect.each(
    [["at the deadline", { deadline: 10 }, "Timeout"], ["at a failure", { failFast: true }, "Interrupted"]] as const
  )(
    "is stopped when that is answered without it, %s, which is told once",
    ([, options, end]) =>
      Effect.gen(function*() {
        const { call, stopped } = hanging()
        const { onCall, told } = listening()
        const batch = Batch.run(toolkit, asking(["ok"], ["fails"]), { ...options, onCall })
        const settled = yield* aDayOf(recordedBy(call, batch))
        assert.deepStrictEqual([ends(settled)[0], stopped], [end, ["c0"]])
        assert.deepStrictEqual(told.filter((one) => one.endsWith("c0")), ["CallSettled c0"])
      })
  )

  it.effect("is stopped where the run is interrupted, which waits for that", () =>
    Effect.gen(function*() {
      const { call, stopped } = hanging()
      const fiber = yield* Effect.forkChild(recordedBy(call, Batch.run(toolkit, asking(["ok"]))), {
        startImmediately: true
      })
      yield* TestClock.adjust(1)
      fiber.interruptUnsafe()
      yield* TestClock.adjust(4)
      assert.deepStrictEqual([stopped, fiber.pollUnsafe()], [[], undefined])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(stopped, ["c0"])
      assert.isDefined(fiber.pollUnsafe())
    }))

  it.effect("and does that after the run was interrupted, starts nothing", () =>
    Effect.gen(function*() {
      let ran = 0
      const counts = Toolkit.make(doing("counts", () => Effect.sync(() => ran++)))
      const later: Call = (_, run) => Effect.flatMap(Effect.forkDetach(Effect.delay(run, 20)), Fiber.join)
      const batch = recordedBy(later, Batch.run(counts, asking(["counts"])))
      yield* aDayOf(Effect.timeoutOption(batch, 10))
      assert.strictEqual(ran, 0)
      yield* aDayOf(batch)
      assert.strictEqual(ran, 1)
    }))

  it.effect("and crashes has the call end as a crash, at that time", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust(1000)
      const crashing: Call = () => Effect.delay(Effect.die(new Error("disk")), 5)
      const settled = yield* aDayOf(Effect.provide(recordedBy(crashing, Batch.run(toolkit, asking(["ok"]))), [
        recordingLogger().layer
      ]))
      assert.deepStrictEqual(spansOf(settled, 1000), [["Defect", 5, 5]])
    }))
})

describe("a recorder that gives something else than how its call ended", () => {
  it.effect("has the call end as a crash, which says so", () =>
    Effect.gen(function*() {
      const ok = doing("ok", () => Effect.succeed(1))
      for (const given of [undefined, 5, {}, { end: undefined }, { end: 5 }]) {
        const settled = yield* recordedBy(
          () => Effect.succeed(given as never),
          Batch.run(Toolkit.make(ok), asking(["ok"]))
        )
        const { result } = settled.outcomes[0]!
        assert(Result.isFailure(result) && result.failure._tag === "CallError")
        const { reason } = result.failure
        assert(reason._tag === "Defect")
        assert.include(String(Cause.squash(reason.cause)), "the recorder's `call` does not give how the call ended")
      }
    }).pipe(Effect.provide(recordingLogger().layer)))
})

describe("a recorder that keeps ends together with the next beginning", () => {
  it.effect("has no call begin after one has failed that is to stop the others", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust(1000)
      const isKept = yield* Deferred.make<void>()
      const kept: Array<string> = []
      const together: Call = ({ call: { id } }, run) => {
        const keep = Effect.tap(run, ({ end }) =>
          Effect.sync(() =>
            kept.push(`${id} ${Result.isFailure(end) && "started" in end.failure && end.failure.started}`)
          ))
        return id === "c0"
          ? Effect.tap(keep, () =>
            Deferred.await(isKept))
          : Effect.andThen(Deferred.succeed(isKept, undefined), keep)
      }
      let ran = 0
      const fails = doing("fails", () =>
        Effect.fail("no"))
      const counts = doing("counts", () => Effect.sync(() => ran++))
      const batch = Batch.run(Toolkit.make(fails, counts), asking(["fails"], ["counts"]), { failFast: true })
      const settled = yield* aDayOf(recordedBy(together, batch))
      assert.deepStrictEqual([ends(settled), ran], [[{ failure: "no" }, "Interrupted"], 0])
      assert.deepStrictEqual(spansOf(settled, 1000)[1], ["Interrupted", 0, 0])
      const { result } = settled.outcomes[1]!
      assert(Result.isFailure(result) && result.failure._tag === "CallError")
      assert.deepInclude(result.failure.reason, { by: "failFast", started: false })
      assert.deepStrictEqual(kept, ["c0 false", "c1 false"])
    }))
})

/** Answers in five milliseconds. */
const hasty: Call = (_, run) =>
  Effect.raceFirst(run, Effect.delay(Effect.succeed(ended(Result.succeed({ value: 7, json: 7 }))), 5))

describe("a recorder that answers for a call whose tool is still at work", () => {
  it.effect("has it stopped; where it goes on all the same, it is a stray: listed, awaitable, logged when it ends", () =>
    Effect.gen(function*() {
      const stopped: Array<string> = []
      const late = Promise.withResolvers<number>()
      const stops = doing("stops", () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => stopped.push("it"))))
      const toolkit = Toolkit.make(
        stops,
        doing("lasts", () => Effect.uninterruptible(sleeping(50))),
        promising("ignores", () => late.promise)
      )
      const { layer, lines } = recordingLogger()
      const batch = Batch.run(toolkit, asking(["stops"], ["lasts"], ["ignores"]))
      const fiber = yield* Effect.forkChild(Effect.provide(recordedBy(hasty, batch), layer), { startImmediately: true })
      yield* TestClock.adjust(5)
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual([ends(settled), stopped, lines], [[7, 7, 7], ["it"], []])
      assert.deepStrictEqual(settled.strays.map(({ call: { id } }) => id), ["c1", "c2"])
      const strays = yield* Effect.forkChild(Effect.forEach(settled.strays, (stray) => stray.await))
      yield* TestClock.adjust(50)
      late.resolve(1)
      yield* Fiber.join(strays)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(lines.map(({ annotations, level }) => [annotations, level]), [
        [{ callId: "c1", tool: "lasts" }, "Warn"],
        [{ callId: "c2", tool: "ignores" }, "Warn"]
      ])
    }))

  it.effect("has the last word: nothing more is told of the call, and it is not tried again", () =>
    Effect.gen(function*() {
      const { onCall, told } = listening()
      let ran = 0
      const slow = doing("slow", (_, { progress }) =>
        Effect.gen(function*() {
          ran++
          yield* Effect.sleep(20)
          yield* progress("late")
          return yield* Effect.fail("no")
        }).pipe(Effect.uninterruptible), { idempotent: true })
      const long = doing("long", () => sleeping(50))
      const answers: Call = (ready, run) => ready.call.id === "c0" ? hasty(ready, run) : run
      const batch = Batch.run(Toolkit.make(slow, long), asking(["slow"], ["long"]), { onCall })
      const settled = yield* aDayOf(recordedBy(answers, batch))
      assert.deepStrictEqual([ends(settled), ran], [[7, 50], 1])
      assert.deepStrictEqual(told.filter((one) => one.endsWith("c0")), ["CallStarted c0", "CallSettled c0"])
    }))
})

/** Finds that a call was stopped after its start; that of a tool which may have done anything is named `acts`. */
const stoppedOnce: Recorder.Recorder = {
  known: ({ call: { id } }) => {
    const reason = new CallError.Interrupted({ by: "restart", started: true, harmless: false })
    return id === "c0" ? Effect.succeed(ended(Result.fail(reason))) : undefined
  },
  call: (_, run) => run
}

describe("a recorded call that was stopped, of which it is not known any more what it touched", () => {
  it.effect("leaves in doubt what may have been touched, unless it only reads", () =>
    Effect.gen(function*() {
      const touches = (
        { key }: { readonly key?: unknown }
      ) => [key === undefined ? Access.write("") : assert.fail("no key")]
      const toolkit = Toolkit.make(
        doing("acts", () => Effect.void, { access: touches }),
        reading("looks", () => Effect.void, { access: touches }),
        doing("writes", () => Effect.succeed(1), { access: [Access.write("k")] })
      )
      for (const [name, end] of [["acts", "Uncertain"], ["looks", 1]] as const) {
        const batch = Batch.run(toolkit, asking([name, { key: 1 }], ["writes"]))
        const settled = yield* aDayOf(Effect.provideService(batch, Recorder.Recorder, stoppedOnce))
        assert.deepStrictEqual(ends(settled), ["Interrupted", end])
      }
    }))
})

describe("a recorder that has a call run in a step of its own", () => {
  it.effect("is told how it ended, though its tool ends at once", () =>
    Effect.gen(function*() {
      const kept: Array<unknown> = []
      const ok = doing("ok", () => Effect.succeed(1))
      const call: Call = (_, run) =>
        Effect.andThen(Effect.sleep(5), Effect.tap(run, ({ end }) => Effect.sync(() => kept.push(end._tag))))
      const settled = yield* aDayOf(recordedBy(call, Batch.run(Toolkit.make(ok), asking(["ok"]))))
      assert.deepStrictEqual([ends(settled), kept], [[1], ["Success"]])
    }))
})

describe("a recorder that takes its time over the end of a call", () => {
  it.effect("has that told of no earlier than what was told before: the outcome says when it ended", () =>
    Effect.gen(function*() {
      const told: Array<readonly [tag: string, at: number]> = []
      const onCall = ({ _tag, at }: Batch.CallEvent) => Effect.sync(() => void told.push([_tag, at]))
      const call: Call = ({ call: { id } }, run) => id === "c0" ? Effect.tap(run, Effect.sleep(10)) : run
      const waits = doing("waits", ({ ms }) => sleeping(Number(ms)))
      const batch = Batch.run(Toolkit.make(waits), asking(["waits", { ms: 5 }], ["waits", { ms: 7 }]), { onCall })
      const { outcomes } = yield* aDayOf(recordedBy(call, batch))
      assert.deepStrictEqual(outcomes.map(({ endedAt }) => endedAt), [5, 7])
      assert.deepStrictEqual(told, [["CallStarted", 0], ["CallStarted", 0], ["CallSettled", 7], ["CallSettled", 7]])
    }))
})

describe("a recorder that runs a call again", () => {
  it.effect("has what that came to, once, at the same time or later", () =>
    Effect.gen(function*() {
      let ran = 0
      const counts = doing("counts", () => Effect.as(Effect.sleep(5), ++ran))
      const batch = Batch.run(Toolkit.make(counts), asking(["counts"]), { runId: "run" })
      const again: ReadonlyArray<Call> = [
        (_, run) => {
          let kept = 0
          return Effect.retry(Effect.tap(run, () => ++kept < 3 ? Effect.fail("disk") : Effect.void), { times: 3 }).pipe(
            Effect.orDie
          )
        },
        (_, run) => Effect.map(Effect.all([run, run], { concurrency: 2 }), ([, second]) => second)
      ]
      for (const [n, call] of again.entries()) {
        assert.deepStrictEqual([ends(yield* aDayOf(recordedBy(call, batch))), ran], [[n + 1], n + 1])
      }
    }))
})

describe("equal calls under a recorder", () => {
  const same = Tool.coalesce(reading("same", () => sleeping(5)))

  it.effect("end in the same way where it crashed over the first, and that is recorded of the others", () =>
    Effect.gen(function*() {
      const kept: Array<Recorder.Ended> = []
      const call: Call = ({ call: { id } }, run) =>
        id === "c0"
          ? Effect.andThen(run, Effect.die("disk"))
          : Effect.tap(run, (ended) => Effect.sync(() => kept.push(ended)))
      const batch = Batch.run(Toolkit.make(same), asking(["same"], ["same"]))
      const settled = yield* aDayOf(Effect.provide(recordedBy(call, batch), recordingLogger().layer))
      assert.deepStrictEqual(ends(settled), ["Defect", "Defect"])
      assert.deepStrictEqual(
        kept.map(({ end, ...rest }) => [end._tag, rest]),
        [["Failure", { startedAt: 0, endedAt: 5, attempts: 1, strays: false, used: undefined }]]
      )
    }))

  it.effect("are answered though it throws over one that has the answer of the first: that one crashed", () =>
    Effect.gen(function*() {
      const call: Call = ({ call: { id } }, run) => {
        if (id === "c1") throw new Error("disk")
        return run
      }
      const settled = yield* aDayOf(
        recordedBy(call, Batch.run(Toolkit.make(same), asking(["same"], ["same"], ["same"])))
      )
      assert.deepStrictEqual(ends(settled), [5, "Defect", 5])
    }))

  it.effect("are answered once at the deadline, where it has not kept their end by then", () =>
    Effect.gen(function*() {
      const { onCall, told } = listening()
      const call: Call = ({ call: { id } }, run) => id === "c1" ? Effect.andThen(run, Effect.never) : run
      const slow = doing("slow", () => sleeping(50))
      const batch = Batch.run(Toolkit.make(same, slow), asking(["same"], ["same"], ["slow"]), { deadline: 20, onCall })
      const settled = yield* aDayOf(recordedBy(call, batch))
      assert.deepStrictEqual(ends(settled), [5, "Timeout", "Timeout"])
      assert.deepStrictEqual(told.filter((one) => one === "CallSettled c1").length, 1)
    }))
})

const model = ScriptedModel.layer(({ conversation }) =>
  conversation.messages.at(-1)?.role === "tool" ? ScriptedModel.says("Paid.") : ScriptedModel.calls({ name: "pay" })
)

describe("a recorder that has kept ends in the step in which the run is interrupted", () => {
  it.effect("comes too late: their calls are told of as interrupted, equal ones too", () =>
    Effect.gen(function*() {
      const isKept = yield* Deferred.make<void>()
      const told: Array<readonly [id: string, end: string]> = []
      const tell = ({ call: { id }, result }: Outcome.Outcome) => {
        const reason = Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag
        told.push([id, reason || result._tag])
      }
      const follows = notingEnds(tell)
      const call: Call = ({ call: { id } }, run) =>
        id === "c3" ? Effect.delay(run, 20) : id === "c1" ? run : Effect.tap(run, Deferred.await(isKept))
      let stop = (): void => undefined
      const stops = doing("stops", () => {
        Deferred.doneUnsafe(isKept, Effect.void)
        stop()
        return Effect.never
      })
      const ok = doing("ok", () => Effect.succeed(1))
      const same = Tool.coalesce(reading("same", () => sleeping(5)))
      const batch = Batch.run(Toolkit.make(ok, same, stops), asking(["ok"], ["same"], ["same"], ["stops"]))
      const fiber = yield* Effect.forkChild(
        Effect.provideService(recordedBy(call, batch), CallObserver.CallObserver, () => follows)
      )
      stop = () => fiber.interruptUnsafe()
      yield* TestClock.adjust("1 minute")
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(told.toSorted(), [
        ["c0", "Interrupted"],
        ["c1", "Success"],
        ["c2", "Interrupted"],
        ["c3", "Interrupted"]
      ])
    }))
})

describe("an agent that is a tool, and waits for a decision, under a recorder", () => {
  it.effect("stops its recorder, which keeps no end of it nor of an equal call: both go on once it is decided", () =>
    Effect.gen(function*() {
      const known = new Map<string, Recorder.Ended>()
      const stopped: Array<string> = []
      const recorder: Recorder.Recorder = {
        known: ({ key }) => known.has(key) ? Effect.succeed(known.get(key)) : undefined,
        call: ({ call: { id }, key }, run) =>
          Effect.tap(run, (ended) => Effect.sync(() => known.set(key, ended))).pipe(
            Effect.onInterrupt(() => Effect.sync(() => stopped.push(id)))
          )
      }
      const pay = reading("pay", () => Effect.succeed("paid"), { approval: "always" })
      const toolkit = Toolkit.make(pay)
      const reads = Tool.coalesce(Agent.asTool("reads", { description: "Pays.", readOnly: true, toolkit }))
      const task = { task: "Pay." }
      const play = (calls: Parameters<typeof Batch.run>[1]) =>
        Batch.run(Toolkit.make(reads), calls, { runId: "run" }).pipe(
          Effect.provideService(Recorder.Recorder, recorder),
          Effect.provide(model),
          aDayOf
        )
      const first = yield* play(asking(["reads", task], ["reads", task]))
      assert.deepStrictEqual([ends(first), stopped, known.size], [["Undecided", "Undecided"], ["c0"], 0])
      for (const call of first.pending) assert.notProperty(call, "uncertain")
      const second = yield* Effect.provide(play(first.pending), Approver.allow)
      assert.deepStrictEqual(ends(second), ["Paid.", "Paid."])
    }))
})
