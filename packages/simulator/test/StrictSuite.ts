/**
 * What every provider's strict mode has to do to schemas, checked by the simulator's wire.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"

interface Tree {
  readonly value: number
  readonly left?: Tree
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  value: Schema.Finite,
  left: Schema.optionalKey(Schema.suspend((): Schema.Codec<Tree> => Tree))
}).annotate({ identifier: "Tree" })

class Place extends Schema.Class<Place>("Place")({ city: Schema.String }) {}

/** One schema: arguments as a model writes them in lax and in strict mode, and the value that the handler gets for both. */
interface Case {
  readonly parameters: Schema.Codec<unknown, unknown>
  readonly lax: object
  readonly strict: object
  readonly value: unknown
}

const cases: Record<string, Case> = {
  nothing: { parameters: Schema.Struct({}), lax: {}, strict: {}, value: {} },
  "an optional field, absent": {
    parameters: Schema.Struct({ city: Schema.String, units: Schema.optionalKey(Schema.Literals(["c", "f"])) }),
    lax: { city: "Rome" },
    strict: { city: "Rome", units: null },
    value: { city: "Rome" }
  },
  "an optional field, present": {
    parameters: Schema.Struct({ city: Schema.String, units: Schema.optionalKey(Schema.Literals(["c", "f"])) }),
    lax: { city: "Rome", units: "f" },
    strict: { city: "Rome", units: "f" },
    value: { city: "Rome", units: "f" }
  },
  "an enum": {
    parameters: Schema.Struct({ size: Schema.Literals(["small", "large"]) }),
    lax: { size: "small" },
    strict: { size: "small" },
    value: { size: "small" }
  },
  "a union": {
    parameters: Schema.Struct({ id: Schema.Union([Schema.String, Schema.Int]) }),
    lax: { id: 7 },
    strict: { id: 7 },
    value: { id: 7 }
  },
  "a record": {
    parameters: Schema.Struct({ tags: Schema.Record(Schema.String, Schema.Finite) }),
    lax: { tags: { a: 1 } },
    strict: { tags: [{ 0: "a", 1: 1 }] },
    value: { tags: { a: 1 } }
  },
  "a recursion": {
    parameters: Schema.Struct({ tree: Tree }),
    lax: { tree: { value: 1, left: { value: 2 } } },
    strict: { tree: { value: 1, left: { value: 2, left: null } } },
    value: { tree: { value: 1, left: { value: 2 } } }
  },
  "a date": {
    parameters: Schema.Struct({ day: Schema.Date }),
    lax: { day: "2026-11-20T00:00:00.000Z" },
    strict: { day: "2026-11-20T00:00:00.000Z" },
    value: { day: new Date("2026-11-20T00:00:00.000Z") }
  },
  "a class": { parameters: Place, lax: { city: "Rome" }, strict: { city: "Rome" }, value: new Place({ city: "Rome" }) },
  "a checked number": {
    parameters: Schema.Struct({ days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })) }),
    lax: { days: 3 },
    strict: { days: 3 },
    value: { days: 3 }
  },
  "any JSON": {
    parameters: Schema.Struct({ extra: Schema.Json }),
    lax: { extra: [1, null] },
    strict: { extra: [1, null] },
    value: { extra: [1, null] }
  },
  "a record at the root": {
    parameters: Schema.Record(Schema.String, Schema.Finite),
    lax: { a: 1 },
    strict: { a: 1 },
    value: { a: 1 }
  }
}

/** A provider's strict mode; `accepts` says what its wire has against a request with these tools, `lax` what it cannot take. */
export interface Provider {
  readonly strict: <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>) => Toolkit.Toolkit<T>
  readonly refusal: (toolkit: Toolkit.Any) => string | undefined
  readonly lax: ReadonlyArray<string>
}

const received = (parameters: Schema.Codec<unknown, unknown>) => {
  const values: Array<unknown> = []
  const toolkit = Toolkit.make(
    Tool.make("take", {
      description: "Takes it.",
      parameters,
      success: Schema.Void,
      execute: (value) => Effect.sync(() => void values.push(value))
    })
  )
  return { toolkit, values }
}

const run = (
  toolkit: Toolkit.Toolkit<Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>>,
  args: object
) => Batch.run(toolkit, [ToolCall.make({ id: "call_1", name: "take", arguments: args })])

/** Runs the suite for a provider. */
export const suite = (name: string, provider: Provider) =>
  describe(`${name}: schemas`, () => {
    for (const [what, { lax, parameters, strict, value }] of Object.entries(cases)) {
      it.effect(`${what} is sent and read in lax mode`, () =>
        Effect.gen(function*() {
          const { toolkit, values } = received(parameters)
          assert.isUndefined(provider.refusal(toolkit))
          const settled = yield* run(toolkit, lax)
          assert.isTrue(settled.outcomes.every(({ result }) => Result.isSuccess(result)), settled.outcomes[0]?.encoded)
          assert.deepStrictEqual(values, [value])
        }))

      it.effect(`${what} is sent and read in strict mode${provider.lax.includes(what) ? ", which it is left out of" : ""}`, () =>
        Effect.gen(function*() {
          const { toolkit, values } = received(parameters)
          const kit = provider.strict(toolkit)
          const isLax = provider.lax.includes(what)
          assert.deepStrictEqual(kit.tools.map((tool) => tool.strict), [!isLax])
          assert.deepStrictEqual(kit.lax.map(({ tool }) => tool), isLax ? ["take"] : [])
          assert.isUndefined(provider.refusal(kit))
          const settled = yield* run(kit, isLax ? lax : strict)
          assert.isTrue(settled.outcomes.every(({ result }) => Result.isSuccess(result)), settled.outcomes[0]?.encoded)
          assert.deepStrictEqual(values, [value])
        }))
    }
  })
