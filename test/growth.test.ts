import { assert, describe, it } from "@effect/vitest"
import { Batch, ChatModel, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Context, Effect, Schema } from "effect"
import { oneLine } from "../packages/cli/src/UserError.ts"
import * as Output from "../packages/core/src/internal/agent/output.ts"
import { nextId } from "../packages/simulator/src/internal/manner.ts"

/** What slows down code that goes back and forth in a text. */
const fills = [" ", "\n", "\r\n", " \n", "`", "```\n", "a", "0", "/", ".", "\"", "{", "[", "\\", "a.", "\u2028", "😀"]

const noServices = Context.makeUnsafe<unknown>(new Map())
const answer = Output.make(Schema.Struct({ n: Schema.Finite }))
const read = (text: string): unknown =>
  Effect.runSyncWith(noServices)(
    Effect.match(answer.read(text), { onFailure: (problem) => problem, onSuccess: (value) => value })
  )

const any = Tool.make("any", {
  description: "Takes anything.",
  parameters: Schema.Struct({ n: Schema.Finite }),
  success: Schema.Json,
  execute: () => Effect.succeed(null)
})
const plans = Toolkit.make(any, Plan.tool(Toolkit.make(any)))
const plan = (text: string): unknown => {
  const steps = [{ id: "a", tool: "any", arguments: { n: "x", [text]: { $ref: "b" } } }]
  return Effect.runSync(Batch.run(plans, [ToolCall.make({ id: "p", name: "plan", arguments: { steps } })]))
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "an answer": read,
  "an answer in a fence": (text) => read(`\`\`\`json\n${text}`),
  "an answer in a fence that ends": (text) => read(`\`\`\`json\n{"n":1}${text}\n\`\`\``),
  "a line for the terminal": (text) => oneLine(`a${text}b`),
  "an address": (text) => ChatModel.originOf({ baseUrl: `https://localhost/${text}x`, origin: undefined }),
  "an id": (text) => nextId(`${text}x`),
  "a plan": plan
}

/** The least of some runs, since what else a machine does only adds to the time. */
const millisOf = (run: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 4 }, () => {
      const start = performance.now()
      run()
      return performance.now() - start
    })
  )

describe("Text from outside", () => {
  // A hundred times the text takes a hundred times as long, and ten thousand times where the reading is quadratic.
  it.each(Object.entries(readers))("is read in proportion to its length: %s", (_, reader) => {
    for (const fill of fills) {
      const [short, long] = [1000, 100_000].map((length) => fill.repeat(length / fill.length))
      reader(short!)
      const least = Math.max(0.05, millisOf(() => reader(short!)))
      assert.isBelow(millisOf(() => reader(long!)) / least, 1500, JSON.stringify(fill))
    }
  })

  it.prop(
    "is JSON inside of a fence, with space around and in it, and else what it is",
    [Schema.Array(Schema.Literals(["```", "```JSON", "``", "json", "\n", "\r\n", " ", "{\"n\":1}", "x"]))],
    ([parts]) => {
      const text = parts.join("")
      const inside = /^\s*```(?:json)?\s*\n([^]*)\n\s*```\s*$/i.exec(text)?.[1]?.trim()
      const plain = text.trim() === "{\"n\":1}" || inside === "{\"n\":1}"
      assert.strictEqual(typeof read(text) === "object", plain, JSON.stringify(text))
    },
    { arbitrary: { runs: 2000 } }
  )
})
