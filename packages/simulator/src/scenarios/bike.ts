import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

const weather = Tool.make("get_forecast", {
  description: "Weather at a place and hour. `place` and `hour` come from the user.",
  parameters: Schema.Struct({ place: Schema.String, hour: Schema.Int }),
  success: Schema.Struct({ sky: Schema.String, degrees: Schema.Finite }),
  readOnly: true,
  execute: () => answerAfter(200, { sky: "dry", degrees: 12 })
})

const traffic = Tool.make("get_traffic", {
  description: "Traffic at a place and hour. `place` and `hour` come from the user.",
  parameters: Schema.Struct({ place: Schema.String, hour: Schema.Int }),
  success: Schema.Struct({ jam: Schema.String, minutesByCar: Schema.Int }),
  readOnly: true,
  execute: () => answerAfter(200, { jam: "heavy", minutesByCar: 45 })
})

const calendar = Tool.make("get_calendar", {
  description: "Meetings of the user at an hour of today. `hour` comes from the user.",
  parameters: Schema.Struct({ hour: Schema.Int }),
  success: Schema.Struct({ title: Schema.String, dress: Schema.String }),
  readOnly: true,
  execute: () => answerAfter(200, { title: "Quarterly review", dress: "casual" })
})

/** Three things to know that do not depend on each other. */
export const bike: Scenario = {
  name: "bike",
  prompt: "Should I bike to my 9 am meeting downtown?",
  toolkit: Toolkit.make(weather, traffic, calendar),
  hasSerial: true,
  script: {
    wants: () => [
      { name: "get_forecast", arguments: { place: "downtown", hour: 9 } },
      { name: "get_traffic", arguments: { place: "downtown", hour: 9 } },
      { name: "get_calendar", arguments: { hour: 9 } }
    ],
    answer: (seen) => {
      const sky = read(seen, weather).map(({ degrees, sky }) => `it is ${sky} at ${degrees} °C`)
      const cars = read(seen, traffic).map(({ jam, minutesByCar }) => `traffic is ${jam} (${minutesByCar} min by car)`)
      const meeting = read(seen, calendar).map(({ dress, title }) => `"${title}" is ${dress}`)
      return `Yes, bike: ${[...sky, ...cars, ...meeting].join(", ")}.`
    }
  }
}
