/**
 * Nothing starts after a run was interrupted, whenever that is (case 2).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Approver, Batch, Pipeline, Plan, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Clock, Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { type Asked, asking, doing, promising, reading } from "./support.ts"

/** How a run is stopped from inside of one of its own steps. */
type Stop = () => void

/** Counts the steps of a run and stops it at the one of a number; `after` has the handlers that began later. */
const watch = (at: number) => {
  const seen = { steps: 0, after: new Array<string>() }
  let stop: Stop = () => undefined
  const step = (): void => {
    seen.steps += 1
    if (seen.steps === at) stop()
  }
  const began = (name: string): void => {
    if (seen.steps >= at) seen.after.push(name)
    step()
  }
  return { began, seen, step, stopBy: (by: Stop) => void (stop = by) }
}

type Watch = ReturnType<typeof watch>

/** A tool of each kind: its handler's beginning and end are steps. */
const leafTools = ({ began, step }: Watch) => {
  const acting = (name: string, end: Effect.Effect<unknown, string>) => () =>
    Effect.suspend(() => {
      began(name)
      return Effect.tap(end, () => Effect.sync(step))
    })
  const access = [Access.write("k")]
  return {
    now: doing("now", acting("now", Effect.succeed(1))),
    soon: doing("soon", acting("soon", Effect.as(Effect.yieldNow, 1))),
    later: doing("later", acting("later", Effect.as(Effect.sleep(10), 1))),
    write: doing("write", acting("write", Effect.succeed(1)), { access }),
    slowWrite: doing("slowWrite", acting("slowWrite", Effect.as(Effect.sleep(5), 1)), { access }),
    asks: doing("asks", acting("asks", Effect.succeed(1)), { approval: "always" }),
    same: Tool.coalesce(reading("same", acting("same", Effect.as(Effect.sleep(3), 1)))),
    again: reading("again", (_, { attempt }) => acting("again", attempt < 3 ? Effect.fail("no") : Effect.succeed(1))()),
    promise: promising("promise", () => {
      began("promise")
      return Promise.resolve(1).finally(step)
    })
  }
}

const leaves = (watched: Watch) => Toolkit.make(...Object.values(leafTools(watched)))

const asked: ReadonlyArray<Asked> = [
  ["now"],
  ["write"],
  ["soon"],
  ["slowWrite"],
  ["write"],
  ["later"],
  ["asks"],
  ["promise"],
  ["same"],
  ["same"],
  ["again"],
  ["now"],
  ["write"]
]

const steps = asked.map(([tool], n) => ({ id: `s${n}`, tool, arguments: {} }))

type Run = (watched: Watch, options: Batch.Options) => Effect.Effect<unknown>

/** A tool whose handler runs something. */
const inside = (watched: Watch, run: Run) =>
  doing("inside", () => {
    watched.began("inside")
    return run(watched, {})
  })

const batch: Run = (watched, options) => Batch.run(leaves(watched), asking(...asked), options)

const runs: Readonly<Record<string, Run>> = {
  "a batch": batch,
  "a batch of calls that wait for nothing": (watched, options) =>
    Batch.run(leaves(watched), asking(["now"], ["soon"], ["promise"], ["later"], ["now"], ["soon"], ["now"]), {
      ...options,
      concurrency: 2
    }),
  "a batch whose calls run batches": (watched, options) => {
    const toolkit = Toolkit.merge(leaves(watched), Toolkit.make(inside(watched, batch)))
    return Batch.run(toolkit, asking(["inside"], ["write"], ["inside"], ["now"]), options)
  },
  "a plan": (watched, options) => {
    const toolkit = leaves(watched)
    const both = Toolkit.merge(toolkit, Toolkit.make(Plan.tool(toolkit)))
    return Batch.run(both, asking(["plan", { steps }], ["write"]), options)
  },
  "a pipeline": (watched, options) => {
    const { later, now, write } = leafTools(watched)
    const pipeline = Pipeline.make((call) => {
      const first = call(write, {}).pipe(Pipeline.map(() => 1))
      const all = [call(now, { first }), call(later, { first }), call(write, { first }), call(now, {})]
      return { last: call(write, { all: all.map(Pipeline.map(() => 1)) }) }
    })
    return Pipeline.run(pipeline, options)
  },
  "an agent": (watched, options) => {
    const turn = ScriptedModel.calls(...asked.map(([name]) => ({ name })))
    const model = ScriptedModel.layer([turn, turn, ScriptedModel.says("done")])
    return Effect.orDie(
      Effect.provide(Agent.run({ toolkit: leaves(watched), prompt: "Go.", batch: options }), model)
    )
  },
  "a batch whose calls run agents": (watched, options) =>
    Batch.run(Toolkit.make(inside(watched, runs["an agent"]!)), asking(["inside"], ["inside"]), options)
}

/** Ways to be told: not at all, at once, and by somebody who takes time at each call's end. */
const telling: Readonly<Record<string, (watched: Watch) => Batch.Options>> = {
  "is told of nothing": () => ({}),
  "is told": ({ step }) => ({ onCall: () => Effect.sync(step) }),
  "is told slowly": ({ step }) => ({
    onCall: ({ _tag }) =>
      _tag === "CallSettled" ? Effect.andThen(Effect.sync(step), Effect.sleep(1)) : Effect.sync(step)
  })
}

/** Runs until the step of a number, at which it is interrupted; gives how many steps there were and what began later. */
const interrupted = (run: Run, options: (watched: Watch) => Batch.Options, at: number, bySignal: boolean) =>
  Effect.gen(function*() {
    const watched = watch(at)
    const effect = run(watched, { retry: Schedule.spaced(2), ...options(watched) }).pipe(
      Effect.provide(Approver.layer(() => Effect.as(Effect.sleep(1), "allowed")))
    )
    if (bySignal) {
      const controller = new AbortController()
      watched.stopBy(() => controller.abort())
      const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
      // Effect listens to a signal only once the first step of the fiber is over.
      const promise = run(Effect.andThen(Effect.yieldNow, effect), { signal: controller.signal })
      yield* TestClock.adjust("1 minute")
      yield* Effect.promise(() => promise)
    } else {
      const fiber = yield* Effect.forkChild(effect)
      watched.stopBy(() => fiber.interruptUnsafe())
      yield* TestClock.adjust("1 minute")
      assert(fiber.pollUnsafe() !== undefined, "the run did not end")
    }
    // Whatever a run may have left behind has its time.
    yield* TestClock.adjust("1 minute")
    return watched.seen
  })

describe.each(Object.entries(runs))("%s that is interrupted at any step", (_, run) => {
  it.effect.each(
    Object.entries(telling).flatMap(([name, options]) => [
      [`${name}, by its fiber`, options, false] as const,
      ...(name === "is told" ? [] : [[`${name}, by its signal`, options, true] as const])
    ])
  )("starts nothing afterwards where it %s", ([, options, bySignal]) =>
    Effect.gen(function*() {
      let at = 1
      for (; at < 1000; at++) {
        const { after, steps } = yield* interrupted(run, options, at, bySignal)
        assert.deepStrictEqual(after, [], `interrupted at step ${at}`)
        if (steps < at) break
      }
      assert.isAbove(at, 8)
    }))
})

describe("a run that is interrupted", () => {
  it.effect("sleeps no more", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const asleep = new Set<object>()
      const sleep: Clock.Clock["sleep"] = (duration) => {
        const one = {}
        return Effect.ensuring(
          Effect.andThen(Effect.sync(() => asleep.add(one)), clock.sleep(duration)),
          Effect.sync(() => asleep.delete(one))
        )
      }
      const run = Batch.run(Toolkit.make(doing("waits", () => Effect.never)), asking(["waits"]))
      const fiber = yield* Effect.forkChild(Effect.provideService(run, Clock.Clock, { ...clock, sleep }))
      yield* TestClock.adjust(1)
      assert.strictEqual(asleep.size, 1)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust(1)
      assert.strictEqual(asleep.size, 0)
    }))
})

describe("the field of Effect's fiber that the driver reads", () => {
  const hint =
    "Effect's fiber has changed: see to it that `wasInterrupted` of internal/runner/run.ts finds out, within a "
    + "step of a fiber, that this fiber was interrupted; the tests above tell whether it does."

  it.effect("says within a step that the fiber was interrupted in it", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const fiber = yield* Effect.forkChild(Effect.withFiber((own) => {
        const read = (name: string) => Reflect.get(own, name)
        seen.push("_interruptedCause" in own, read("_interruptedCause"), read("interruptible"))
        own.interruptUnsafe()
        seen.push(read("_interruptedCause") !== undefined)
        return Effect.void
      }))
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(seen, [true, undefined, true, true], hint)
    }))

  it.effect("goes with another that says whether that counts there", () =>
    Effect.gen(function*() {
      const read = Effect.withFiber((own) => Effect.succeed(Reflect.get(own, "interruptible")))
      assert.deepStrictEqual([yield* read, yield* Effect.uninterruptible(read)], [true, false], hint)
    }))
})
