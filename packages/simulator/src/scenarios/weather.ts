import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

const reports = new Map([
  ["Tokyo", { celsius: 18, sky: "clear" }],
  ["London", { celsius: 11, sky: "rain" }],
  ["New York", { celsius: 9, sky: "windy" }],
  ["Paris", { celsius: 14, sky: "cloudy" }]
])
const populations = new Map([["Tokyo", 13_960_000], ["Paris", 2_102_000]])

const Units = Schema.Literals(["celsius", "fahrenheit"])
const Report = Schema.Struct({ city: Schema.String, degrees: Schema.Finite, units: Units, sky: Schema.String })

const reportOf = (city: string, units: typeof Units.Type = "celsius"): typeof Report.Type => {
  const { celsius, sky } = reports.get(city) ?? { celsius: 20, sky: "unknown" }
  return { city, degrees: units === "celsius" ? celsius : Math.round(celsius * 1.8 + 32), units, sky }
}

const getWeather = (millis: number) =>
  Tool.make("get_weather", {
    description: "Current weather of a city. `city` comes from the user; `units` is celsius unless said.",
    parameters: Schema.Struct({ city: Schema.String, units: Schema.optionalKey(Units) }),
    success: Report,
    readOnly: true,
    execute: ({ city, units }) => answerAfter(millis, reportOf(city, units))
  })

const getPopulation = Tool.make("get_population", {
  description: "Number of people living in a city. `city` comes from the user.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ city: Schema.String, people: Schema.Int }),
  readOnly: true,
  execute: ({ city }) => answerAfter(100, { city, people: populations.get(city) ?? 0 })
})

const slowWeather = getWeather(300)
const quickWeather = getWeather(100)

const say = ({ city, degrees, sky, units }: typeof Report.Type): string =>
  `${city} ${degrees} °${units === "celsius" ? "C" : "F"}, ${sky}`

/** One tool for three cities. */
export const cities: Scenario = {
  name: "cities",
  prompt: "What is the weather in Tokyo, London and New York?",
  toolkit: Toolkit.make(slowWeather),
  hasSerial: true,
  script: {
    wants: () => ["Tokyo", "London", "New York"].map((city) => ({ name: "get_weather", arguments: { city } })),
    answer: (seen) => `${read(seen, slowWeather).map(say).join("; ")}.`
  }
}

/** Two tools for two cities, one call with its optional argument and one without. */
export const compare: Scenario = {
  name: "compare",
  prompt: "Compare Tokyo and Paris: weather and population.",
  toolkit: Toolkit.make(quickWeather, getPopulation),
  hasSerial: true,
  script: {
    wants: () => [
      { name: "get_weather", arguments: { city: "Tokyo", units: "fahrenheit" } },
      { name: "get_weather", arguments: { city: "Paris" } },
      { name: "get_population", arguments: { city: "Tokyo" } },
      { name: "get_population", arguments: { city: "Paris" } }
    ],
    answer: (seen) => {
      const people = read(seen, getPopulation).map(({ city, people }) => `${city} has ${people} people`)
      return `${[...read(seen, quickWeather).map(say), ...people].join("; ")}.`
    }
  }
}
