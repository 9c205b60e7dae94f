import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"

class Lost extends Schema.TaggedError<Lost>()("Lost", {}) {}
const description = "For tests."
const search = Tool.make("search", {
  description,
  parameters: Schema.Struct({ query: Schema.String }),
  success: Schema.Struct({ hits: Schema.Array(Schema.Finite) }),
  failure: Lost,
  readOnly: true,
  execute: ({ query }) =>
    query === "lost"
      ? Effect.delay(Effect.fail(new Lost()), 10)
      : Effect.delay(Effect.succeed({ hits: [query.length, 1] }), 100)
})
const add = Tool.make("add", {
  description,
  parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
  success: Schema.Finite,
  readOnly: true,
  execute: ({ a, b }) => Effect.delay(Effect.succeed(a + b), 50)
})
const say = Tool.make("say", {
  description,
  parameters: Schema.Struct({ what: Schema.Json }),
  success: Schema.Json,
  execute: ({ what }) => Effect.succeed(what)
})
const either = Tool.make("either", {
  description,
  parameters: Schema.Struct({
    one: Schema.Union([Schema.Struct({ a: Schema.Finite }), Schema.Struct({ b: Schema.String })])
  }),
  success: Schema.Json,
  execute: ({ one }) => Effect.succeed(one)
})
const checked = Tool.fromJsonSchema("checked", {
  description,
  parameters: { type: "object" },
  validate: (args) =>
    typeof args === "object" && args !== null && "n" in args && typeof args.n === "number" ? undefined : "no number n",
  execute: (args) => Effect.succeed(args)
})
const spelled = Tool.make("näh", {
  description,
  parameters: Schema.Struct({}),
  success: Schema.String,
  execute: () => Effect.succeed("hm")
})
const tools = Toolkit.make(search, add, say, either, checked, spelled)
const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools, { maxSteps: 8 })))

const run = (plan: unknown, options?: Batch.Options) =>
  Effect.gen(function*() {
    const call = ToolCall.make({ id: "p", name: "plan", arguments: plan })
    const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call], options), { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const { outcomes: [outcome] } = yield* Fiber.join(fiber)
    return { outcome: outcome!, shown: JSON.parse(outcome!.encoded), millis: outcome!.endedAt - outcome!.startedAt }
  })

interface StepShown {
  readonly id: string
  readonly ok?: unknown
  readonly error?: { readonly type: string; readonly message: string }
}

/** What each step came to: its result, or its message. */
const endsOf = ({ shown }: { readonly shown: { readonly steps: ReadonlyArray<StepShown> } }) =>
  shown.steps.map(({ error, ok }) => error === undefined ? ok : error.message)

const step = (id: string, tool: string, args: unknown) => ({ id, tool, arguments: args })
const ref = (to: string) => ({ $ref: to })
const two = { a: 1, b: 2 }
const unfit = "The arguments do not fit the tool's parameters; it did not run."

describe("Plan", () => {
  it.effect("runs steps as soon as what they need is there, and answers in plan order", () =>
    Effect.gen(function*() {
      const { millis, shown } = yield* run({
        steps: [
          step("a", "search", { query: "fibers" }),
          step("quick", "say", { what: 1 }),
          step("b", "search", { query: "io" }),
          step("sum", "add", { a: ref("a/hits/0"), b: ref("b/hits/0") }),
          step("more", "add", { a: ref("sum"), b: 1 })
        ]
      })
      assert.deepStrictEqual(shown, {
        steps: [{ id: "a", ok: { hits: [6, 1] } }, { id: "quick", ok: 1 }, { id: "b", ok: { hits: [2, 1] } }, {
          id: "sum",
          ok: 8
        }, { id: "more", ok: 9 }]
      })
      assert.strictEqual(millis, 200)
    }))
  it.effect("gives what only a run can show to the step that it concerns", () =>
    Effect.gen(function*() {
      const played = yield* run({
        steps: [
          step("a", "search", { query: "lost" }),
          step("b", "add", { a: ref("a/hits/0"), b: 1 }),
          step("c", "search", { query: "q" }),
          step("d", "add", { a: ref("c/hits/9"), b: 1 }),
          step("e", "add", { a: ref("c/hits"), b: 1 }),
          step("f", "add", { a: ref("b"), b: ref("d") }),
          step("g", "add", { a: ref("d"), b: 1 })
        ]
      })
      assert.deepStrictEqual(endsOf(played), [
        "The tool failed with Lost.",
        "It needs the result of a, which failed with Lost; it did not run.",
        { hits: [1, 1] },
        `${unfit} arguments: the result of step "c" has nothing at "/hits/9".`,
        `${unfit} a: Expected number.`,
        "It needs the result of a, which failed with Lost; it did not run.",
        "It needs the result of d, which failed with InvalidArguments; it did not run."
      ])
      assert.isTrue(Result.isSuccess(played.outcome.result))
    }))
  it("tells the model which tools there are, by the names that its wire knows", () => {
    const { description, name } = Plan.tool(tools, { name: "many" })
    assert.strictEqual(name, "many")
    assert.include(description, "Tools: search, add, say, either, checked, n_h.")
  })
})

describe("the check of a plan", () => {
  const there = "there are search, add, say, either, checked, n_h"
  const noTool = (id: string, tool: string) => `step "${id}": there is no tool "${tool}"; ${there}`
  const plans: ReadonlyArray<readonly [string, unknown, ReadonlyArray<readonly [string, string]>]> = [
    ["an unknown tool", [step("a", "find", {})], [["steps.0.tool", noTool("a", "find")]]],
    ["a plan in a plan", [step("a", "plan", { steps: [] })], [["steps.0.tool", noTool("a", "plan")]]],
    ["a property of objects as a tool", [step("a", "toString", {})], [["steps.0.tool", noTool("a", "toString")]]],
    ["an unknown step", [step("a", "add", two), step("b", "add", { a: ref("z/1"), b: 1 })], [
      ["steps.1.arguments.a", "step \"b\": \"$ref\" names \"z\", which does not exist; earlier steps: a"]
    ]],
    ["an unknown step where there is none before", [step("a", "add", { a: ref("z"), b: 1 })], [
      ["steps.0.arguments.a", "step \"a\": \"$ref\" names \"z\", which does not exist; earlier steps: none"]
    ]],
    ["a later step", [step("a", "add", { a: ref("b"), b: 1 }), step("b", "add", two)], [
      [
        "steps.0.arguments.a",
        "step \"a\": \"$ref\" names \"b\", which comes later or is the step itself; put it before"
      ]
    ]],
    ["the step itself, deep inside", [step("a", "say", { what: [1, { x: [ref("a/b")] }] })], [
      [
        "steps.0.arguments.what.1.x.0",
        "step \"a\": \"$ref\" names \"a\", which comes later or is the step itself; put it before"
      ]
    ]],
    ["an id twice", [step("a", "add", two), step("a", "add", two)], [
      ["steps.1.id", "step \"a\": another step has this id; give each its own"]
    ]],
    ["an id twice, of an unknown tool", [step("a", "add", two), step("a", "find", two)], [
      ["steps.1.id", "step \"a\": another step has this id; give each its own"],
      ["steps.1.tool", noTool("a", "find")]
    ]],
    ["too many steps", Array.from({ length: 9 }, (_, n) => step(`s${n}`, "add", two)), [
      ["steps", "9 steps are too many: at most 8"]
    ]],
    ["an argument of the wrong type", [step("a", "add", { a: "x", b: 1 })], [
      ["steps.0.arguments.a", "step \"a\": Expected number"]
    ]],
    ["a missing argument", [step("a", "add", { a: 1 })], [["steps.0.arguments.b", "step \"a\": Missing key"]]],
    ["a wrong argument beside a reference", [step("a", "add", two), step("b", "add", { a: ref("a"), b: "x" })], [
      ["steps.1.arguments.b", "step \"b\": Expected number"]
    ]],
    ["what looks like a reference and is none", [step("a", "add", { a: { $ref: "a", of: 1 }, b: { $ref: 1 } })], [
      ["steps.0.arguments.a", "step \"a\": Expected number"],
      ["steps.0.arguments.b", "step \"a\": Expected number"]
    ]],
    ["several of them", [
      step("a", "find", {}),
      step("b", "add", { a: ref("c"), b: "x" }),
      step("b", "add", { a: ref("z/1") }),
      step("c", "search", { query: "q" })
    ], [
      ["steps.0.tool", noTool("a", "find")],
      [
        "steps.1.arguments.a",
        "step \"b\": \"$ref\" names \"c\", which comes later or is the step itself; put it before"
      ],
      ["steps.1.arguments.b", "step \"b\": Expected number"],
      ["steps.2.id", "step \"b\": another step has this id; give each its own"],
      ["steps.2.arguments.a", "step \"b\": \"$ref\" names \"z\", which does not exist; earlier steps: a, b"],
      ["steps.2.arguments.b", "step \"b\": Missing key"]
    ]],
    ["steps that are no array", { a: 1 }, [["steps", "Expected array"]]],
    ["a step without a tool and arguments", [{ id: "a" }], [
      ["steps.0.tool", "Missing key"],
      ["steps.0.arguments", "Missing key"]
    ]],
    ["an id that is no text, arguments that are no object", [step("a", "add", []), { ...step("", "add", {}), id: 1 }], [
      ["steps.0.arguments", "Expected object"],
      ["steps.1.id", "Expected string"]
    ]]
  ]

  it.effect.each(plans)("refuses %s", ([, steps, issues]) =>
    Effect.gen(function*() {
      const { outcome, shown } = yield* run({ steps })
      assert.strictEqual(outcome.attempts, 0)
      assert.strictEqual(shown.error.type, "InvalidArguments")
      assert.isTrue(shown.error.safeToRepeat)
      assert.deepStrictEqual(
        shown.error.data.issues,
        issues.map(([path, message]) => ({ path, message }))
      )
    }))

  it.effect.each(
    [
      ["steps are missing", {}, "steps: Missing key"],
      ["the arguments are an array", [], "Expected object"],
      ["the JSON is cut off", "{\"steps\":[", "Not valid JSON: Unexpected end of JSON input"]
    ] as const
  )(
    "refuses when %s",
    ([, plan, message]) =>
      Effect.map(run(plan), ({ shown }) => assert.strictEqual(shown.error.message, `${unfit} ${message}.`))
  )

  it.effect("takes a plan of no steps, and one that is JSON text", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* run({ steps: [] })).shown, { steps: [] })
      assert.deepStrictEqual(endsOf(yield* run(JSON.stringify({ steps: [step("a", "add", two)] }))), [3])
    }))

  it.effect("calls tools by either name", () =>
    Effect.map(
      run({ steps: [step("a", "näh", {}), step("b", "n_h", {})] }),
      (played) => assert.deepStrictEqual(endsOf(played), ["hm", "hm"])
    ))

  const fine: ReadonlyArray<readonly [string, unknown, unknown]> = [
    ["in one of several forms of an argument", step("b", "either", { one: { a: ref("a") } }), { a: 3 }],
    ["where a tool checks its arguments itself", step("b", "checked", { n: ref("a") }), { n: 3 }],
    ["in place of all arguments", step("b", "add", ref("whole")), 3]
  ]
  it.effect.each(fine)("has nothing against a reference %s", ([, last, value]) =>
    Effect.map(
      run({ steps: [step("a", "add", two), step("whole", "say", { what: two }), last] }),
      (played) => assert.deepStrictEqual(endsOf(played), [3, two, value])
    ))
})
