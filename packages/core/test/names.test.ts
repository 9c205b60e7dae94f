import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Arbitrary, Effect, Schema } from "effect"

const piece = Arbitrary.schema(Schema.Literals(["get", "a", "b", ".", " ", "/", "-", "_", "7", "é", "東京", "🎾", "A"]))

/** Names with dots, spaces and letters of every kind, long ones, and ones that differ in a single sign. */
const name = Arbitrary.schema(Schema.Struct({ long: Schema.Literals([1, 1, 1, 40]), tail: Schema.Int })).pipe(
  Arbitrary.flatMap(({ long, tail }) =>
    Arbitrary.array(piece).pipe(
      Arbitrary.map((pieces) => `${pieces.join("").repeat(long).slice(0, 200)}${tail % 3 === 0 ? "" : Math.abs(tail)}`)
    )
  )
)

const toolkitOf = (names: Iterable<string>) =>
  Toolkit.make(
    ...Array.from(names, (name) =>
      Tool.make(name, {
        description: "Says its name.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        execute: () => Effect.succeed(name)
      }))
  )

/** 128 different names, those that were drawn first. */
const distinct = (drawn: ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = new Set(drawn.filter((name) => name !== ""))
  for (let n = 0; names.size < 128; n++) names.add(`${drawn[n % Math.max(1, drawn.length)] ?? ""}.${n}`)
  return Array.from(names).slice(0, 128)
}

describe("the wire names of a toolkit of 128 random names", () => {
  it.effect.prop("are all different, accepted by every provider, and mapped back", {
    drawn: Arbitrary.array(name)
  }, ({ drawn }) =>
    Effect.gen(function*() {
      const names = distinct(drawn)
      const toolkit = toolkitOf(names)
      const wireNames = names.map((name) => toolkit.wireNames.get(name)!)
      assert.strictEqual(new Set(wireNames).size, 128)
      for (const wireName of wireNames) assert.match(wireName, /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/)
      for (const asked of [names, wireNames]) {
        const calls = asked.map((name, index) => ToolCall.make({ id: `call_${index}`, name, index }))
        const { outcomes } = yield* Batch.run(toolkit, calls, { maxCalls: 128 })
        assert.deepStrictEqual(outcomes.map((outcome) => outcome.name), [...names])
      }
    }), { arbitrary: { runs: 200, size: 60 } })

  it("stay as they are where they are accepted already", () => {
    const toolkit = toolkitOf(["get_weather", "get.weather", "get weather"])
    assert.strictEqual(toolkit.wireNames.get("get_weather"), "get_weather")
    assert.strictEqual(new Set(toolkit.wireNames.values()).size, 3)
  })
})
