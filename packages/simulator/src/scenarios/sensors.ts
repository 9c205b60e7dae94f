import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

const station = (name: string, what: string, value: number) =>
  Tool.make(name, {
    description: `The ${what} that the station measures now. Needs nothing.`,
    parameters: Schema.Struct({}),
    success: Schema.Struct({ what: Schema.String, value: Schema.Finite }),
    readOnly: true,
    execute: () => answerAfter(1000, { what, value })
  })

const stations = [
  station("read_temperature", "temperature", 21),
  station("read_pressure", "pressure", 1013),
  station("read_humidity", "humidity", 40)
]

const readSensor = Tool.make("read_sensor", {
  description: "What a sensor measures now. `number` comes from the user, 1 to 10.",
  parameters: Schema.Struct({ number: Schema.Int }),
  success: Schema.Struct({ number: Schema.Int, value: Schema.Finite }),
  readOnly: true,
  execute: ({ number }) => answerAfter(1000, { number, value: number * number })
})

/** Three independent tools of a second each. */
export const threeSeconds: Scenario = {
  name: "three-seconds",
  prompt: "Read temperature, pressure and humidity of the station.",
  toolkit: Toolkit.make(...stations),
  hasSerial: true,
  script: {
    wants: () => stations.map(({ name }) => ({ name, arguments: {} })),
    answer: (seen) =>
      `${stations.flatMap((tool) => read(seen, tool)).map(({ value, what }) => `${what} ${value}`).join(", ")}.`
  }
}

/** Ten calls of one tool: exactly as many as run at once by default. */
export const ten: Scenario = {
  name: "ten",
  prompt: "Read sensors 1 to 10 and give me the sum.",
  toolkit: Toolkit.make(readSensor),
  hasSerial: true,
  script: {
    wants: () => Array.from({ length: 10 }, (_, index) => ({ name: "read_sensor", arguments: { number: index + 1 } })),
    answer: (seen) => {
      const values = read(seen, readSensor).map(({ value }) => value)
      return `${values.length} sensors, sum ${values.reduce((sum, value) => sum + value, 0)}.`
    }
  }
}
