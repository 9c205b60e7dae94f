import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema, Stream } from "effect"
import { Readable } from "node:stream"
import { ends, recordingLogger } from "../support.ts"

const giving = (value: unknown) =>
  Tool.fromJsonSchema("give", {
    description: "Gives a thing.",
    parameters: { type: "object" },
    execute: () => Effect.succeed(value)
  })

const run = (tool: Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>) =>
  Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "a", name: tool.name })])

class Money {
  readonly cents = 250
}

const circle: Array<unknown> = []
circle.push(circle)

describe("a result that no schema describes", () => {
  it.effect.each<[string, unknown, string]>([
    ["undefined in it", { a: 1, b: undefined, c: [undefined] }, "{\"a\":1,\"c\":[null]}"],
    ["a date in it", { at: new Date(0) }, "{\"at\":\"1970-01-01T00:00:00.000Z\"}"],
    ["a `toJSON`", { toJSON: () => [7] }, "[7]"],
    ["a URL", new URL("http://a.org/"), "\"http://a.org/\""],
    ["a number that JSON does not have", [Number.NaN], "[null]"],
    ["a function inside", { a: 1, b: () => 1 }, "{\"a\":1}"],
    ["an object of a class", new Money(), "{\"cents\":250}"],
    ["nothing", undefined, "null"]
  ])("with %s is what JSON.stringify writes", ([, value, expected]) =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(giving(value))
      assert.strictEqual(outcomes[0]?.encoded, expected)
      assert.deepStrictEqual(outcomes[0]?.json, JSON.parse(expected))
      assert.deepStrictEqual(outcomes[0]?.result, Result.succeed(value))
    }))

  it.effect("is so for a function that gives a promise, too", () =>
    Effect.gen(function*() {
      const tool = Tool.fromFunction("give", {
        description: "Gives a thing.",
        parameters: Schema.Struct({}),
        success: Schema.Unknown,
        execute: async () => ({ at: new Date(0), b: undefined })
      })
      assert.strictEqual((yield* run(tool)).outcomes[0]?.encoded, "{\"at\":\"1970-01-01T00:00:00.000Z\"}")
    }))

  it.effect.each<[string, unknown]>([
    ["a cycle", circle],
    ["a BigInt", { n: 10n }],
    ["a function", () => 1],
    ["a stream", { body: new ReadableStream() }],
    ["a stream of Node", Readable.from([])],
    ["a stream of Effect", Stream.make(1)],
    ["a promise", [Promise.resolve(1)]],
    ["a map", new Map([[1, 2]])]
  ])("of which nothing could be written is lost as before: %s", ([, value]) =>
    Effect.gen(function*() {
      const logger = recordingLogger()
      const settled = yield* Effect.provide(run(giving(value)), logger.layer)
      assert.deepStrictEqual(ends(settled), ["Unencodable"])
    }))
})
