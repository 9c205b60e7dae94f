/**
 * Random formulas over the items of a list, as pipelines and as tools, held to what they come to when they are computed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Pipeline, Tool, ToolCall, Toolkit } from "@volley/core"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { ends, run } from "./orders.ts"

const common = { description: "For tests.", success: Schema.Int, failure: Schema.String }

/** A sum under 1,000, or no answer where that can be divided by 13; it takes as many milliseconds. */
const added = (terms: ReadonlyArray<number>): Result.Result<number, string> => {
  const sum = terms.reduce((a, b) => a + b, 0) % 1000
  return sum % 13 === 0 ? Result.fail("unlucky") : Result.succeed(sum)
}
const add = Tool.make("add", {
  ...common,
  parameters: Schema.Struct({ terms: Schema.Array(Schema.Int) }),
  execute: ({ terms }) => Effect.delay(Effect.fromResult(added(terms)), terms.reduce((a, b) => a + b, 0) % 1000)
})
const list = Tool.make("list", {
  ...common,
  parameters: Schema.Struct({ of: Schema.Array(Schema.Int) }),
  success: Schema.Array(Schema.Int),
  execute: ({ of }) => Effect.succeed(of)
})

const Amount = Schema.Literals([1, 2, 3, 5, 8, 12])
/** One sum after the other, of any that were there before it; `over` goes over both terms once more. */
const Formula = Schema.Array(Schema.Struct({ left: Amount, right: Amount, over: Schema.Boolean }))
type Formula = typeof Formula.Type
const cases = Arbitrary.schema(
  Schema.Struct({ items: Schema.Array(Amount), formula: Formula, concurrency: Schema.Literals([1, 2, 3]) })
)

interface Sums<N, S extends N> {
  readonly add: (a: N, b: N) => S
  readonly over: (a: N, b: N, each: (item: N) => S) => N
}

const applied = <N, S extends N>(formula: Formula, given: readonly [N, N], { add, over }: Sums<N, S>): S => {
  const values: [N, ...Array<N>] = [...given]
  for (const { left, over: isOver, right } of formula) {
    const [a, b] = [values[left % values.length]!, values[right % values.length]!]
    values.push(isOver ? over(a, b, (item) => add(item, a)) : add(a, b))
  }
  return add(values.at(-1)!, given[0])
}

type Late = () => Result.Result<number, string>

const once = (late: Late): Late => {
  let known: ReturnType<Late> | undefined
  return () => known ??= late()
}

const computed: Sums<Late, Late> = {
  add: (a, b) => once(() => Result.flatMap(Result.all([a(), b()]), added)),
  over: (a, b, each) => once(() => Result.flatMap(Result.all([each(a)(), each(b)()]), added))
}

type Numbers = Pipeline.Ref<number, never>

const declared = (call: Pipeline.Call): Sums<Numbers, Pipeline.Step<typeof add>> => ({
  add: (a, b) => call(add, { terms: [a, b] }),
  over: (a, b, each) => call(add, { terms: Pipeline.each(call(list, { of: [a, b] }), each) })
})

const build = (call: Pipeline.Call, items: ReadonlyArray<number>, formula: Formula) => {
  const base = call(add, { terms: [1] })
  return Pipeline.each(call(list, { of: items }), (item) => applied(formula, [item, base], declared(call)))
}

describe("a formula for every item", () => {
  it.effect.prop(
    "comes to what it comes to by hand, as a pipeline and as a tool",
    { drawn: cases },
    ({ drawn }) =>
      Effect.gen(function*() {
        const { concurrency, formula, items } = drawn
        const one: Late = () => Result.succeed(1)
        const expected = items.map((item) => applied(formula, [() => Result.succeed(item), one], computed)())
        const all = Result.all(expected).pipe(Result.mapError(() => "DependencyFailed"), Result.merge)
        const pipeline = Pipeline.make((call) => ({ all: build(call, items, formula) }))
        const settled = yield* run(Pipeline.run(pipeline, { concurrency }))
        assert.deepStrictEqual(ends(settled.outcomes).at(-1), all)
        const tool = Pipeline.tool("all", {
          description: "For tests.",
          parameters: Schema.Struct({ items: Schema.Array(Schema.Int) }),
          success: Schema.Array(Schema.Int),
          build: (call, { items }) => build(call, items, formula)
        })
        const asked = ToolCall.make({ id: "c", name: "all", arguments: { items } })
        const batch = Batch.run(Toolkit.make(tool), [asked], { concurrency, maxCalls: "unbounded" })
        assert.deepStrictEqual(ends((yield* run(batch)).outcomes), [all])
      }),
    { arbitrary: { runs: 200 } }
  )
})
