import type { Scenario } from "@volley/simulator/Scenario"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Effect from "effect/Effect"
import { UserError } from "./UserError.ts"

/** The scenario of a name. */
export const scenarioNamed = (name: string): Effect.Effect<Scenario, UserError> =>
  Effect.suspend(() => {
    const scenario = Scenarios.byName(name)
    const names = Scenarios.all.map((scenario) => scenario.name).join(", ")
    return scenario === undefined
      ? new UserError({ message: `there is no scenario "${name}"; there are: ${names}`, exitCode: 2 })
      : Effect.succeed(scenario)
  })
