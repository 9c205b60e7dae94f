/**
 * The scenarios there are.
 */
import type { Scenario } from "./Scenario.ts"
import { bike } from "./scenarios/bike.ts"
import { customer } from "./scenarios/customer.ts"
import { endless } from "./scenarios/endless.ts"
import { mixed } from "./scenarios/mixed.ts"
import { order } from "./scenarios/order.ts"
import { rateLimited } from "./scenarios/rateLimited.ts"
import { research } from "./scenarios/research.ts"
import { ten, threeSeconds } from "./scenarios/sensors.ts"
import { transfer } from "./scenarios/transfer.ts"
import { cities, compare } from "./scenarios/weather.ts"

/** All of them, in the order in which they are explained. */
export const all: ReadonlyArray<Scenario> = [
  cities,
  compare,
  bike,
  customer,
  threeSeconds,
  ten,
  research,
  order,
  rateLimited,
  mixed,
  transfer,
  endless
]

/**
 * The scenario of a name.
 *
 * @example
 * ```ts
 * import { Scenarios } from "@volley/simulator"
 *
 * console.log(Scenarios.byName("mixed")?.name, Scenarios.byName("none of them")) // => mixed undefined
 * ```
 */
export const byName = (name: string): Scenario | undefined => all.find((scenario) => scenario.name === name)

/**
 * The scenario that a prompt begins.
 *
 * @example
 * ```ts
 * import { Scenarios } from "@volley/simulator"
 *
 * console.log(Scenarios.byPrompt("Read sensors 1 to 10 and give me the sum.")?.name) // => ten
 * ```
 */
export const byPrompt = (prompt: string): Scenario | undefined => all.find((scenario) => scenario.prompt === prompt)
