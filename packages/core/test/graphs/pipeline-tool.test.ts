/**
 * A pipeline as a tool.
 */
import { assert, describe, it } from "@effect/vitest"
import { Approver, Batch, Content, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Cause, Context, Effect, Layer, Logger, Result, Schema, SchemaGetter } from "effect"
import { expectTypeOf } from "vitest"
import { run } from "./orders.ts"

class Broke extends Schema.TaggedError<Broke>()("Broke", {}) {}
class Factor extends Context.Service<Factor, number>()("test/Factor") {}

const description = "For tests."
const list = Tool.make("list", {
  description,
  parameters: Schema.Struct({ length: Schema.Int }),
  success: Schema.Array(Schema.Int),
  failure: Broke,
  readOnly: true,
  execute: ({ length }) =>
    Effect.delay(length < 0 ? new Broke() : Effect.succeed(Array.from({ length }, (_, n) => n)), 10)
})
const scale = Tool.make("scale", {
  description,
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int,
  readOnly: true,
  execute: ({ n }) => Effect.delay(Factor.useSync((factor) => n * factor), 10)
})
/** The scaled numbers below a length, as a text; the length is a text as well. */
const scaled = Pipeline.tool("scaled", {
  description,
  parameters: Schema.Struct({ length: Schema.FiniteFromString }),
  success: Schema.Struct({ at: Schema.DateFromString, text: Schema.String }),
  build: (call, { length }) => {
    const numbers = Pipeline.each(call(list, { length }), (n) => call(scale, { n }))
    return numbers.pipe(Pipeline.map((all) => ({ at: new Date(length), text: all.join(" ") })))
  }
})

const play = <T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  calls: ReadonlyArray<readonly [name: string, args: unknown]>,
  options?: Batch.Options
) =>
  Effect.gen(function*() {
    const events: Array<string> = []
    const turn = calls.map(([name, args], index) => ToolCall.make({ id: `c${index}`, name, arguments: args, index }))
    const running: Effect.Effect<Batch.Settled<T>, never, Tool.Requirements<T>> = Batch.run(toolkit, turn, {
      onCall: (event) =>
        Effect.sync(() => {
          if (event._tag === "CallStarted") events.push(`+${event.call.id}`)
          if (event._tag === "CallSettled") events.push(`-${event.outcome.call.id}`)
        }),
      ...options
    })
    const { outcomes } = yield* run(running)
    const [first] = outcomes
    const millis = first === undefined ? NaN : first.endedAt - first.startedAt
    return { outcomes, events: events.join(" "), ends: outcomes.map(({ encoded }) => JSON.parse(encoded)), millis }
  }).pipe(Effect.provideService(Factor, 10))

const one = (length: number | string): readonly [string, unknown] => ["scaled", { length: `${length}` }]

describe("Pipeline.tool", () => {
  it.effect("answers with what its reference comes to, as `success` writes it", () =>
    Effect.gen(function*() {
      const { ends, events, outcomes } = yield* play(Toolkit.make(scaled), [one(3)])
      assert.deepStrictEqual(ends, [{ at: "1970-01-01T00:00:00.003Z", text: "0 10 20" }])
      assert.deepStrictEqual(outcomes[0]?.result, Result.succeed({ at: new Date(3), text: "0 10 20" }))
      assert.strictEqual(
        events.split(" ").filter((event) => event.startsWith("-")).join(" "),
        "-c0/list_0 -c0/scale_1/0 -c0/scale_1/1 -c0/scale_1/2 -c0/scale_1 -c0"
      )
    }))

  it.effect("runs its calls under the limits of the batch, and takes no room of its own", () =>
    Effect.gen(function*() {
      const { events } = yield* play(Toolkit.make(scaled, list), [one(2), ["list", { length: 1 }]], { concurrency: 1 })
      assert.strictEqual(
        events.split(" ").filter((event) => event.startsWith("+")).join(" "),
        "+c0 +c0/list_0 +c0/scale_1 +c0/scale_1/0 +c0/scale_1/1 +c1"
      )
    }))

  it.effect("is started and answered once, also where its schema takes its time to write what it comes to", () =>
    Effect.gen(function*() {
      const slow = Pipeline.tool("slow", {
        description,
        parameters: Schema.Struct({}),
        success: Schema.Array(Schema.Int).pipe(Schema.decodeTo(Schema.Array(Schema.Int), {
          decode: SchemaGetter.passthrough(),
          encode: SchemaGetter.transformEffect((all: ReadonlyArray<number>) => Effect.delay(Effect.succeed(all), 10))
        })),
        build: (call) => call(list, { length: 2 })
      })
      const { ends, events } = yield* play(Toolkit.make(slow), [["slow", {}]])
      assert.deepStrictEqual([ends, events], [[[0, 1]], "+c0 +c0/list_0 -c0/list_0 -c0"])
    }))

  it.effect("names the call that failed", () =>
    Effect.gen(function*() {
      const { ends } = yield* play(Toolkit.make(scaled), [one(-1), one(1)])
      assert.deepInclude(ends[0].error, { type: "DependencyFailed", data: { root: "c0/list_0", type: "Broke" } })
      assert.strictEqual(ends[1].text, "0")
    }))

  it.effect("refuses arguments that do not fit, before anything is built", () =>
    Effect.gen(function*() {
      const { ends, events } = yield* play(Toolkit.make(scaled), [one("x")])
      assert.strictEqual(ends[0].error.type, "InvalidArguments")
      assert.strictEqual(events, "-c0")
    }))

  it.effect("crashes alone where building it throws, or what is made of its results", () =>
    Effect.gen(function*() {
      const bug = new Error("a bug")
      const thrown = (): never => {
        throw bug
      }
      const parameters = Schema.Struct({})
      const unbuilt = Pipeline.tool("unbuilt", { description, parameters, success: Schema.Int, build: thrown })
      const unmade = Pipeline.tool("unmade", {
        description,
        parameters,
        success: Schema.Int,
        build: (call) => call(list, { length: 1 }).pipe(Pipeline.map(thrown))
      })
      const foreign = Pipeline.make((call) => ({ all: call(list, { length: 1 }) })).steps.all
      const astray = Pipeline.tool("astray", { description, parameters, success: list.success, build: () => foreign })
      const odd = Pipeline.tool("odd", {
        description,
        parameters,
        success: Schema.Int,
        build: (call) => call(list, { length: 1 }).pipe(Pipeline.map(() => 0.5))
      })
      const logged: Array<unknown> = []
      const logger = Logger.make(({ cause, message }) =>
        void logged.push(cause === Cause.empty ? message : Cause.squash(cause))
      )
      const toolkit = Toolkit.make(unbuilt, unmade, astray, odd, scaled)
      const { ends } = yield* play(toolkit, [["unbuilt", {}], ["unmade", {}], ["astray", {}], ["odd", {}], one(1)])
        .pipe(
          Effect.provide(Logger.layer([logger]))
        )
      assert.deepStrictEqual(ends.map((end) => end.error?.type ?? end.text), [
        "Defect",
        "Defect",
        "Defect",
        "Unencodable",
        "0"
      ])
      // Of two, calls had run by then.
      assert.deepStrictEqual(ends.map((end) => end.error?.safeToRepeat), [true, false, true, false, undefined])
      assert.lengthOf(logged, 4)
      assert.includeMembers(logged, [bug])
    }))

  it.effect("shows what its `content` says", () =>
    Effect.gen(function*() {
      const shown = Pipeline.tool("shown", {
        description,
        parameters: Schema.Struct({}),
        success: list.success,
        content: (all) => [Content.text(`"${all.length} numbers"`)],
        build: (call) => call(list, { length: 4 })
      })
      const { outcomes } = yield* play(Toolkit.make(shown), [["shown", {}]])
      assert.deepStrictEqual([outcomes[0]?.encoded, outcomes[0]?.json], ["\"4 numbers\"", [0, 1, 2, 3]])
    }))

  it.effect("runs inside plans, pipelines and tools of its own kind", () =>
    Effect.gen(function*() {
      const outer = Pipeline.tool("outer", {
        description,
        parameters: Schema.Struct({ lengths: Schema.Array(Schema.Int) }),
        success: Schema.Array(Schema.String),
        build: (call, { lengths }) => {
          const given = call(list, { length: lengths.length }).pipe(Pipeline.map((all) => all.map((n) => lengths[n]!)))
          return Pipeline.each(given, (length) => call(scaled, { length })).pipe(
            Pipeline.map((all) => all.map(({ text }) => text))
          )
        }
      })
      const tools = Toolkit.make(outer, scaled)
      const steps = [
        { id: "a", tool: "outer", arguments: { lengths: [2, 1] } },
        { id: "b", tool: "scaled", arguments: { length: "3" } }
      ]
      const { ends, events } = yield* play(Toolkit.make(Plan.tool(tools)), [["plan", { steps }]])
      const text = "0 10 20"
      assert.deepStrictEqual(ends[0].steps, [
        { id: "a", ok: ["0 10", "0"] },
        { id: "b", ok: { at: "1970-01-01T00:00:00.003Z", text } }
      ])
      assert.include(events, "-c0/a/scaled_1/0/scale_1/1")
      const pipeline = Pipeline.make((call) => ({ all: call(outer, { lengths: [3] }) }))
      const { steps: { all } } = yield* run(Effect.provideService(Pipeline.run(pipeline), Factor, 10))
      assert.deepStrictEqual(all.result, Result.succeed([text]))
    }))

  const timed = (timeout?: number) =>
    Pipeline.tool("timed", {
      description,
      parameters: Schema.Struct({}),
      success: Schema.Int,
      timeout,
      build: (call) => call(scale, { n: call(scale, { n: call(scale, { n: 1 }) }) })
    })

  it.effect("has a timeout only where it says so", () =>
    Effect.gen(function*() {
      const free = yield* play(Toolkit.make(timed()), [["timed", {}]], { timeout: 15 })
      assert.deepStrictEqual([free.ends, free.millis], [[1000], 30])
      const bound = yield* play(Toolkit.make(timed(15)), [["timed", {}]])
      assert.deepStrictEqual([bound.ends[0].error.data, bound.millis], [{ root: "c0/scale_1", type: "Timeout" }, 15])
      assert.notInclude(bound.events, "+c0/scale_2")
    }))

  it.effect("asks before anything of it runs, where it says so", () =>
    Effect.gen(function*() {
      const asking = Pipeline.tool("asking", {
        description,
        parameters: Schema.Struct({ length: Schema.Int }),
        success: list.success,
        approval: ({ length }) => length > 1,
        build: (call, { length }) => call(list, { length })
      })
      const calls = [1, 2].map((length) => ["asking", { length }] as const)
      const { ends, events } = yield* play(Toolkit.make(asking), calls)
      assert.deepStrictEqual([ends[0], ends[1].error.type], [[0], "Undecided"])
      assert.notInclude(events, "c1/list_0")
      const allowed = yield* Effect.provide(play(Toolkit.make(asking), calls), Approver.allow)
      assert.deepStrictEqual(allowed.ends, [[0], [0, 1]])
    }))

  it.effect("gives its calls what it was provided with", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.provide(Toolkit.make(scaled), Layer.succeed(Factor, 2))
      expectTypeOf<Tool.Requirements<Toolkit.Tools<typeof toolkit>>>().toEqualTypeOf<never>()
      const { ends } = yield* play(toolkit, [one(3)])
      assert.strictEqual(ends[0].text, "0 2 4")
    }))

  it.effect("stays what it is in a provider's strict mode", () =>
    Effect.gen(function*() {
      const strict = Toolkit.strict(Toolkit.make(scaled), {
        write: (parameters) => ({ codec: Schema.toCodecJson(parameters), jsonSchema: { type: "object" } }),
        refuse: () => undefined
      })
      assert.isTrue(strict.tools[0]?.strict)
      assert.strictEqual((yield* play(strict, [one(2)])).ends[0].text, "0 10")
    }))

  it("is typed by what its calls need, and by what it is to give", () => {
    expectTypeOf<Tool.Requirements<typeof scaled>>().toEqualTypeOf<Factor>()
    expectTypeOf(scaled.name).toEqualTypeOf<"scaled">()
    expectTypeOf(scaled.readOnly).toEqualTypeOf<false>()
    const parameters = Schema.Struct({ n: Schema.Int })
    Pipeline.tool("wrong", {
      description,
      parameters,
      success: Schema.String,
      // @ts-expect-error -- a number is no text
      build: (call, { n }) => call(scale, { n })
    })
    Pipeline.tool("more", {
      description,
      parameters,
      success: Schema.Int,
      // @ts-expect-error -- what its calls touch, they say themselves
      access: [],
      build: (call, { n }) => call(scale, { n })
    })
  })
})
