/**
 * Rule 7: calls that somebody has to allow.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Cause, Deferred, Effect, Exit, Fiber, Logger, Result, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { spaced } from "./dispatch/arriving.ts"
import { acting, Anything, callsOf, ends, recordingLogger, shown } from "./support.ts"

/** What was paid, and a tool that pays: small amounts unasked, others only when somebody allows it. */
const bank = () => {
  const paid: Array<string> = []
  const pay = Tool.make("pay", {
    description: "Pays.",
    parameters: Schema.Struct({ to: Schema.String, amount: Schema.FiniteFromString }),
    success: Schema.String,
    access: ({ to }) => [Access.write(to)],
    approval: ({ amount }) => amount > 10,
    execute: ({ to }) => Effect.sync(() => `paid ${paid.push(to)}`)
  })
  const balance = Tool.make("balance", {
    description: "Looks.",
    parameters: Schema.Struct({ of: Schema.String }),
    success: Schema.Int,
    readOnly: true,
    access: ({ of }) => [Access.read(of)],
    execute: () => Effect.succeed(7)
  })
  return { paid, toolkit: Toolkit.make(pay, balance) }
}

const calls = [
  ToolCall.make({ id: "small", name: "pay", arguments: { to: "Ann", amount: "5" }, index: 0 }),
  ToolCall.make({ id: "large", name: "pay", arguments: { to: "Bob", amount: "500" }, index: 1 }),
  ToolCall.make({ id: "look", name: "balance", arguments: { of: "Bob" }, index: 2 }),
  ToolCall.make({ id: "elsewhere", name: "balance", arguments: { of: "Ann" }, index: 3 })
]

const definition = { description: "For tests.", parameters: Anything, success: Schema.String }

const idsOf = (calls: ReadonlyArray<ToolCall.ToolCall>) => calls.map(({ id }) => id)

describe("a call that is allowed with other arguments", () => {
  const allowing = (allowed: Schema.Json) => Approver.layer(() => Effect.succeed({ allowed }))

  it.effect("runs with those, in the order of what it touches now, and the model is told", () =>
    Effect.gen(function*() {
      const { paid, toolkit } = bank()
      const settled = yield* Effect.provide(Batch.run(toolkit, calls), allowing({ to: "Eve", amount: "20" }))
      assert.deepStrictEqual(ends(settled), ["paid 1", "paid 2", 7, 7])
      assert.deepStrictEqual(paid, ["Ann", "Eve"])
      assert.strictEqual(
        settled.outcomes[1]!.encoded,
        "The arguments of this call were changed before it ran, to {\"to\":\"Eve\",\"amount\":\"20\"}. Its result:\n\"paid 2\""
      )
      assert.deepStrictEqual(settled.outcomes[1]!.call, calls[1])
    }))

  it.effect("waits for what touches the same as it does now", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const write = Tool.make("write", {
        description: "Writes.",
        parameters: Schema.Struct({ to: Schema.String }),
        success: Schema.String,
        access: ({ to }) => [Access.write(to)],
        approval: ({ to }) => to === "a",
        execute: ({ to }, { id }) =>
          Effect.sync(() => log.push(`${id} begins`)).pipe(
            Effect.andThen(Effect.sleep(10)),
            Effect.andThen(Effect.sync(() => log.push(`${id} ends`))),
            Effect.as(to)
          )
      })
      const two = ["a", "b"].map((to, index) =>
        ToolCall.make({ id: `call_${index + 1}`, name: "write", arguments: { to }, index })
      )
      const fiber = yield* Effect.forkChild(Effect.provide(Batch.run(Toolkit.make(write), two), allowing({ to: "b" })))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["b", "b"])
      assert.deepStrictEqual(log, ["call_2 begins", "call_2 ends", "call_1 begins", "call_1 ends"])
    }))

  it.effect("is waited for by what needs its answer, and waits for none of that", () =>
    Effect.gen(function*() {
      const definition = {
        description: "Writes.",
        parameters: Schema.Struct({ to: Schema.String }),
        success: Schema.String
      }
      const execute = ({ to }: { readonly to: string }) => Effect.succeed(to)
      const asks = Tool.make("asks", {
        ...definition,
        access: ({ to }) => [Access.write(to)],
        approval: "always",
        execute
      })
      const unknown = Tool.make("unknown", { ...definition, access: ({ to }) => [Access.write(to)], execute })
      const known = Tool.make("known", { ...definition, access: [Access.write("b")], execute })
      const both = Pipeline.tool("both", {
        ...definition,
        build: (call, { to }) => call(unknown, { to: call(asks, { to }) })
      })
      const pipeline = Pipeline.make((call) => ({
        first: call(known, { to: call(both, { to: "a" }) }),
        second: call(unknown, { to: call(asks, { to: "a" }) }),
        third: call(known, { to: call(asks, { to: "a" }) })
      }))
      const run = Effect.provide(Pipeline.run(pipeline, { deadline: 50 }), allowing({ to: "b" }))
      const fiber = yield* Effect.forkChild(run)
      yield* TestClock.adjust(50)
      const { outcomes } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(outcomes.map(({ result }) => Result.getOrUndefined(result)), outcomes.map(() => "b"))
    }))

  it.effect("keeps its place where its tool touches the same whatever they are", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const note = (_: unknown, { id }: { readonly id: string }) => Effect.sync(() => `${ran.push(id)}`)
      const access = [Access.write("k")]
      const toolkit = Toolkit.make(
        Tool.make("asks", { ...definition, approval: "always", access, execute: note }),
        Tool.make("write", { ...definition, access, execute: note })
      )
      const calls = callsOf("asks", "write")
      const later = Approver.layer(() => Effect.as(Effect.sleep(5), { allowed: {} }))
      const fiber = yield* Effect.forkChild(Effect.provide(Batch.run(toolkit, calls), later))
      yield* TestClock.adjust(50)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(ran, ["call_1", "call_2"])
    }))

  it.effect("has the key that it would have if it had come with those", () =>
    Effect.gen(function*() {
      const asks = Tool.make("asks", {
        ...definition,
        approval: ({ of }) => of === 1,
        execute: (_, { idempotencyKey }) => Effect.succeed(idempotencyKey)
      })
      const keys = (of: number) =>
        Effect.map(
          Effect.provide(
            Batch.run(Toolkit.make(asks), [ToolCall.make({ id: "c", name: "asks", arguments: { of } })], {
              runId: "r"
            }),
            allowing({ of: 2 })
          ),
          ends
        )
      assert.deepStrictEqual(yield* keys(1), yield* keys(2))
      assert.notDeepEqual(yield* keys(2), yield* keys(3))
    }))

  it.effect("is undecided where those do not fit its tool, which is logged", () => {
    const { layer, lines } = recordingLogger()
    return Effect.gen(function*() {
      const { paid, toolkit } = bank()
      const settled = yield* Effect.provide(Batch.run(toolkit, calls), allowing({ to: 7 }))
      assert.deepStrictEqual(idsOf(settled.pending), ["large", "look"])
      assert.deepStrictEqual([paid, lines.map(({ text }) => text)], [["Ann"], [
        "An approver changed arguments to what does not fit"
      ]])
    }).pipe(Effect.provide(layer))
  })
})

describe("a call whose tool wants approval", () => {
  it.effect("runs when it is allowed", () =>
    Effect.gen(function*() {
      const { paid, toolkit } = bank()
      const settled = yield* Effect.provide(Batch.run(toolkit, calls), Approver.allow)
      assert.deepStrictEqual(ends(settled), ["paid 1", "paid 2", 7, 7])
      assert.deepStrictEqual([paid, settled.pending], [["Ann", "Bob"], []])
    }))

  it.effect("does not run when it is denied, and the model is told why", () =>
    Effect.gen(function*() {
      const { paid, toolkit } = bank()
      const approver = Approver.layer(() => Effect.succeed({ denied: "ask Eve first" }))
      const settled = yield* Effect.provide(Batch.run(toolkit, calls), approver)
      assert.deepStrictEqual(ends(settled), ["paid 1", "Denied", 7, 7])
      assert.deepStrictEqual([paid, settled.pending], [["Ann"], []])
      const error = shown(settled, 1)
      assert.deepInclude(error, { type: "Denied", safeToRepeat: false })
      assert.include(String(error["message"]), "ask Eve first")
    }))

  it.effect("does not run when it is denied by what has ended well, and is not interrupted then", () =>
    Effect.gen(function*() {
      const { toolkit } = bank()
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      const denied = Effect.withFiber<{ readonly denied: string }>((fiber) => {
        fibers.push(fiber)
        return Effect.as(Effect.yieldNow, { denied: "no" })
      })
      const settled = yield* Effect.provide(Batch.run(toolkit, calls), Approver.layer(() => denied))
      assert.strictEqual(ends(settled)[1], "Denied")
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(fibers.map((fiber) => fiber.pollUnsafe()?._tag), ["Success"])
    }))

  it.effect("is pending while nobody has decided, and so is what touches the same; the others run", () =>
    Effect.gen(function*() {
      const { paid, toolkit } = bank()
      const settled = yield* Batch.run(toolkit, calls)
      assert.deepStrictEqual(ends(settled), ["paid 1", "Undecided", "Undecided", 7])
      assert.deepStrictEqual(idsOf(settled.pending), ["large", "look"])
      assert.isTrue(settled.pending.every((call) => calls.includes(call)), "they are given back as they came")
      assert.deepInclude(shown(settled, 2), { type: "Undecided", data: { after: "large" } })
      const later = yield* Effect.provide(Batch.run(toolkit, settled.pending), Approver.allow)
      assert.deepStrictEqual([ends(later), paid], [["paid 2", 7], ["Ann", "Bob"]])
    }))

  it.effect("is asked about with its decoded parameters, unless its arguments do not fit", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const approver = Approver.layer(({ call, parameters, tool }) =>
        Effect.sync(() => {
          asked.push([call.id, tool, parameters])
          return "denied"
        })
      )
      const wrong = ToolCall.make({ id: "wrong", name: "pay", arguments: { to: "Bob" }, index: 4 })
      const settled = yield* Effect.provide(Batch.run(bank().toolkit, [...calls, wrong]), approver)
      assert.deepStrictEqual(ends(settled).at(-1), "InvalidArguments")
      assert.deepStrictEqual(asked, [["large", "pay", { to: "Bob", amount: 500 }]])
    }))

  it.effect("holds nothing while it waits, but the order of what touches the same", () =>
    Effect.gen(function*() {
      const decision = yield* Deferred.make<Approver.Decision>()
      const { paid, toolkit } = bank()
      const batch = Batch.run(toolkit, calls.toReversed().map((call, index) => ({ ...call, index })), {
        concurrency: 1,
        onCall: (event) =>
          event._tag === "CallSettled"
            ? Effect.sync(() => void paid.push(`settled ${event.outcome.call.id}`))
            : Effect.void
      })
      const fiber = yield* Effect.forkChild(
        Effect.provide(batch, Approver.layer(() => Deferred.await(decision))),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(paid, ["settled elsewhere", "settled look", "Ann", "settled small"])
      yield* Deferred.succeed(decision, "allowed")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(paid.slice(-2), ["Bob", "settled large"])
    }))

  it.effect("waits for a decision no longer than the deadline, and not by its own timeout", () =>
    Effect.gen(function*() {
      const batch = Batch.run(bank().toolkit, calls, { timeout: 10, deadline: "1 hour" })
      const fiber = yield* Effect.forkChild(Effect.provide(batch, Approver.layer(() => Effect.never)))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["paid 1", "Timeout", "Timeout", 7])
    }))

  it.effect("is undecided where the approver gives what is no decision, which the host is told", () =>
    Effect.gen(function*() {
      const { lines, layer } = recordingLogger()
      for (const decision of [null, true, "yes", {}]) {
        const untyped = { decide: () => Effect.sync(() => JSON.parse(JSON.stringify(decision))) }
        const batch = Batch.run(bank().toolkit, calls.slice(1, 2))
        const settled = yield* Effect.provide(Effect.provideService(batch, Approver.Approver, untyped), layer)
        assert.deepStrictEqual(ends(settled), ["Undecided"])
      }
      assert.deepStrictEqual(lines.map(({ text }) => text), lines.map(() => "An approver crashed"))
      assert.lengthOf(lines, 4)
    }))

  it.effect("is undecided where the approver crashes, which the host is told", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const batch = Effect.provide(Batch.run(bank().toolkit, calls), Approver.layer(() => Effect.die(new Error("bug"))))
      const settled = yield* Effect.provide(batch, layer)
      assert.deepStrictEqual(ends(settled), ["paid 1", "Undecided", "Undecided", 7])
      assert.deepStrictEqual(lines.map(({ level, text }) => [level, text]), [["Error", "An approver crashed"]])
    }))

  it.effect("is not told of as waiting where nobody is asked: it needs none, or whether it does cannot be said", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const asks = Tool.make("asks", {
        ...definition,
        approval: ({ of }) => {
          if (of === undefined) throw new Error("bug")
          return of === 1
        },
        execute: () => Effect.succeed("ran")
      })
      const calls = [undefined, 1, 2].map((of, index) =>
        ToolCall.make({ id: `c${index}`, name: "asks", arguments: of === undefined ? {} : { of }, index })
      )
      const settled = yield* Effect.provide(
        Batch.run(Toolkit.make(asks), calls, {
          onCall: (event) =>
            Effect.sync(() => event._tag === "CallWaiting" && told.push(`${event.call.id} ${event.why}`))
        }),
        [Approver.allow, recordingLogger().layer]
      )
      assert.deepStrictEqual([ends(settled), told], [["Defect", "ran", "ran"], ["c1 approval"]])
    }))

  it.effect.each<readonly [string, () => unknown]>([
    ["a promise", async () => false],
    ["an Effect", () => Effect.succeed(false)],
    ["nothing", () => undefined]
  ])(
    "crashes where its tool gives %s in place of whether to ask, so that no slip decides",
    ([, approval]) =>
      Effect.gen(function*() {
        const asks = Tool.make("asks", {
          ...definition,
          approval: approval as () => boolean,
          execute: () => Effect.succeed("ran")
        })
        const settled = Batch.run(Toolkit.make(asks), callsOf("asks"))
        const { outcomes } = yield* Effect.provide(settled, [Approver.allow, recordingLogger().layer])
        const { result } = outcomes[0]!
        assert(
          Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Defect"
        )
        assert.strictEqual(
          String(Cause.squash(result.failure.reason.cause)),
          "TypeError: `approval` gives neither true nor false: return one of them at once, without async; an Approver may take its time"
        )
      })
  )

  it.effect("is asked about when its turn is whole, though it only reads", () =>
    Effect.gen(function*() {
      const asked: Array<number> = []
      const look = Tool.make("look", {
        description: "Looks.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        readOnly: true,
        approval: "always",
        execute: () => Effect.succeed("seen")
      })
      const clock = yield* Effect.clockWith(Effect.succeed)
      const began = clock.currentTimeMillisUnsafe()
      const approver = Approver.layer(() =>
        Effect.sync(() => {
          asked.push(clock.currentTimeMillisUnsafe() - began)
          return "allowed"
        })
      )
      const two = [ToolCall.make({ id: "a", name: "look" }), ToolCall.make({ id: "b", name: "look", index: 1 })]
      const stream = Stream.concat(spaced(two, 10), Stream.drain(Stream.fromEffect(Effect.sleep(30))))
      const fiber = yield* Effect.forkChild(Effect.provide(Batch.dispatch(Toolkit.make(look), stream), approver))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["seen", "seen"])
      assert.deepStrictEqual(asked, [50, 50])
    }))

  it.effect("in a plan is told to the model as undecided, as what needs its result is told that it did not run", () =>
    Effect.gen(function*() {
      const { paid, toolkit } = bank()
      const steps = [
        { id: "a", tool: "pay", arguments: { to: "Bob", amount: "500" } },
        { id: "b", tool: "balance", arguments: { of: { $ref: "a" } } }
      ]
      const plan = ToolCall.make({ id: "p", name: "plan", arguments: { steps } })
      const settled = yield* Batch.run(Toolkit.make(Plan.tool(toolkit)), [plan])
      assert.deepStrictEqual([paid, settled.pending], [[], []])
      const answer = settled.outcomes[0]!.encoded
      assert.match(answer, /"Undecided".*"DependencyFailed"/)
    }))
})

describe("a step of a plan that nobody has decided on", () => {
  it.effect("holds up no call beside the plan, since the plan is answered without it", () =>
    Effect.gen(function*() {
      const { toolkit } = bank()
      const steps = [{ id: "a", tool: "pay", arguments: { to: "Bob", amount: "500" } }]
      const settled = yield* Batch.run(Toolkit.merge(toolkit, Toolkit.make(Plan.tool(toolkit))), [
        ToolCall.make({ id: "p", name: "plan", arguments: { steps } }),
        ToolCall.make({ id: "look", name: "balance", arguments: { of: "Bob" }, index: 1 })
      ])
      assert.deepStrictEqual([ends(settled)[1], settled.pending], [7, []])
    }))
})

describe("Batch.Options.onCall", () => {
  it.effect("is told of starts, progress and ends, also of calls that never start and of a plan's steps", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => {
          const what = event._tag === "CallSettled"
            ? `${event.outcome.call.id} ${event.outcome.encoded.slice(0, 12)}`
            : event._tag === "CallProgress"
            ? `${event.call.id} ${JSON.stringify(event.progress)}`
            : event.call.id
          told.push(`${event._tag.slice(4)} ${what}`)
        })
      const copy = acting("copy", (_, call) => Effect.as(call.progress({ done: 0.5 }), "copied"))
      const tools = Toolkit.make(copy)
      const steps = [{ id: "a", tool: "copy", arguments: {} }]
      yield* Batch.run(Toolkit.merge(tools, Toolkit.make(Plan.tool(tools))), [
        ToolCall.make({ id: "c0", name: "copy" }),
        ToolCall.make({ id: "c1", name: "nobody", index: 1 }),
        ToolCall.make({ id: "c2", name: "plan", arguments: { steps }, index: 2 })
      ], { onCall, concurrency: 1 })
      assert.sameMembers(told, [
        "Started c0",
        "Progress c0 {\"done\":0.5}",
        "Settled c0 \"copied\"",
        "Settled c1 {\"error\":{\"t",
        "Started c2",
        "Started c2/a",
        "Progress c2/a {\"done\":0.5}",
        "Settled c2/a \"copied\"",
        "Settled c2 {\"steps\":[{\""
      ])
    }))

  it.effect("cannot harm a call, however it ends", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const toolkit = Toolkit.make(acting("ok", () => Effect.succeed("fine")))
      const thrown = () => {
        throw new Error("bug")
      }
      const none = (): Effect.Effect<void> => 5 as never
      const waiting = () => Effect.flatMap(Effect.yieldNow, none)
      for (const onCall of [thrown, none, waiting, () => Effect.interrupt, () => Exit.interrupt()]) {
        const settled = yield* Effect.provide(
          Batch.run(toolkit, [ToolCall.make({ id: "a", name: "ok" })], { onCall }),
          layer
        )
        assert.deepStrictEqual(ends(settled), ["fine"])
        assert.deepStrictEqual(lines.splice(0).map(({ text }) => text), ["`onCall` crashed", "`onCall` crashed"])
      }
    }).pipe(Effect.provide(Logger.layer([]))))
})
