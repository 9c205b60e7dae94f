/**
 * Where in arguments references may stand, and keys that parameters do not have.
 */
// @effect-diagnostics missingEffectContext:off -- what must not compile is here on purpose
import { assert, describe, it } from "@effect/vitest"
import { Pipeline, Tool } from "@volley/core"
import { Duration, Effect, HashMap, Option, Redacted, Schema } from "effect"
import { expectTypeOf } from "vitest"

const description = "For tests."
class Box<A> {
  readonly value: A
  constructor(value: A) {
    this.value = value
  }
}
class Money extends Schema.Class<Money>("Money")({ cents: Schema.Int }) {
  get euros(): number {
    return this.cents / 100
  }
  plus(cents: number): Money {
    return new Money({ cents: this.cents + cents })
  }
}
const name = Tool.make("name", {
  description,
  parameters: Schema.Struct({}),
  success: Schema.String,
  execute: () => Effect.succeed("Ada")
})
const take = Tool.make("take", {
  description,
  parameters: Schema.Struct({
    text: Schema.optionalKey(Schema.String),
    maybe: Schema.optionalKey(Schema.Option(Schema.String)),
    table: Schema.optionalKey(Schema.ReadonlyMap(Schema.String, Schema.String)),
    set: Schema.optionalKey(Schema.ReadonlySet(Schema.String)),
    hashed: Schema.optionalKey(Schema.HashMap(Schema.String, Schema.String)),
    secret: Schema.optionalKey(Schema.Redacted(Schema.String)),
    price: Schema.optionalKey(Money),
    wait: Schema.optionalKey(Schema.Duration),
    lines: Schema.optionalKey(
      Schema.Array(Schema.Struct({ sku: Schema.String, box: Schema.optionalKey(Schema.Struct({ size: Schema.Int })) }))
    ),
    either: Schema.optionalKey(
      Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.Array(Schema.String) })])
    ),
    pair: Schema.optionalKey(Schema.Tuple([Schema.String, Schema.Struct({ n: Schema.Int })])),
    named: Schema.optionalKey(Schema.Record(Schema.String, Schema.Struct({ n: Schema.Int }))),
    json: Schema.optionalKey(Schema.Json),
    odd: Schema.optionalKey(Schema.Unknown)
  }),
  success: Schema.Json,
  execute: (parameters) => Effect.succeed(Object.keys(parameters))
})

/** A type that contains itself. */
interface Tree {
  readonly children: ReadonlyArray<Tree>
}

describe("arguments", () => {
  it("let references in wherever plain objects and arrays lead to", () => {
    Pipeline.make((call) => {
      const text = call(name, {})
      const n = text.pipe(Pipeline.map((all) => all.length))
      return {
        one: call(take, { lines: [{ sku: text, box: { size: n } }, { sku: "x" }] }),
        two: call(take, { either: { a: text }, pair: [text, { n }], named: { x: { n }, y: { n: 1 } } }),
        three: call(take, {
          either: { b: [text, "x"] },
          pair: text.pipe(Pipeline.map((all) => [all, { n: 1 }] as const))
        }),
        four: call(take, { json: { deep: [text, { n, x: null }] }, odd: [{ text }] }),
        whole: call(take, text.pipe(Pipeline.map((all) => ({ text: all }))))
      }
    })
  })

  it("take what is more than data as it is, or as one reference", () => {
    const given = {
      maybe: Option.some("x"),
      table: new Map([["a", "x"]]),
      set: new Set(["x"]),
      hashed: HashMap.make(["a", "x"]),
      secret: Redacted.make("x"),
      price: new Money({ cents: 1 }),
      wait: Duration.seconds(1)
    }
    Pipeline.make((call) => {
      const text = call(name, {})
      return {
        given: call(take, given),
        made: call(take, {
          maybe: text.pipe(Pipeline.map(Option.some)),
          table: text.pipe(Pipeline.map((all) => new Map([["a", all]]))),
          secret: text.pipe(Pipeline.map((all) => Redacted.make(all))),
          price: text.pipe(Pipeline.map((all) => new Money({ cents: all.length })))
        })
      }
    })
  })

  it("keep references out of what is more than data", () => {
    const calls: ReadonlyArray<(call: Pipeline.Call, text: Pipeline.Ref<string, never>) => unknown> = [
      // @ts-expect-error -- a reference inside an Option
      (call, text) => call(take, { maybe: Option.some(text) }),
      // @ts-expect-error -- inside a Map
      (call, text) => call(take, { table: new Map([["a", text]]) }),
      // @ts-expect-error -- inside a Set
      (call, text) => call(take, { set: new Set([text]) }),
      // @ts-expect-error -- inside a HashMap
      (call, text) => call(take, { hashed: HashMap.make(["a", text]) }),
      // @ts-expect-error -- inside what is redacted
      (call, text) => call(take, { secret: Redacted.make(text) }),
      // @ts-expect-error -- inside an Option that is to be JSON
      (call, text) => call(take, { json: Option.some(text) }),
      // @ts-expect-error -- inside a Map that is to be JSON
      (call, text) => call(take, { json: { deep: new Map([["a", text]]) } })
    ]
    for (const one of calls) {
      assert.throws(() => Pipeline.make((call) => (one(call, call(name, {})), {})), "has a reference at")
    }
    Pipeline.make((call) => {
      const cents = call(name, {}).pipe(Pipeline.map((all) => all.length))
      // @ts-expect-error -- in place of the fields of a class
      return { one: call(take, { price: { cents } }) }
    })
  })

  it("have no keys that the parameters do not have, however deep", () => {
    Pipeline.make((call) => {
      const text = call(name, {})
      const n = text.pipe(Pipeline.map((all) => all.length))
      // @ts-expect-error -- at the top
      call(take, { color: "red" })
      // @ts-expect-error -- of a list's item
      call(take, { lines: [{ sku: text, color: "red" }] })
      // @ts-expect-error -- of an item's part
      call(take, { lines: [{ sku: "x" }, { sku: "x", box: { size: n, color: text } }] })
      // @ts-expect-error -- of no form of several
      call(take, { either: { a: text, c: 1 } })
      // @ts-expect-error -- in a tuple
      call(take, { pair: ["x", { n, color: "red" }] })
      // @ts-expect-error -- under a key that may be any
      call(take, { named: { x: { n, color: "red" } } })
      const spread = { sku: "x", color: "red" }
      // @ts-expect-error -- also where nothing is written out
      call(take, { lines: [spread] })
      return {}
    })
  })

  it("of any form may be given as values of wide types", () => {
    const json: Schema.Json = { a: [1] }
    const odd: unknown = new Box("x")
    const tree: Tree = { children: [] }
    const pipeline = Pipeline.make((call) => ({
      one: call(take, { json }),
      two: call(take, { odd }),
      three: call(take, { odd: tree })
    }))
    expectTypeOf(pipeline.steps.one["~requirements"]).toEqualTypeOf<never>()
    expectTypeOf(pipeline.steps.two["~requirements"]).toEqualTypeOf<never>()
    expectTypeOf(pipeline.steps.three["~requirements"]).toEqualTypeOf<never>()
  })

  const table = (value: unknown) => new Map([["a", { deep: value }]])
  const hidden: ReadonlyArray<readonly [string, (value: unknown) => unknown, string]> = [
    ["an Option", (value) => Option.some(value), "odd.value"],
    ["a class", (value) => [{ x: new Box({ deep: [value] }) }], "odd.0.x.value.deep.0"],
    ["a Map", table, "odd.a.deep"],
    ["the keys of a Map", (value) => new Map([[value, 1]]), "odd.key"],
    ["a Set", (value) => ({ of: new Set([1, value]) }), "odd.of.1"],
    ["a HashMap", (value) => HashMap.make(["a", value]), "odd."],
    ["what is redacted", (value) => Redacted.make(value), "odd.value"],
    ["an error", (value) => new Error("x", { cause: value }), "odd.cause"],
    ["a loop of objects", (value) => {
      const loop = { self: new Box<unknown>(undefined) }
      return [loop, new Box([loop, new Box(loop), value])]
    }, "odd.1.value.2"],
    ["a place behind one where it may be", (value) => {
      const part = { value }
      return [part, new Box(part)]
    }, "odd.1.value.value"]
  ]
  it.each(hidden)("cannot hide a reference in %s", (_, hide, path) => {
    const build = (hides: boolean) =>
      Pipeline.make((call) => ({ one: call(take, { odd: hide(hides ? call(name, {}) : 1) }) }))
    assert.throws(
      () => build(true),
      `Pipeline: the call of "take" has a reference at "${path}`
    )
    assert.strictEqual(build(false).graph.nodes.length, 1)
  })

  it("are walked without running anything of theirs", () => {
    class Eager {
      readonly text = "x"
      get value(): string {
        throw new Error("ran")
      }
    }
    const pipeline = Pipeline.make((call) => ({ one: call(take, { odd: [new Eager(), new Uint8Array(1_000_000)] }) }))
    assert.lengthOf(pipeline.graph.nodes, 1)
  })
})

describe("a reference", () => {
  const message = "A reference is not a value yet: use Pipeline.map"
  const uses: ReadonlyArray<readonly [string, (ref: Pipeline.Ref<string, never>) => unknown]> = [
    ["in a template", (ref) => `Hello ${ref}`],
    ["beside a text", (ref) => "Hello " + ref],
    ["by String", (ref) => String(ref)],
    ["by its own toString", (ref) => ref.toString()],
    ["by join", (ref) => [ref].join()],
    ["by Number", (ref) => Number(ref)],
    ["in a comparison", (ref) => Number(ref) > 1],
    ["by JSON.stringify", (ref) => JSON.stringify({ deep: [ref] })]
  ]
  it.each(uses)("cannot be used as a value %s", (_, use) => {
    assert.throws(() => Pipeline.make((call) => ({ one: call(take, { odd: use(call(name, {})) }) })), message)
  })

  it("of one pipeline cannot be used in another", () => {
    const { steps } = Pipeline.make((call) => ({ text: call(name, {}) }))
    const other = "Pipeline: a reference of one pipeline cannot be used in another."
    assert.throws(() => Pipeline.make((call) => ({ one: call(take, { text: steps.text }) })), other)
    assert.throws(() => Pipeline.make(() => steps), other)
  })
})
