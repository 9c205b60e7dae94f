/**
 * Rules 2 and 8 while it is not known yet what an earlier call touches, since its layer is still being built.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, CallObserver, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Deferred, Effect, Layer, Schema } from "effect"
import { notingEnds } from "../driver/support.ts"
import { aDayOf, type Asked, asking, lasting, spansOf } from "./support.ts"

const writes = { access: ({ key }: { readonly key: string }) => [Access.write(key)] }
const alone = { access: () => [Access.exclusive] }
const late = Toolkit.provide(
  Toolkit.make(lasting("late", writes), lasting("late_alone", alone)),
  Layer.effectDiscard(Effect.sleep(50))
)
const toolkit = Toolkit.merge(
  late,
  Toolkit.make(
    lasting("write", writes),
    lasting("fixed", { access: [Access.write("a/b")] }),
    lasting("write_asks", { ...writes, approval: "always" }),
    lasting("alone", { access: [Access.exclusive] }),
    lasting("alone_asks", { access: [Access.exclusive], approval: "always" }),
    lasting("free")
  )
)

const run = (...asked: ReadonlyArray<Asked>) => runWith({}, asked)

const runWith = (options: Batch.Options, asked: ReadonlyArray<Asked>) =>
  aDayOf(Batch.run(toolkit, asking(...asked), options)).pipe(
    Effect.provide(
      Approver.layer(({ tool }) =>
        Effect.as(Effect.sleep(20), tool === "alone_asks" ? "denied" as const : "undecided" as const)
      )
    ),
    Effect.map((settled) => spansOf(settled, 0))
  )

describe("behind a call of which it is not known yet what it touches", () => {
  it.effect("what touches something waits until that is known, and what touches nothing does not", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run(["late", "a", 10], ["write", "b", 5], ["write", "a", 5], ["free", "", 5], ["free", "", 7]),
        [[50, 60], [50, 55], [60, 65], [0, 5], [0, 7]]
      )
    }))

  it.effect("what touches nothing waits as well where a call before it is to be alone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run(["late", "a", 10], ["free", "", 5], ["alone", "", 5], ["free", "", 7]),
        [[50, 60], [0, 5], [60, 65], [65, 72]]
      )
    }))

  it.effect("what is equal to others starts behind one that turns out to be alone in the moment in which it might start", () =>
    Effect.gen(function*() {
      const isDenied = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const note = (id: string) => Effect.andThen(Effect.sync(() => void ran.push(id)), Effect.sleep(1))
      const reads = {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Void,
        readOnly: true
      } as const
      const first = Tool.make("first", {
        ...reads,
        access: [Access.exclusive],
        execute: (_, { id }) => Effect.andThen(note(id), Deferred.await(isDenied))
      })
      const second = Tool.make("second", {
        ...reads,
        access: () => [Access.exclusive],
        execute: (_, { id }) => note(id)
      })
      const same = Tool.coalesce(Tool.make("same", { ...reads, execute: (_, { id }) => note(id) }))
      const asks = Tool.make("asks", { ...reads, approval: "always", execute: () => Effect.void })
      const layer = Layer.effectDiscard(Effect.andThen(Effect.sleep(3), Deferred.await(isDenied)))
      const toolkit = Toolkit.merge(Toolkit.make(first, same, asks), Toolkit.provide(Toolkit.make(second), layer))
      const observer = notingEnds(({ name }) => name === "asks" && Deferred.doneUnsafe(isDenied, Effect.void))
      const calls = ["first", "second", "same", "same", "asks"].map((name, n) =>
        ToolCall.make({ id: name + n, name, index: n })
      )
      yield* aDayOf(
        Batch.run(toolkit, calls).pipe(
          Effect.provide(Approver.layer(() => Effect.delay(Effect.succeed("denied"), 5))),
          Effect.provideService(CallObserver.CallObserver, () => observer)
        )
      )
      assert.deepStrictEqual(ran, ["first0", "second1", "same2"])
    }))

  it.effect("what touches nothing, and waits for a slot, starts behind one that turns out to be alone meanwhile", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* runWith({ concurrency: 3 }, [
          ["free", "", 100],
          ["late_alone", "", 5],
          ["free", "", 120],
          ["free", "", 55],
          ["free", "", 100]
        ]),
        [[0, 100], [120, 125], [0, 120], [0, 55], [125, 225]]
      )
    }))

  it.effect("what touches something waits for the steps of a plan that is one", () =>
    Effect.gen(function*() {
      const planned = Plan.tool(Toolkit.make(lasting("write", writes)))
      const provided = Toolkit.provide(Toolkit.make(planned), Layer.effectDiscard(Effect.sleep(50)))
      const steps = ["a", "b"].map((key) => ({ id: key, tool: "write", arguments: { key, ms: 10 } }))
      const plan = ToolCall.make({ id: "plan", name: "plan", arguments: { steps }, index: 0 })
      const [, ...others] = asking(["write", "a", 5], ["write", "a", 5], ["write", "b", 5], ["write", "c", 5])
      const settled = yield* aDayOf(Batch.run(Toolkit.merge(provided, toolkit), [plan, ...others]))
      assert.deepStrictEqual(spansOf(settled, 0), [[50, 60], [60, 65], [60, 65], [50, 55]])
    }))

  it.effect("and goes on once that call is denied, unless there is another one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run(["late", "a", 10], ["alone_asks", "", 5], ["free", "", 5], ["alone", "", 5], ["free", "", 7]),
        [[50, 60], ["Denied", 20, 20], [20, 25], [60, 65], [65, 72]]
      )
    }))

  it.effect("a call that is left undecided leaves those undecided that touch the same, and no others", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run(["late", "a", 10], ["write_asks", "b", 5], ["write", "b/c", 5], ["write", "c", 5], ["free", "", 5]),
        [[50, 60], ["Undecided", 20, 20], ["Undecided", 50, 50], [50, 55], [0, 5]]
      )
    }))
})

/** What becomes of calls behind one in doubt. */
const behind = (name: string, args: unknown) => {
  const [write, ...others] = asking(["write", "a", 5], ["free", "", 5], ["write", "b", 5], ["alone", "", 5])
  const uncertain = [ToolCall.make({ id: "before", name, arguments: args })]
  const calls = [{ ...write!, uncertain }, ...others]
  return Effect.map(aDayOf(Batch.run(toolkit, calls)), (settled) => spansOf(settled, 0))
}

describe("behind a call in doubt of which it is not known what it touched", () => {
  it.effect.each<readonly [why: string, name: string, args: unknown]>([
    ["its tool is gone", "gone", {}],
    ["its arguments are no JSON", "write", "{"],
    ["they fit its tool no more", "late_alone", { key: 1 }]
  ])(
    "since %s, what touches something does not run, and what touches nothing does",
    ([, name, args]) =>
      Effect.gen(function*() {
        const expected = [["Uncertain", 0, 0], [0, 5], ["Uncertain", 0, 0], ["Uncertain", 5, 5]]
        assert.deepStrictEqual(yield* behind(name, args), expected)
      })
  )
})

describe("behind a call in doubt", () => {
  it.effect.each<readonly [which: string, name: string, args: unknown]>([
    ["whose arguments came as a value", "write", { key: "a/b", ms: 1 }],
    ["whose arguments came as text", "write", JSON.stringify({ key: "a/b", ms: 1 })],
    ["that touches the same whatever its arguments are", "fixed", {}]
  ])("%s, what touches something else runs", ([, name, args]) =>
    Effect.gen(function*() {
      const expected = [["Uncertain", 0, 0], [0, 5], [0, 5], ["Uncertain", 5, 5]]
      assert.deepStrictEqual(yield* behind(name, args), expected)
    }))

  it.effect("all run where they touch nothing", () =>
    Effect.gen(function*() {
      const uncertain = [ToolCall.make({ id: "before", name: "gone", arguments: {} })]
      const calls = asking(["free", "", 5], ["free", "", 7]).map((call) => ({ ...call, uncertain }))
      const settled = yield* aDayOf(Batch.run(toolkit, calls))
      assert.deepStrictEqual(spansOf(settled, 0), [[0, 5], [0, 7]])
    }))
})
