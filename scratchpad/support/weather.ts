// Two tools, and a simulated model that asks for both in one turn; the other programs share them.
import { Tool, Toolkit } from "@volley/core"
import { type Script, Simulator } from "@volley/simulator"
import { Effect, Schema } from "effect"

export class CityNotFound extends Schema.TaggedError<CityNotFound>()("CityNotFound", { city: Schema.String }) {}

const getWeather = Tool.make("get_weather", {
  description: "Current weather of a city. `city` comes from the user.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ city: Schema.String, celsius: Schema.Finite }),
  failure: CityNotFound,
  readOnly: true,
  timeout: "2 seconds",
  execute: ({ city }) => city === "Atlantis" ? new CityNotFound({ city }) : Effect.succeed({ city, celsius: 18 })
})

const getTime = Tool.make("get_time", {
  description: "Local time of a city. `city` comes from the user.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ city: Schema.String, time: Schema.String }),
  readOnly: true,
  execute: ({ city }) => Effect.succeed({ city, time: "09:00" })
})

export const toolkit = Toolkit.make(getWeather, getTime)

export const prompt = "Weather and time in Tokyo, and the weather in Atlantis?"

export const script: Script.Script = {
  wants: () => [
    { name: "get_weather", arguments: { city: "Tokyo" } },
    { name: "get_time", arguments: { city: "Tokyo" } },
    { name: "get_weather", arguments: { city: "Atlantis" } }
  ],
  answer: (seen) => seen.map(({ name, result }) => `${name}: ${result}`).join("\n")
}

/** The base URLs of a server that stands in for the providers; it ends with the scope. */
export const simulator = Simulator.serve({ script: () => script })
