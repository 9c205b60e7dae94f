import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { item: Schema.String }) {}

const parameters = Schema.Struct({ item: Schema.String })
const success = Schema.Struct({ fact: Schema.String })

const fact = (
  name: string,
  what: string,
  execute: Tool.Execute<typeof parameters, typeof success, typeof OutOfStock, never>
) =>
  Tool.make(name, {
    description: `${what} of an item. \`item\` comes from the user.`,
    parameters,
    success,
    failure: OutOfStock,
    readOnly: true,
    execute
  })

const tools = [
  fact("get_price", "Price", ({ item }) => answerAfter(100, { fact: `the ${item} costs 30` })),
  fact("get_colours", "Colours", ({ item }) => answerAfter(200, { fact: `the ${item} comes in red` })),
  fact("get_stock", "Stock", ({ item }) => Effect.delay(Effect.fail(new OutOfStock({ item })), 100)),
  fact("get_reviews", "Reviews", () => {
    throw new Error("cannot read properties of undefined")
  }),
  fact("get_delivery", "Delivery time", () => Effect.never),
  fact("get_warranty", "Warranty", ({ item }) => answerAfter(100, { fact: `the ${item} has two years` }))
]

/** Six calls of which two succeed: the model reports what it could not get. */
export const mixed: Scenario = {
  name: "mixed",
  prompt: "Tell me everything about the lamp.",
  toolkit: Toolkit.make(...tools),
  hasSerial: false,
  batch: { timeout: "1 second" },
  script: {
    wants: () =>
      tools.map(({ name }) =>
        name === "get_warranty"
          ? { name, arguments: { item: 17 }, malformed: "{\"item\": \"la" }
          : { name, arguments: { item: "lamp" } }
      ),
    answer: (seen) => {
      const known = tools.flatMap((tool) => read(seen, tool)).map(({ fact }) => fact)
      const missing = seen.filter(({ result }) => result.startsWith("{\"error\"")).map(({ name }) => name)
      return `${known.join("; ")}. I could not get: ${missing.join(", ")}.`
    }
  }
}
