/**
 * What tokens cost, as data of your own: Volley has no prices.
 */
import type { Usage } from "./Usage.ts"

/**
 * What a million tokens of each kind cost, in any currency.
 *
 * - `cached`, `cacheWrite`: as `input` if left out; `reasoning`: as `output` if left out
 */
export interface Rates {
  readonly input: number
  readonly output: number
  readonly cached?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly reasoning?: number | undefined
}

/** Rates by the names of models; those of `"*"` hold for every other one. */
export type Pricing = Readonly<Record<string, Rates>>

/**
 * Computes what a model's tokens cost; undefined if no price is known, and 0 for no tokens.
 *
 * - a name without its date or version stands for all of them: `gpt-x` for `gpt-x-2026-08-01`, and not for `gpt-x-mini`
 *
 * @example
 * ```ts
 * import { Pricing } from "@volley/core"
 *
 * const pricing = { "gpt-x": { input: 2, output: 8 } } // for a million tokens, in any currency
 * console.log(Pricing.cost(pricing, "gpt-x-2026-08-01", { input: 500_000, output: 250_000 })) // => 3
 * console.log(Pricing.cost(pricing, "another", { input: 1, output: 1 })) // => undefined
 * ```
 */
export const cost = (pricing: Pricing, model: string | undefined, usage: Usage): number | undefined => {
  if (usage.input === 0 && usage.output === 0) return 0
  const rates = ratesOf(pricing, model ?? "*")
  if (rates === undefined) return undefined
  const { cached = 0, cacheWrite = 0, input, output, reasoning = 0 } = usage
  const sum = (input - cached - cacheWrite) * rates.input + cached * (rates.cached ?? rates.input)
    + cacheWrite * (rates.cacheWrite ?? rates.input) + (output - reasoning) * rates.output
    + reasoning * (rates.reasoning ?? rates.output)
  return sum / 1_000_000
}

const ratesOf = (pricing: Pricing, model: string): Rates | undefined => {
  const bare = model.replace(dated, "")
  const name = [model, bare, "*"].find((name) => Object.hasOwn(pricing, name))
  return name === undefined ? undefined : pricing[name]
}

/** A date, a short version or `latest` behind the name of a model. */
const dated = /[-@:](\d{4}-\d{2}-\d{2}|\d{8}|\d{3,4}|latest)$/
