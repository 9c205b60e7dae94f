import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Schema } from "effect"
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
const tools = Toolkit.make(search, add)
const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools)))

const run = (steps: unknown, options?: Batch.Options) =>
  Effect.gen(function*() {
    const call = ToolCall.make({ id: "p", name: "plan", arguments: { steps } })
    const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call], options), { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const { outcomes } = yield* Fiber.join(fiber)
    const [outcome] = outcomes
    return { shown: JSON.parse(outcome!.encoded), millis: outcome!.endedAt - outcome!.startedAt }
  })

describe("Plan", () => {
  it.effect("runs steps as soon as what they need is there, and answers in plan order", () =>
    Effect.gen(function*() {
      const { millis, shown } = yield* run([
        { id: "a", tool: "search", arguments: { query: "fibers" } },
        { id: "b", tool: "search", arguments: { query: "io" } },
        { id: "sum", tool: "add", arguments: { a: { $ref: "a/hits/0" }, b: { $ref: "b/hits/0" } } },
        { id: "more", tool: "add", arguments: { a: { $ref: "sum" }, b: 1 } }
      ])
      assert.deepStrictEqual(shown, {
        steps: [{ id: "a", ok: { hits: [6, 1] } }, { id: "b", ok: { hits: [2, 1] } }, { id: "sum", ok: 8 }, {
          id: "more",
          ok: 9
        }]
      })
      assert.strictEqual(millis, 200)
    }))
  it.effect("checks all of it before anything runs, and names the step and the mend", () =>
    Effect.gen(function*() {
      const { shown } = yield* run([
        { id: "a", tool: "find", arguments: {} },
        { id: "b", tool: "add", arguments: { a: { $ref: "c" }, b: "x" } },
        { id: "b", tool: "add", arguments: { a: { $ref: "z/1" } } },
        { id: "c", tool: "search", arguments: { query: "q" } }
      ])
      assert.deepStrictEqual(shown.error.data.issues, [
        { path: "steps.0.tool", message: "step \"a\": there is no tool \"find\"; there are search, add" },
        {
          path: "steps.1.arguments.a",
          message: "step \"b\": \"$ref\" names \"c\", which comes later or is the step itself; put it before"
        },
        { path: "steps.1.arguments.b", message: "step \"b\": Expected number" },
        { path: "steps.2.id", message: "step \"b\": another step has this id; give each its own" },
        {
          path: "steps.2.arguments.a",
          message: "step \"b\": \"$ref\" names \"z\", which does not exist; earlier steps: a, b"
        },
        { path: "steps.2.arguments.b", message: "step \"b\": Missing key" }
      ])
    }))
  it.effect("gives what only a run can show to the step that it concerns", () =>
    Effect.gen(function*() {
      const { shown } = yield* run([
        { id: "a", tool: "search", arguments: { query: "lost" } },
        { id: "b", tool: "add", arguments: { a: { $ref: "a/hits/0" }, b: 1 } },
        { id: "c", tool: "search", arguments: { query: "q" } },
        { id: "d", tool: "add", arguments: { a: { $ref: "c/hits/9" }, b: 1 } },
        { id: "e", tool: "add", arguments: { a: { $ref: "c/hits" }, b: 1 } }
      ])
      assert.deepStrictEqual(
        shown.steps.map((step: { readonly ok?: unknown; readonly error?: { readonly message: string } }) =>
          step.ok ?? step.error?.message
        ),
        [
          "The tool failed with Lost.",
          "It needs the result of p/a, which failed with Lost; it did not run.",
          { hits: [1, 1] },
          "The arguments do not fit the tool's parameters; it did not run. arguments: the result of step \"c\" has nothing " +
          "at \"/hits/9\".",
          "The arguments do not fit the tool's parameters; it did not run. a: Expected number."
        ]
      )
    }))
})
