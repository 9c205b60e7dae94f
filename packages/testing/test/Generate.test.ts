import { assert, describe, it } from "@effect/vitest"
import { Batch, type Conversation, Pipeline, Tool, Toolkit } from "@volley/core"
import { Generate, GraphRunner } from "@volley/testing"
import { Arbitrary, Effect, Result, Schema } from "effect"

const book = Tool.make("book", {
  description: "For tests.",
  parameters: Schema.Struct({
    id: Schema.String,
    day: Schema.Date,
    seats: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
  }),
  success: Schema.Void,
  execute: () => Effect.void
})
const raw = Tool.fromJsonSchema("raw", {
  description: "For tests.",
  parameters: {
    type: "object",
    properties: { id: { type: "string", minLength: 2 }, sort: { enum: ["asc", "desc"] } },
    required: ["id"],
    additionalProperties: false
  },
  execute: () => Effect.succeed(1)
})
const toolkit = Toolkit.make(book, raw)

/** How a call with nothing but its fault ends. */
const endOf: { readonly [_ in Generate.Fault]: string } = {
  none: "ok",
  malformedJson: "InvalidArguments",
  missingField: "InvalidArguments",
  wrongType: "InvalidArguments",
  unknownTool: "UnknownTool",
  truncated: "Truncated",
  repeatedId: "ok",
  missingId: "ok"
}

describe("calls that are drawn", () => {
  it("have no fault that there is not, which would never come", () => {
    const misspelt = { none: 1, wrongTypes: 1 }
    assert.throws(
      () => Generate.calls(toolkit, { faults: misspelt }),
      "Generate: there is no fault `wrongTypes`: take some of none, malformedJson, missingField, wrongType,"
    )
    assert.throws(
      () => Generate.calls(toolkit, { faults: true as never }),
      "Generate: the weights of the faults are no object: write { none: 1 }."
    )
  })

  it.effect.prop(
    "end as their fault says",
    { drawn: Generate.drawn(toolkit, { faults: Generate.faulty }) },
    ({ drawn }) =>
      Effect.gen(function*() {
        const { outcomes } = yield* Batch.run(toolkit, drawn.map(({ call }) => call))
        const ends = outcomes.map(({ result }) =>
          Result.isSuccess(result) ? "ok" : result.failure._tag === "CallError" ? result.failure.reason._tag : "failed"
        )
        assert.deepStrictEqual(ends, drawn.map(({ fault }) => endOf[fault]))
      })
  )

  const sample = Arbitrary.sampleEffect(Generate.drawn(toolkit, { faults: Generate.faulty }), {
    count: 300,
    size: 8,
    seed: 1
  })

  it.effect("have every fault, and tools of every kind", () =>
    Effect.map(sample, (all) => {
      const faults = new Set(all.flat().map(({ fault }) => fault))
      assert.sameMembers([...faults], Object.keys(endOf))
      assert.sameMembers([...new Set(all.flat().map(({ call }) => call.name))], ["book", "raw", "no_such_tool"])
    }))

  it.effect("are often about the same things", () =>
    Effect.map(sample, (all) => {
      const several = all.map((drawn) => drawn.filter(({ fault }) => fault === "none")).filter(({ length }) =>
        length > 1
      )
      const alike = several.filter((drawn) => {
        const ids = drawn.map(({ call: { arguments: args } }) =>
          Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))(
            typeof args === "string" ? JSON.parse(args) : args
          ).id
        )
        return new Set(ids).size < ids.length
      })
      assert.isAbove(alike.length / several.length, 0.4)
    }))

  it.effect("shrink to one call where one is enough", () =>
    Effect.gen(function*() {
      const drawn = Generate.calls(toolkit, { faults: Generate.faulty })
      const found = yield* Arbitrary.checkEffect(drawn, (calls) => calls.every(({ name }) => name !== "raw"), {
        seed: 1
      })
      assert(found._tag === "Falsified")
      assert.strictEqual(found.shrunkInput.length, 1)
    }))
})

describe("faulty arguments", () => {
  it.effect.prop(
    "are malformed JSON where a tool has no field to leave out",
    {
      args: Generate.faultyArgs(
        Tool.make("none", {
          description: "For tests.",
          parameters: Schema.Struct({}),
          success: Schema.Void,
          execute: () => Effect.void
        }),
        "missingField"
      )
    },
    ({ args }) => Effect.sync(() => assert.throws(() => JSON.parse(String(args)), SyntaxError))
  )
})

describe("conversations", () => {
  it.effect.prop(
    "answer every call in the next message, once, by its id, in call order",
    { conversation: Generate.conversations(toolkit) },
    ({ conversation: { messages } }) =>
      Effect.sync(() => {
        const turns = messages.filter((message): message is Conversation.Assistant => message.role === "assistant")
        assert.deepStrictEqual(turns.at(-1)?.calls, [])
        for (const [index, message] of messages.entries()) {
          if (message.role !== "assistant" || message.calls.length === 0) continue
          const next = messages[index + 1]
          assert(next?.role === "tool")
          assert.deepStrictEqual(next.results.map(({ callId }) => callId), message.calls.map(({ id }) => id))
        }
        const ids = turns.flatMap(({ calls }) => calls.map(({ id }) => id))
        assert.strictEqual(new Set(ids).size, ids.length)
      })
  )

  it.effect("have several rounds", () =>
    Effect.map(Arbitrary.sampleEffect(Generate.conversations(toolkit), { count: 100, size: 6, seed: 1 }), (all) => {
      assert.isAbove(all.filter(({ messages }) => messages.length > 4).length, 20)
    }))
})

describe("random toolkits, pipelines and plans", () => {
  const sample = <A>(all: Arbitrary.Arbitrary<A>) => Arbitrary.sampleEffect(all, { count: 50, size: 40, seed: 1 })

  it.effect("are toolkits whose tools declare what they touch", () =>
    Effect.map(sample(Generate.toolkits), (all) => {
      for (const { tools } of all) assert.lengthOf(tools, 4)
      assert.isTrue(all.some(({ tools }) => tools.some(({ claims }) => typeof claims === "function")))
    }))

  it.effect("are pipelines whose steps can be run", () =>
    Effect.gen(function*() {
      const nodes = Array.from({ length: 200 }, () => ({
        kind: "success" as const,
        needs: [],
        after: 0,
        key: undefined,
        writes: false,
        kept: true
      }))
      for (const pipeline of yield* sample(Generate.pipelines)) {
        const run = Pipeline.run(pipeline).pipe(
          Effect.provideService(GraphRunner.Probe, { nodes, notes: [], now: () => 0 })
        )
        const { outcomes } = yield* run
        assert.isTrue(Object.keys(pipeline.steps).every((name) => outcomes.some(({ call }) => call.id === name)))
      }
    }))

  it.effect("are plans that refer to earlier steps alone", () =>
    Effect.gen(function*() {
      const plans = yield* sample(Generate.plans)
      assert.isTrue(plans.some(({ steps }) => JSON.stringify(steps).includes("$ref")))
      for (const { steps } of plans) {
        for (const [index, step] of steps.entries()) {
          const refs = Array.from(JSON.stringify(step).matchAll(/"\$ref":"n(\d+)/g), (found) => Number(found[1]))
          assert.isTrue(refs.every((ref) => ref < index))
        }
      }
    }))
})
