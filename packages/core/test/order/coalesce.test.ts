/**
 * Rule 11: equal calls of a run are one, where the tool wants that.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, CallError, Limits, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema, Stream } from "effect"
import { spaced } from "../dispatch/arriving.ts"
import { ends } from "../support.ts"
import { aDayOf, asking, lasting, spansOf } from "./support.ts"

/** Tools that note which of their calls ran. */
const make = () => {
  const ran: Array<string> = []
  const definition = {
    description: "For tests.",
    parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
    success: Schema.String,
    failure: Schema.String,
    readOnly: true,
    execute: ({ key, ms }: { readonly key: string; readonly ms: number }, { id }: Tool.Call) =>
      Effect.sync(() => ran.push(id)).pipe(
        Effect.andThen(Effect.sleep(ms)),
        Effect.andThen(key === "fails" ? Effect.fail("refused") : Effect.succeed(key))
      )
  } as const
  const get = Tool.coalesce(Tool.make("get", { ...definition, access: ({ key }) => [Access.read(key)] }))
  const single = Tool.coalesce(Tool.make("single", { ...definition, limits: [Limits.concurrency(1)] }))
  const plain = Tool.make("plain", definition)
  const bare = Tool.coalesce(Tool.make("bare", definition))
  const put = lasting("put", { access: ({ key }) => [Access.write(key)] })
  return { ran, bare, get, toolkit: Toolkit.make(get, single, plain, bare, put, lasting("free")) }
}

const run = (calls: ReadonlyArray<ToolCall.ToolCall>, options?: Batch.Options) =>
  Effect.gen(function*() {
    const { ran, toolkit } = make()
    const settled = yield* aDayOf(Batch.run(toolkit, calls, options))
    return { ran, settled, spans: spansOf(settled, 0), ids: settled.outcomes.map(({ call }) => call.id) }
  })

describe("equal calls of one run", () => {
  it.effect("are one, and every id is answered", () =>
    Effect.gen(function*() {
      const { ids, ran, settled, spans } = yield* run(
        asking(["get", "a", 30], ["get", "a", 30], ["get", "b", 30], ["get", "a", 30], ["get", "a", 31])
      )
      assert.deepStrictEqual(ran, ["c0", "c2", "c4"])
      assert.deepStrictEqual(ids, ["c0", "c1", "c2", "c3", "c4"])
      assert.deepStrictEqual(spans, [[0, 30], [0, 30], [0, 30], [0, 30], [0, 31]])
      assert.deepStrictEqual(settled.outcomes.map(({ encoded }) => encoded), [
        "\"a\"",
        "\"a\"",
        "\"b\"",
        "\"a\"",
        "\"a\""
      ])
    }))

  it.effect("are equal whatever the order of their arguments, and whether those came as text", () =>
    Effect.gen(function*() {
      const make = (id: string, args: unknown) => ToolCall.make({ id, name: "bare", arguments: args })
      const { ids, ran } = yield* run([
        make("one", { key: "a", ms: 5 }),
        make("two", { ms: 5, key: "a" }),
        make("three", "{\"ms\": 5, \"key\": \"a\"}")
      ])
      assert.deepStrictEqual(ran, ["one"])
      assert.deepStrictEqual(ids, ["one", "two", "three"])
    }))

  it.effect.each(["get", "bare"])("are one though the first is over: %s", (name) =>
    Effect.gen(function*() {
      const { ran, toolkit } = make()
      const calls = Stream.fromIterable(asking([name, "a", 5], [name, "a", 5], [name, "b", 5]))
      const slowly = Stream.tap(calls, () => Effect.sleep(20))
      const settled = yield* aDayOf(Batch.dispatch(toolkit, slowly))
      assert.deepStrictEqual([ran, spansOf(settled, 0)], [["c0", "c2"], [[20, 25], [20, 25], [60, 65]]])
    }))

  it.effect("are one though the first is over, also on a runner, which forgets keys that nobody touches any more", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = make()
      const runner = yield* Batch.make()
      yield* aDayOf(runner.dispatch(toolkit, spaced(asking(["get", "a", 5], ["get", "a", 5]), 20)))
      assert.deepStrictEqual(ran, ["c0"])
    }))

  it.effect("are two where a write that touches the same lies between them", () =>
    Effect.gen(function*() {
      const { ran, spans } = yield* run(
        asking(["get", "a", 30], ["put", "a/b", 10], ["get", "a", 30], ["put", "b", 5])
      )
      assert.deepStrictEqual(ran, ["c0", "c2"])
      assert.deepStrictEqual(spans, [[0, 30], [30, 40], [40, 70], [0, 5]])
    }))

  it.effect("are one again behind that write", () =>
    Effect.gen(function*() {
      const { ran, spans } = yield* run(
        asking(["get", "a", 30], ["put", "a/b", 10], ["get", "a", 30], ["get", "a", 30])
      )
      assert.deepStrictEqual(ran, ["c0", "c2"])
      assert.deepStrictEqual(spans, [[0, 30], [30, 40], [40, 70], [40, 70]])
    }))

  it.effect("are two where one was allowed with these arguments and the other came with them: the model reads that of one", () =>
    Effect.gen(function*() {
      const asks = Tool.coalesce(Tool.make("asks", {
        description: "For tests.",
        parameters: Schema.Struct({ key: Schema.String }),
        success: Schema.String,
        readOnly: true,
        approval: "always",
        execute: ({ key }) => Effect.as(Effect.sleep(5), key)
      }))
      const approver = Approver.layer(({ call }) =>
        Effect.succeed(call.id === "c1" ? "allowed" : { allowed: { key: "a" } })
      )
      const calls = ["b", "a", "c"].map((key, index) =>
        ToolCall.make({ id: `c${index}`, name: "asks", arguments: { key }, index })
      )
      const { outcomes } = yield* aDayOf(Effect.provide(Batch.run(Toolkit.make(asks), calls), approver))
      assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded === "\"a\""), [false, true, false])
    }))

  it.effect("have the answer of another one where the first is revoked, and comes to nothing", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = make()
      const calls = asking(["plain", "x", 30], ["bare", "a", 5], ["bare", "a", 5])
      const late = asking(["plain", "x", 30], ["bare", "a", 5], ["bare", "a", 5], ["bare", "a", 5]).slice(3)
      const revoked = calls.slice(1, 2).map((call) => ({ ...call, status: "truncated" as const }))
      const arriving = Stream.fromIterable([...calls, ...revoked, ...late])
      const { outcomes } = yield* aDayOf(Batch.dispatch(toolkit, arriving, { concurrency: 1 }))
      assert.deepStrictEqual(ran, ["c0", "c2"])
      const failed = outcomes.map(({ result }) => Result.isFailure(result))
      assert.deepStrictEqual(failed, [false, true, false, false])
    }))

  it.effect.each(
    [
      ["while it is run", 1],
      ["once it is there", 10]
    ] as const
  )("keep their answer where one of them comes %s, and once more, truncated", ([, apart]) =>
    Effect.gen(function*() {
      const { ran, toolkit } = make()
      const calls = asking(["bare", "a", 5], ["bare", "a", 5])
      const again = calls.slice(1).map((call) => ({ ...call, status: "truncated" as const }))
      const arriving = Stream.concat(spaced(calls, apart), spaced(again, 10))
      const { outcomes } = yield* aDayOf(Batch.dispatch(toolkit, arriving))
      assert.deepStrictEqual(outcomes.map(({ result }) => Result.isSuccess(result)), [true, true])
      assert.deepStrictEqual(ran, ["c0"])
    }))

  it.effect("are as many as there are, unless the tool asks for less", () =>
    Effect.gen(function*() {
      const { ran } = yield* run(asking(["plain", "a", 30], ["plain", "a", 30], ["free", "a", 1]))
      assert.deepStrictEqual(ran, ["c0", "c1"])
    }))

  it.effect("are two where the tools differ", () =>
    Effect.gen(function*() {
      const { ran } = yield* run(asking(["bare", "a", 30], ["single", "a", 30]))
      assert.deepStrictEqual(ran, ["c0", "c1"])
    }))

  it.effect("hold one slot together", () =>
    Effect.gen(function*() {
      const { spans } = yield* run(
        asking(["single", "a", 30], ["single", "a", 30], ["bare", "a", 20], ["bare", "a", 20]),
        {
          concurrency: 2
        }
      )
      assert.deepStrictEqual(spans, [[0, 30], [0, 30], [0, 20], [0, 20]])
    }))

  it.effect("are one where calls run one at a time, and nothing else has to wait", () =>
    Effect.gen(function*() {
      const { ran, spans } = yield* run(asking(["bare", "a", 20], ["bare", "a", 20]), { concurrency: 1 })
      assert.deepStrictEqual(ran, ["c0"])
      assert.deepStrictEqual(spans, [[0, 20], [0, 20]])
    }))

  it.effect("fail together", () =>
    Effect.gen(function*() {
      const { ran, settled, spans } = yield* run(asking(["bare", "fails", 30], ["bare", "fails", 30]))
      assert.deepStrictEqual(ran, ["c0"])
      assert.deepStrictEqual(spans, [["ToolFailure", 0, 30], ["ToolFailure", 0, 30]])
      assert.strictEqual(settled.outcomes[0]!.encoded, settled.outcomes[1]!.encoded)
    }))

  it.effect("time out together, and each error names its own call", () =>
    Effect.gen(function*() {
      const { settled, spans } = yield* run(asking(["bare", "a", 30], ["bare", "a", 30]), { timeout: 20 })
      assert.deepStrictEqual(spans, [["Timeout", 0, 20], ["Timeout", 0, 20]])
      const named = settled.outcomes.map(({ result }) =>
        Result.isFailure(result) && result.failure instanceof CallError.CallError ? result.failure.callId : ""
      )
      assert.deepStrictEqual(named, ["c0", "c1"])
    }))

  it.effect("are answered at the deadline", () =>
    Effect.gen(function*() {
      const { spans } = yield* run(asking(["bare", "a", 30], ["bare", "a", 30]), { deadline: 20 })
      assert.deepStrictEqual(spans, [["Timeout", 0, 20], ["Timeout", 0, 20]])
    }))

  it.effect("are one in the places of a call that stands for several, too", () =>
    Effect.gen(function*() {
      const { bare, ran } = make()
      const list = Tool.make("list", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Array(Schema.String),
        execute: () => Effect.succeed(["a", "b", "a"])
      })
      const all = Pipeline.make((call) => ({
        all: Pipeline.each(call(list, {}), (key) => call(bare, { key, ms: 10 }))
      }))
      yield* aDayOf(Pipeline.run(all))
      assert.strictEqual(ran.length, 2)
    }))

  it.effect("are one in a plan, and beside one", () =>
    Effect.gen(function*() {
      const { bare, ran } = make()
      const step = (id: string) => ({ id, tool: "bare", arguments: { key: "a", ms: 10 } })
      const plan = { steps: [step("one"), step("two")] }
      const toolkit = Toolkit.make(bare, Plan.tool(Toolkit.make(bare)))
      const settled = yield* aDayOf(Batch.run(toolkit, [
        ToolCall.make({ id: "p", name: "plan", arguments: plan, index: 0 }),
        ToolCall.make({ id: "x", name: "bare", arguments: { key: "b", ms: 10 }, index: 1 }),
        ToolCall.make({ id: "y", name: "bare", arguments: { key: "b", ms: 10 }, index: 2 })
      ]))
      assert.deepStrictEqual(spansOf(settled, 0), [[0, 10], [0, 10], [0, 10]])
      assert.strictEqual(ran.length, 2)
    }))

  it.effect("have an answer of their own where the one that runs is stopped with what it is a step of", () =>
    Effect.gen(function*() {
      const { bare, ran } = make()
      const args = { key: "a", ms: 50 }
      const piped = Pipeline.tool("piped", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Unknown,
        readOnly: true,
        timeout: 10,
        // Two that are equal, and stopped together.
        build: (call) =>
          call(bare, { key: call(bare, args), ms: call(bare, args).pipe(Pipeline.map((key) => key.length)) })
      })
      const calls = [
        ToolCall.make({ id: "p", name: "piped", index: 0 }),
        ...["x", "y", "z"].map((id, index) => ToolCall.make({ id, name: "bare", arguments: args, index: index + 1 }))
      ]
      const slowly = Stream.tap(Stream.fromIterable(calls), () => Effect.sleep(4))
      const settled = yield* aDayOf(Batch.dispatch(Toolkit.make(bare, piped), slowly))
      assert.deepStrictEqual(ends(settled), ["DependencyFailed", "a", "a", "a"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt }) => endedAt), [14, 64, 64, 64])
      assert.lengthOf(ran, 2)
    }))

  it.effect("stay one when the toolkit is written for a provider's strict mode", () =>
    Effect.gen(function*() {
      const { bare, ran } = make()
      const strict = Toolkit.strict(Toolkit.make(bare), {
        write: (parameters) => ({ codec: Schema.toCodecJson(parameters), jsonSchema: bare.jsonSchema }),
        refuse: () => undefined
      })
      yield* aDayOf(Batch.run(strict, asking(["bare", "a", 10], ["bare", "a", 10])))
      assert.deepStrictEqual(ran, ["c0"])
    }))
})

describe("Tool.coalesce", () => {
  it("takes tools that read alone", () => {
    const writer = Tool.make("writer", {
      description: "For tests.",
      parameters: Schema.Struct({}),
      success: Schema.Void,
      execute: () => Effect.void
    })
    // @ts-expect-error it is not `readOnly`
    assert.throws(() => Tool.coalesce(writer), "Tool.coalesce: \"writer\" is not `readOnly`")
  })
})
