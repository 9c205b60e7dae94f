/**
 * Who follows calls from outside is told what each waits for, when it starts and how it ends, and cannot harm it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, CallObserver, Limits, Plan, Tool, Toolkit } from "@volley/core"
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger } from "../support.ts"
import { asking, doing, many, reading, sleeping } from "./support.ts"

/** The call around what happens. */
const Around = Context.Reference<string>("test/Around", { defaultValue: () => "nothing" })

type Wait = readonly [why: CallObserver.Why, at: number, behind?: string]

class Service extends Context.Service<Service, string>()("test/Service") {}

/** A call as it was seen when it began, and what was told of it from then on; times are counted from the run's beginning. */
interface Seen {
  readonly id: string
  readonly around: string
  readonly knownAt: number
  readonly waits: ReadonlyArray<Wait>
  readonly at: number
  readonly told: Array<string>
}

/** Who waits for what, as it was told: so many more or fewer, and when. */
type Waiting = readonly [at: number, why: CallObserver.Why, more: number]

/** Runs something under an observer that keeps in mind what it is told. */
const followed = <A, E>(run: Effect.Effect<A, E>) =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    const now = () => clock.currentTimeMillisUnsafe() - began
    const seen: Array<Seen> = []
    const waiting: Array<Waiting> = []
    const see = (
      { call, knownAt, waits }: CallObserver.Call,
      context: Context.Context<unknown>,
      ...told: Array<string>
    ): Seen => {
      const one = {
        id: call.id,
        around: Context.get(context, Around),
        knownAt: knownAt - began,
        waits: waits.map(({ at, behind, why }): Wait =>
          behind === undefined ? [why, at - began] : [why, at - began, behind]
        ),
        at: now(),
        told
      }
      seen.push(one)
      return one
    }
    const observer: CallObserver.Calls = {
      waiting: (why, more) => void waiting.push([now(), why, more]),
      starts: (call, context) => {
        const { told } = see(call, context)
        return {
          context: Context.add(context, Around, call.call.id),
          retried: (attempt, { failure }) => void told.push(`retried ${attempt} ${String(failure)}`),
          hedged: () => void told.push("hedged"),
          settled: ({ result }) => void told.push(result._tag)
        }
      },
      refused: (call, context, { attempts, result }, sharedWith) =>
        void see(call, context, `refused ${result._tag} ${attempts}`, ...sharedWith === undefined ? [] : [sharedWith])
    }
    return Effect.map(
      aDayOf(Effect.provideService(run, CallObserver.CallObserver, () => observer)),
      (end) => ({ end, seen, waiting })
    )
  })

/** What is told of who waits is what the waits of all calls come to, at every instant. */
const addsUp = (
  { seen, waiting }: { readonly seen: ReadonlyArray<Seen>; readonly waiting: ReadonlyArray<Waiting> }
) => {
  const instants = new Set([...waiting.map(([at]) => at), ...seen.map(({ at }) => at)])
  for (const instant of instants) {
    for (const why of new Set(waiting.map(([, why]) => why))) {
      const told = waiting.reduce((sum, [at, what, more]) => at <= instant && what === why ? sum + more : sum, 0)
      const those = seen.flatMap(({ at, waits }) =>
        waits.filter(([what, from], n) => what === why && from <= instant && instant < (waits[n + 1]?.[1] ?? at))
      )
      assert.strictEqual(told, those.length, `${why} at ${instant}`)
    }
  }
  assert.isTrue(waiting.every(([, , more]) => more !== 0))
}

const slow = () => sleeping(10)

describe("who follows calls is told what each has waited for", () => {
  const waits = (tool: Tool.Any & ReturnType<typeof doing<"t">>, options: Batch.Options = {}) =>
    Effect.map(followed(Batch.run(Toolkit.make(tool), many(3, "t"), options)), (all) => {
      addsUp(all)
      return all.seen.map(({ at, knownAt, waits }) => [knownAt, ...waits, at])
    })

  it.effect("a slot, since the beginning", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* waits(doing("t", slow), { concurrency: 1 }), [
        [0, 0],
        [0, ["slot", 0], 10],
        [0, ["slot", 0], 20]
      ])
    }))

  it.effect("a limit, a rate, or an earlier call that touches the same", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* waits(doing("t", slow, { limits: [Limits.concurrency(2)] })), [
        [0, 0],
        [0, 0],
        [0, ["limit", 0], 10]
      ])
      assert.deepStrictEqual(yield* waits(doing("t", slow, { limits: [Limits.rate({ limit: 1, window: 20 })] })), [
        [0, 0],
        [0, ["rate", 0], 20],
        [0, ["rate", 0], 40]
      ])
      assert.deepStrictEqual(yield* waits(doing("t", slow, { access: [Access.write("k")] })), [
        [0, 0],
        [0, ["access", 0, "c0"], 10],
        [0, ["access", 0, "c1"], 20]
      ])
    }))

  it.effect("one after the other, and each as long as it lasts", () =>
    Effect.gen(function*() {
      const tool = doing("t", slow, { approval: "always", access: [Access.write("k")] })
      const deciding = Approver.layer(() => Effect.as(Effect.sleep(5), "allowed"))
      const all = yield* followed(
        Effect.provide(Batch.run(Toolkit.make(tool), many(2, "t"), { concurrency: 1 }), deciding)
      )
      addsUp(all)
      assert.deepStrictEqual(all.seen.map(({ waits }) => waits), [
        [["approval", 0]],
        [["approval", 0], ["access", 5, "c0"]]
      ])
      assert.deepStrictEqual(all.waiting, [
        [0, "approval", 1],
        [0, "approval", 1],
        [5, "approval", -1],
        [5, "approval", -1],
        [5, "access", 1],
        [15, "access", -1]
      ])
    }))

  it.effect("also where its time is over before it starts", () =>
    Effect.gen(function*() {
      for (const says of [{}, { access: [Access.write("k")] }, { limits: [Limits.concurrency(1)] }]) {
        const tool = doing("t", slow, says)
        const run = Batch.run(Toolkit.make(tool), many(4, "t"), { concurrency: 1, deadline: 15 })
        const all = yield* followed(run)
        addsUp(all)
        assert.deepStrictEqual(all.seen.map(({ at }) => at), [0, 10, 15, 15])
      }
    }))
})

describe("who follows the calls of a turn that is still being written", () => {
  it.effect("is told that each was known when it came", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(reading("t", slow))
      const [plan, ...calls] = asking(
        ["plan", { steps: many(3, "t").map(({ id }) => ({ id, tool: "t", arguments: {} })) }],
        ["t"],
        ["t"]
      )
      const later = Stream.mapEffect(Stream.fromIterable(calls), (call) => Effect.delay(Effect.succeed(call), 50))
      const all = yield* followed(
        Batch.dispatch(
          Toolkit.merge(toolkit, Toolkit.make(Plan.tool(toolkit))),
          Stream.concat(Stream.make(plan!), later)
        )
      )
      addsUp(all)
      assert.deepStrictEqual(all.seen.map(({ at, id, knownAt, waits }) => [id, knownAt, ...waits, at]), [
        ["c1", 50, 50],
        ["c2", 100, 100],
        ["c0", 0, ["turn", 0], 100],
        ...[0, 1, 2].map((n) => [`c0/c${n}`, 100, 100])
      ])
    }))
})

describe("who follows calls is told how each ends", () => {
  it.effect("with its retries, and that its tool was asked again since there was no answer", () =>
    Effect.gen(function*() {
      const again = reading("again", (_, { attempt }) => attempt < 3 ? Effect.fail(`no ${attempt}`) : Effect.succeed(1))
      const hedged = Tool.hedge("5 millis")(reading("hedged", slow))
      const run = Batch.run(
        Toolkit.make(again, hedged, doing("fails", () => Effect.fail("no"))),
        asking(
          ["again"],
          ["hedged"],
          ["fails"],
          ["nobody"]
        ),
        { retry: Schedule.spaced(5) }
      )
      const { seen } = yield* followed(run)
      assert.deepStrictEqual(
        seen.toSorted((a, b) => a.id.localeCompare(b.id)).map(({ told }) => told),
        [
          ["retried 2 no 1", "retried 3 no 2", "Success"],
          ["hedged", "Success"],
          ["Failure"],
          ["refused Failure 0"]
        ]
      )
    }))

  it.effect("and whose outcome it has, where an equal call had one", () =>
    Effect.gen(function*() {
      const same = Tool.coalesce(reading("same", slow))
      const { seen } = yield* followed(Batch.run(Toolkit.make(same), many(2, "same", () => ({}))))
      assert.deepStrictEqual(seen.map(({ id, told }) => [id, ...told]), [["c0", "Success"], [
        "c1",
        "refused Success 1",
        "c0"
      ]])
    }))
})

describe("what follows a call is around what happens in it", () => {
  const tools = Toolkit.make(
    doing("t", () => Around),
    doing("asks", () => Around, { approval: "always" }),
    doing("inside", () => {
      const run = Batch.run(Toolkit.make(doing("t", () => Around)), [{ ...asking(["t"])[0]!, id: "inner" }])
      return Effect.map(run, ends)
    })
  )

  it.effect("its handler, and the runs inside it", () =>
    Effect.gen(function*() {
      const { end, seen } = yield* followed(Batch.run(tools, asking(["t"], ["inside"])))
      assert.deepStrictEqual(ends(end), ["c0", ["inner"]])
      assert.deepStrictEqual(seen.map(({ around, id }) => [id, around]), [
        ["c0", "nothing"],
        ["c1", "nothing"],
        ["inner", "c1"]
      ])
    }))

  it.effect("with what its tool was provided with", () =>
    Effect.gen(function*() {
      const provided = Toolkit.provide(Toolkit.make(doing("t", () => Service)), Layer.succeed(Service, "given"))
      const { end } = yield* followed(Batch.run(provided, asking(["t"])))
      assert.deepStrictEqual(ends(end), ["given"])
    }))

  it.effect("the steps of a plan, those too that do not start", () =>
    Effect.gen(function*() {
      const steps = ["t", "asks", "t"].map((tool, n) => ({ id: `s${n}`, tool, arguments: {} }))
      const { end, seen } = yield* followed(
        Batch.run(Toolkit.merge(tools, Toolkit.make(Plan.tool(tools))), asking(["plan", { steps }], ["t"]), {
          maxCalls: 3
        })
      )
      assert.strictEqual(JSON.parse(end.outcomes[0]!.encoded).steps[0].ok, "c0/s0")
      assert.deepStrictEqual(
        seen.map(({ around, id }) => [id, around]).toSorted(),
        [["c0", "nothing"], ["c0/s0", "c0"], ["c0/s1", "c0"], ["c0/s2", "c0"], ["c1", "nothing"]]
      )
    }))
})

describe("who follows calls and throws", () => {
  const thrown = () => {
    throw new Error("not for you")
  }

  it.effect("changes nothing of them", () =>
    Effect.gen(function*() {
      const again = reading(
        "again",
        (_, { attempt }) => attempt < 3 ? Effect.fail("no") : Effect.as(Effect.sleep(10), 1)
      )
      const toolkit = Toolkit.make(again, Tool.hedge("5 millis")(reading("hedged", slow)), doing("t", slow))
      const calls = asking(["again"], ["hedged"], ["nobody"], ["t"], ["t"])
      const run = Batch.run(toolkit, calls, { concurrency: 1, retry: Schedule.spaced(5) })
      const expected = ends(yield* aDayOf(run))
      assert.deepStrictEqual(
        ends(yield* aDayOf(Effect.provideService(run, CallObserver.CallObserver, thrown))),
        expected
      )
      const throwing = { retried: thrown, hedged: thrown, settled: thrown }
      for (
        const starts of [
          thrown,
          (_: CallObserver.Call, context: Context.Context<unknown>) => ({ ...throwing, context })
        ]
      ) {
        const { layer, lines } = recordingLogger()
        const observer = () => ({ waiting: thrown, starts, refused: thrown })
        const under = Effect.provide(Effect.provideService(run, CallObserver.CallObserver, observer), layer)
        assert.deepStrictEqual([ends(yield* aDayOf(under)), lines], [expected, []])
      }
    }))
})

describe("calls of a run that began and ended inside a call, before anything else was looked at", () => {
  it.effect("have waited for nothing", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({})
      const leaf = doing("leaf", () => Effect.succeed(1))
      const outer = doing("outer", () => Effect.map(runner.run(Toolkit.make(leaf), many(3, "leaf")), ends))
      const all = yield* followed(runner.run(Toolkit.make(outer), asking(["outer"])))
      assert.deepStrictEqual(ends(all.end), [[1, 1, 1]])
      addsUp(all)
      assert.deepStrictEqual(all.waiting, [])
    }))
})
