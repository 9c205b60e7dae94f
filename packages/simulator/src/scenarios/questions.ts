import * as Plan from "@volley/core/Plan"
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"
import type { SeenCall, Wanted } from "../Script.ts"

const facts = new Map([
  ["people in Tokyo", 13_960_000],
  ["square kilometres of Tokyo", 2194],
  ["people in Paris", 2_102_000],
  ["square kilometres of Paris", 105]
])

const Found = Schema.Struct({ query: Schema.String, number: Schema.Finite })

const search = Tool.make("search", {
  description: "Looks a number up. `query` is what to look for, in your words, such as \"people in Oslo\".",
  parameters: Schema.Struct({ query: Schema.String }),
  success: Found,
  readOnly: true,
  execute: ({ query }) => answerAfter(300, { query, number: facts.get(query) ?? 0 })
})

const divide = Tool.make("divide", {
  description: "Divides `a` by `b`, and rounds. Both come from search.",
  parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
  success: Schema.Finite,
  readOnly: true,
  execute: ({ a, b }) => answerAfter(100, Math.round(a / b))
})

const compare = Tool.make("compare", {
  description: "Tells which of two numbers is larger, and how many times. Both come from divide.",
  parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
  success: Schema.Struct({ larger: Schema.Literals(["a", "b", "neither"]), times: Schema.Finite }),
  readOnly: true,
  execute: ({ a, b }) =>
    answerAfter(100, {
      larger: a === b ? "neither" as const : a > b ? "a" as const : "b" as const,
      times: Math.round((10 * Math.max(a, b)) / Math.min(a, b)) / 10
    })
})

const tools = Toolkit.make(search, divide, compare)
const prompt = "Is Tokyo or Paris more densely populated, and how many times?"
const places = ["Tokyo", "Paris"] as const
const queriesOf = (place: string) => [`people in ${place}`, `square kilometres of ${place}`] as const

type Compared = typeof compare.success.Type

const say = ({ larger, times }: Compared): string => {
  const [a, b] = places
  const [more, less] = larger === "b" ? [b, a] : [a, b]
  return larger === "neither" ? "Both are as dense." : `${more} is ${times} times as dense as ${less}.`
}

/** The quotients of the places whose numbers are known. */
const quotients = (seen: ReadonlyArray<SeenCall>): ReadonlyArray<Wanted> => {
  const found = new Map(read(seen, search).map(({ number, query }) => [query, number]))
  return places.flatMap((place) => {
    const [a, b] = queriesOf(place).map((query) => found.get(query))
    return a === undefined || b === undefined ? [] : [{ name: "divide", arguments: { a, b } }]
  })
}

/** Searches, arithmetic on what they find, and a comparison: each needs what came before, so it takes three turns. */
export const questions: Scenario = {
  name: "questions",
  prompt,
  toolkit: tools,
  hasSerial: true,
  script: {
    wants: (seen) => {
      const [a, b] = read(seen, divide)
      return [
        ...places.flatMap((place) => queriesOf(place).map((query) => ({ name: "search", arguments: { query } }))),
        ...quotients(seen),
        ...a === undefined || b === undefined ? [] : [{ name: "compare", arguments: { a, b } }]
      ]
    },
    answer: (seen) => read(seen, compare).map(say).join(" ")
  }
}

const plan = {
  name: "plan",
  arguments: {
    steps: [
      ...places.flatMap((place) =>
        queriesOf(place).map((query, n) => ({ id: `${place}${n}`, tool: "search", arguments: { query } }))
      ),
      ...places.map((place) => ({
        id: place,
        tool: "divide",
        arguments: { a: { $ref: `${place}0/number` }, b: { $ref: `${place}1/number` } }
      })),
      { id: "compared", tool: "compare", arguments: { a: { $ref: "Tokyo" }, b: { $ref: "Paris" } } }
    ]
  }
}

/** What a model reads in the answer of the plan. */
const planned = {
  name: "plan",
  success: Schema.Struct({
    steps: Schema.Array(Schema.Struct({ id: Schema.String, ok: Schema.optionalKey(Schema.Unknown) }))
  })
}

/** The same question, asked with a plan: one turn of tools. */
export const questionsPlanned: Scenario = {
  name: "questions-planned",
  prompt,
  toolkit: Toolkit.merge(tools, Toolkit.make(Plan.tool(tools))),
  hasSerial: false,
  script: {
    wants: () => [plan],
    answer: (seen) => {
      const last = read(seen, planned).flatMap(({ steps }) => steps.filter(({ id }) => id === "compared"))
      const calls = last.map(({ ok }) => ({ id: "", name: "compare", arguments: {}, result: JSON.stringify(ok) ?? "" }))
      return read(calls, compare).map(say).join(" ")
    }
  }
}
