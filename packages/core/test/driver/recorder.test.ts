/**
 * A run of which all is recorded comes to the same again, and nothing of it runs.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Agent,
  AgentRecorder,
  Approver,
  Batch,
  CallError,
  Content,
  Limits,
  Pipeline,
  Plan,
  Recorder,
  Tool,
  Toolkit
} from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Result, Schedule, Schema } from "effect"
import { aDayOf, lasting, spansOf } from "../order/support.ts"
import { ends, recordingLogger } from "../support.ts"
import { type Asked, asking, doing, many, promising, reading, sleeping } from "./support.ts"

/** A recorder that keeps all as text in memory; what it was told of calls, in order. */
const inMemory = () => {
  const calls = new Map<string, string>()
  const turns = new Map<string, string>()
  const standings: Array<AgentRecorder.Standing> = []
  const told: Array<string> = []
  const recorder: Recorder.Recorder = {
    known: ({ key, tool }) => {
      const text = calls.get(key)
      return text === undefined ? undefined : Recorder.read(tool, readCall(text))
    },
    call: ({ call, key }, run) =>
      Effect.tap(run, (ended) =>
        Effect.sync(() => {
          told.push(call.id)
          calls.set(key, JSON.stringify(Recorder.write(ended)))
        }))
  }
  const agents: AgentRecorder.AgentRecorder = {
    turn: (key, take) => {
      const text = turns.get(key)
      return text === undefined
        ? Effect.tap(take, (turn) => Effect.sync(() => turns.set(key, JSON.stringify(turn))))
        : Effect.succeed(readTurn(text))
    },
    settled: (standing) => Effect.sync(() => void standings.push(standing))
  }
  return { agents, calls, recorder, standings, told, turns }
}

const readCall = Schema.decodeSync(Schema.fromJsonString(Recorder.Written))
const readTurn = Schema.decodeSync(Schema.fromJsonString(AgentRecorder.Turn))

/** Tools that come to all ends that there are, and how often they ran. */
const tools = () => {
  const counts = { ran: 0 }
  const act = <A, E>(end: Effect.Effect<A, E>) => () => Effect.suspend(() => (counts.ran++, end))
  const all = {
    ok: doing("ok", act(Effect.as(Effect.sleep(5), { a: [1] }))),
    fails: doing("fails", act(Effect.fail("no"))),
    hangs: doing("hangs", act(Effect.never), { timeout: 10 }),
    crashes: doing("crashes", act(Effect.die(new Error("bug")))),
    odd: doing("odd", act(Effect.succeed(() => 1))),
    writes: doing("writes", act(Effect.as(Effect.sleep(1), 1)), {
      access: [Access.write("k")],
      limits: [Limits.concurrency(1), Limits.rate({ limit: 1, window: 50 })]
    }),
    asks: doing("asks", act(Effect.succeed("asked")), { approval: "always" }),
    again: reading("again", (_, { attempt }) => act(attempt < 3 ? Effect.fail("no") : Effect.succeed(attempt))()),
    same: Tool.coalesce(reading("same", act(Effect.as(Effect.sleep(5), 7)))),
    promise: promising("promise", async () => ++counts.ran),
    paints: Tool.make("paints", {
      description: "For tests.",
      parameters: Schema.Struct({}),
      success: Schema.String,
      content: (text) => [Content.text(text), Content.image("image/png", Uint8Array.of(1, 2))],
      execute: act(Effect.succeed("a dot"))
    })
  }
  return { all, counts, toolkit: Toolkit.make(...Object.values(all)) }
}

type AllTools = ReturnType<typeof tools>

const started: ReadonlyArray<Asked> = [
  ["ok"],
  ["fails"],
  ["hangs"],
  ["crashes"],
  ["odd"],
  ["writes"],
  ["writes"],
  ["asks"],
  ["again"],
  ["same"],
  ["same"],
  ["promise"],
  ["paints"]
]

const options = { runId: "run", retry: Schedule.spaced(5) } as const

/** Runs something under a recorder, in a program that allows everything. */
const under = <A, E, R>(
  { agents, recorder }: Pick<ReturnType<typeof inMemory>, "agents" | "recorder">,
  effect: Effect.Effect<A, E, R>
) =>
  aDayOf(
    effect.pipe(
      Effect.provideService(Recorder.Recorder, recorder),
      Effect.provideService(AgentRecorder.AgentRecorder, agents),
      Effect.provide([Approver.allow, recordingLogger().layer])
    )
  )

describe("a recorded batch", () => {
  const ways: Readonly<Record<string, readonly [gone: boolean, options: Batch.Options]>> = {
    "as it was": [false, {}],
    "though its tools are gone": [true, {}],
    "though no calls may run": [false, { maxCalls: 0 }],
    "though its deadline is over": [false, { deadline: 0 }],
    "though all of that": [true, { maxCalls: 0, deadline: 0 }]
  }

  it.effect.each(Object.entries(ways))(
    "comes to the same, and nothing runs, %s",
    ([, [gone, more]]) =>
      Effect.gen(function*() {
        const memory = inMemory()
        const first = tools()
        const calls = asking(...started)
        const settled = yield* under(memory, Batch.run(first.toolkit, calls, options))
        assert.strictEqual(first.counts.ran, 14)
        const second = tools()
        const toolkit: typeof second.toolkit = gone ? Toolkit.make() : second.toolkit
        const again = yield* under(memory, Batch.run(toolkit, calls, { ...options, ...more }))
        assert.strictEqual(second.counts.ran, 0)
        assert.deepStrictEqual(again.outcomes, settled.outcomes)
      })
  )

  it.effect("refuses again what it refused, which is not recorded", () =>
    Effect.gen(function*() {
      const memory = inMemory()
      const { calls } = memory
      const refused = asking(["ok", "{"], ["nobody"], ["ok", []], ["ok"])
      const settled = yield* under(memory, Batch.run(tools().toolkit, refused, options))
      assert.deepStrictEqual([calls.size, ends(settled).slice(0, 3)], [1, [
        "InvalidArguments",
        "UnknownTool",
        "InvalidArguments"
      ]])
      const { counts, toolkit } = tools()
      const again = yield* under(memory, Batch.run(toolkit, refused, options))
      assert.deepStrictEqual([counts.ran, ends(again)], [0, ends(settled)])
      assert.deepStrictEqual(
        again.outcomes.map(({ encoded }) => encoded),
        settled.outcomes.map(({ encoded }) => encoded)
      )
    }))

  it.effect("of a thousand calls runs those that are not recorded", () =>
    Effect.gen(function*() {
      const memory = inMemory()
      const { calls } = memory
      const run = (toolkit: AllTools["toolkit"]) =>
        under(memory, Batch.run(toolkit, many(1000, "ok"), { ...options, maxCalls: "unbounded" }))
      const settled = yield* run(tools().toolkit)
      for (const key of Array.from(calls.keys()).slice(0, 100)) calls.delete(key)
      const { counts, toolkit } = tools()
      const again = yield* run(toolkit)
      assert.deepStrictEqual([counts.ran, ends(again)], [100, ends(settled)])
    }))
})

describe("a write of which it is recorded that the program stopped while it ran", () => {
  it.effect("leaves later writers of the same uncertain, and others alone", () =>
    Effect.gen(function*() {
      const memory = inMemory()
      const { calls } = memory
      const ran: Array<string> = []
      const note = (_: unknown, { id }: { readonly id: string }) => Effect.sync(() => ran.push(id))
      const access = ({ key }: { readonly key?: unknown }) => [Access.write(`${key}`)]
      const fixed = [Access.write("k")]
      const toolkit = Toolkit.make(doing("write", note, { access }), doing("fixed", note, { access: fixed }))
      const asked = asking(["write", { key: "k" }], ["write", { key: "k/a" }], ["write", { key: "b" }], ["fixed"])
      yield* under(memory, Batch.run(toolkit, asked.slice(0, 1), options))
      const by = new CallError.Interrupted({ by: "restart", started: true, harmless: false })
      for (const [key, text] of calls) {
        const { end: _, ...times } = readCall(text)
        const ended = { ...times, strays: false, end: Result.fail(by) }
        calls.set(key, JSON.stringify(Recorder.write(ended)))
      }
      const settled = yield* under(memory, Batch.run(toolkit, asked, options))
      assert.deepStrictEqual(ends(settled), ["Interrupted", "Uncertain", 2, "Uncertain"])
      assert.deepStrictEqual(ran, ["c0", "c2"])
    }))
})

describe("a recorded write that timed out", () => {
  it.effect("leaves later writers as uncertain as it did at first", () =>
    Effect.gen(function*() {
      const memory = inMemory()
      let ran = 0
      const access = ({ key }: { readonly key?: unknown }) => [Access.write(`${key}`)]
      const hangs = doing("hangs", () => Effect.suspend(() => (ran++, Effect.never)), { access, timeout: 10 })
      const write = doing("write", () => Effect.sync(() => ran++), { access })
      const calls = asking(["hangs", { key: "k" }], ["write", { key: "k" }], ["write", { key: "b" }])
      const run = under(memory, Batch.run(Toolkit.make(hangs, write), calls, options))
      const settled = yield* run
      assert.deepStrictEqual([ends(settled), ran], [["Timeout", "Uncertain", 1], 2])
      assert.deepStrictEqual([ends(yield* run), ran], [ends(settled), 2])
    }))
})

/** Finds in its own time how one call ended: at its timeout, after its start. */
const slowToFind = (id: string): Recorder.Recorder => ({
  known: ({ call }) => {
    const reason = new CallError.Timeout({ limit: "timeout", millis: 10, started: true, harmless: false })
    const ended = { end: Result.fail(reason), startedAt: 0, endedAt: 0, attempts: 1, strays: false }
    return Effect.delay(Effect.succeed(call.id === id ? ended : undefined), 5)
  },
  call: (_, run) => run
})

describe("where a recorder knows the first of equal calls alone", () => {
  const program = (coalesces: boolean) => {
    const counts = { ran: 0 }
    const plain = reading("look", () => Effect.sync(() => ++counts.ran))
    return { counts, look: coalesces ? Tool.coalesce(plain) : plain }
  }
  const knowing = (id: string): Recorder.Recorder => ({
    known: ({ call }) => {
      const ended = { end: Result.succeed({ value: 7, json: 7 }), startedAt: 0, endedAt: 0, attempts: 1, strays: false }
      return call.id === id ? Effect.succeed(ended) : undefined
    },
    call: (_, run) => run
  })
  const all = [true, false] as const

  it.effect.each(all)(
    "a batch gives them its outcome if they are one, coalesced: %s",
    (coalesces) =>
      Effect.gen(function*() {
        const { counts, look } = program(coalesces)
        const batch = Batch.run(Toolkit.make(look), asking(["look"], ["look"]))
        const settled = yield* aDayOf(Effect.provideService(batch, Recorder.Recorder, knowing("c0")))
        assert.deepStrictEqual([ends(settled), counts.ran], coalesces ? [[7, 7], 0] : [[7, 1], 1])
      })
  )

  it.effect.each(all)("a plan does so with its steps, coalesced: %s", (coalesces) =>
    Effect.gen(function*() {
      const { counts, look } = program(coalesces)
      const plan = Plan.tool(Toolkit.make(look))
      const steps = ["one", "two"].map((id) => ({ id, tool: "look", arguments: {} }))
      const batch = Batch.run(Toolkit.make(plan), asking(["plan", { steps }]))
      const { outcomes } = yield* aDayOf(Effect.provideService(batch, Recorder.Recorder, knowing("c0/one")))
      const oks = JSON.parse(outcomes[0]!.encoded).steps.map(({ ok }: { readonly ok: number }) => ok)
      assert.deepStrictEqual([oks, counts.ran], coalesces ? [[7, 7], 0] : [[7, 1], 1])
    }))
})

describe("while a recorder looks for how a write ended", () => {
  const writes = lasting("writes", { access: ({ key }) => [Access.write(key)] })
  const run = (asked: ReadonlyArray<Asked>, options: Batch.Options = {}) =>
    Effect.map(
      aDayOf(
        Effect.provideService(
          Batch.run(Toolkit.make(writes), asking(...asked), options),
          Recorder.Recorder,
          slowToFind("c0")
        )
      ),
      (settled) => spansOf(settled, 0)
    )

  it.effect("and it cannot be found out what that touched, those are left out that touch anything", () =>
    Effect.gen(function*() {
      const calls: ReadonlyArray<Asked> = [["writes", { key: 7, ms: 1 }], ["writes", { key: "b", ms: 1 }]]
      assert.deepStrictEqual(yield* run(calls), [["Timeout", 0, 0], ["Uncertain", 5, 5]])
    }))

  it.effect("others wait, and then those are left out that touch the same", () =>
    Effect.gen(function*() {
      const calls = ["a", "b", "a/b"].map((key): Asked => ["writes", { key, ms: 1 }])
      assert.deepStrictEqual(yield* run(calls), [["Timeout", 0, 0], [5, 6], ["Uncertain", 5, 5]])
    }))

  it.effect.each(["parallel", "ordered"] as const)(
    "a call of no tool that there is is answered, %s",
    (undeclared) =>
      Effect.gen(function*() {
        const calls: ReadonlyArray<Asked> = [["writes", { key: "a", ms: 1 }], ["gone"], ["writes", { key: "b", ms: 1 }]]
        assert.deepStrictEqual(yield* run(calls, { undeclared }), [["Timeout", 0, 0], ["UnknownTool", 5, 5], [5, 6]])
      })
  )

  it.effect("which is a step of a pipeline, steps are left out that touch the same", () =>
    Effect.gen(function*() {
      const pipeline = Pipeline.make((call) => ({
        first: call(writes, { key: "a", ms: 1 }),
        same: call(writes, { key: "a/b", ms: 1 }),
        other: call(writes, { key: "b", ms: 1 })
      }))
      const { outcomes } = yield* aDayOf(
        Effect.provideService(Pipeline.run(pipeline), Recorder.Recorder, slowToFind("first"))
      )
      assert.deepStrictEqual(
        outcomes.map(({ call: { id }, result }) => [id, Result.isSuccess(result)]),
        [["first", false], ["same", false], ["other", true]]
      )
    }))

  it.effect("equal calls that share an answer are told to it once each", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const slow = slowToFind("c0")
      const noting: Recorder.Recorder = {
        known: (call) => call.call.name === "same" ? undefined : slow.known(call),
        call: (call, run) => Effect.andThen(Effect.sync(() => told.push(call.call.id)), run)
      }
      const same = Tool.coalesce(reading("same", () => sleeping(1)))
      const calls = asking(["writes", { key: "a", ms: 1 }], ["same"], ["same"])
      const batch = Batch.run(Toolkit.make(writes, same), calls)
      const settled = yield* aDayOf(Effect.provideService(batch, Recorder.Recorder, noting))
      assert.deepStrictEqual([ends(settled), told], [["Timeout", 1, 1], ["c1", "c2"]])
    }))
})

describe("a recorded graph", () => {
  const graphs = ({ all, toolkit }: AllTools) => {
    const steps = started.map(([tool], n) => ({
      id: `s${n}`,
      tool,
      arguments: n === 0 || tool === "paints" ? {} : { of: { $ref: "s0/a/0" } }
    }))
    const { crashes, fails, ok, writes } = all
    const pipeline = Pipeline.make((call) => {
      const first = call(ok, {}).pipe(Pipeline.map(() => 1))
      const lost = call(fails, { first }).pipe(Pipeline.map(() => 1))
      const writing = [first, first].map((of) => call(writes, { of }))
      return {
        first,
        last: call(crashes, { first }),
        never: call(ok, { lost }),
        writing: writing[0]!,
        other: writing[1]!
      }
    })
    const plan = Plan.tool(toolkit)
    return {
      plan: (more: Batch.Options) =>
        Effect.map(
          Batch.run(Toolkit.make(plan), asking(["plan", { steps }]), { ...options, ...more }),
          ({ outcomes }) => outcomes.map(({ encoded }) => JSON.parse(encoded))
        ),
      pipeline: (more: Batch.Options) =>
        Effect.map(
          Pipeline.run(pipeline, { ...options, ...more }),
          ({ outcomes }) => outcomes.map(({ attempts, encoded }) => [attempts, encoded])
        )
    }
  }

  it.effect.each(
    [
      ["a plan", "plan", {}],
      ["a pipeline", "pipeline", {}],
      ["a pipeline of which no calls may run", "pipeline", { maxCalls: 0 }],
      ["a pipeline whose deadline is over", "pipeline", { deadline: 0 }]
    ] as const
  )(
    "comes to the same, and nothing runs: %s",
    ([, kind, more]) =>
      Effect.gen(function*() {
        const memory = inMemory()
        const first = tools()
        const settled = yield* under(memory, graphs(first)[kind]({}))
        assert.isAbove(first.counts.ran, 4)
        const second = tools()
        assert.deepStrictEqual(yield* under(memory, graphs(second)[kind](more)), settled)
        assert.strictEqual(second.counts.ran, 0)
      })
  )
})

describe("a recorded agent", () => {
  const turn = ScriptedModel.calls(...started.map(([name]) => ({ name })))
  const script = [turn, turn, ScriptedModel.says("done")]
  const running = (toolkit: AllTools["toolkit"], model: ScriptedModel.ScriptedModel, maxCalls = 64) =>
    Effect.provide(
      Agent.run({
        toolkit,
        prompt: "Go.",
        batch: { ...options, maxCalls }
      }),
      model.layer
    )

  it.effect.each([["as it was", 64], ["though no calls may run", 0]] as const)(
    "comes to the same, nothing runs and no model is asked, %s",
    ([, maxCalls]) =>
      Effect.gen(function*() {
        const memory = inMemory()
        const first = tools()
        const settled = yield* under(memory, running(first.toolkit, ScriptedModel.make(script)))
        assert.strictEqual(first.counts.ran, 28)
        const second = tools()
        const model = ScriptedModel.make([])
        const again = yield* under(memory, running(second.toolkit, model, maxCalls))
        assert.deepStrictEqual([second.counts.ran, model.requests], [0, []])
        assert.deepStrictEqual(
          again.rounds.map((round) => round.settled.outcomes),
          settled.rounds.map((round) => round.settled.outcomes)
        )
        assert.deepStrictEqual([again.answer, again.conversation.messages], [
          settled.answer,
          settled.conversation.messages
        ])
      })
  )
})
