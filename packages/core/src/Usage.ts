/**
 * Tokens as a provider counts them.
 */
import * as Schema from "effect/Schema"

/**
 * What a turn, or several, took.
 *
 * - `input`: all that was read, `cached` and `cacheWrite` among it
 * - `output`: all that was written, `reasoning` among it
 * - `cached`: read from the provider's cache; `cacheWrite`: written to it
 * - what the provider does not say is left out
 */
export const Usage = Schema.Struct({
  input: Schema.Finite,
  output: Schema.Finite,
  cached: Schema.optionalKey(Schema.Finite),
  cacheWrite: Schema.optionalKey(Schema.Finite),
  reasoning: Schema.optionalKey(Schema.Finite)
})

export type Usage = typeof Usage.Type

/** Nothing was asked yet. */
export const none: Usage = { input: 0, output: 0 }

/**
 * Adds counts up; what is no count is none.
 *
 * @example
 * ```ts
 * import { Usage } from "@volley/core"
 *
 * console.log(Usage.count(10, undefined, "5", 2)) // => 12
 * ```
 */
export const count = (...counts: ReadonlyArray<unknown>): number =>
  counts.reduce<number>((sum, count) => sum + (isCount(count) ? count : 0), 0)

const isCount = (count: unknown): count is number => typeof count === "number" && Number.isFinite(count)

/**
 * Makes a usage of what a provider said, which may be anything.
 *
 * @example
 * ```ts
 * import { Usage } from "@volley/core"
 *
 * console.log(Usage.make({ input: 10, output: 2, cached: null, cacheWrite: undefined, reasoning: 1 }))
 * // => { input: 10, output: 2, reasoning: 1 }
 * ```
 */
export const make = (said: { readonly [K in keyof Usage]: unknown }): Usage => ({
  input: count(said.input),
  output: count(said.output),
  ...(isCount(said.cached) && { cached: said.cached }),
  ...(isCount(said.cacheWrite) && { cacheWrite: said.cacheWrite }),
  ...(isCount(said.reasoning) && { reasoning: said.reasoning })
})

/**
 * Adds one usage to another; a kind of token is known where one of both says it.
 *
 * @example
 * ```ts
 * import { Usage } from "@volley/core"
 *
 * console.log(Usage.plus({ input: 10, output: 2, cached: 4 }, { input: 1, output: 1 }))
 * // => { input: 11, output: 3, cached: 4 }
 * ```
 */
export const plus = (a: Usage, b: Usage): Usage => {
  const sum = (x: number | undefined, y: number | undefined) =>
    x === undefined && y === undefined ? undefined : count(x, y)
  return make({
    input: a.input + b.input,
    output: a.output + b.output,
    cached: sum(a.cached, b.cached),
    cacheWrite: sum(a.cacheWrite, b.cacheWrite),
    reasoning: sum(a.reasoning, b.reasoning)
  })
}

/**
 * Tokens read and written.
 *
 * @example
 * ```ts
 * import { Usage } from "@volley/core"
 *
 * console.log(Usage.total({ input: 10, output: 2 })) // => 12
 * ```
 */
export const total = ({ input, output }: Usage): number => input + output
