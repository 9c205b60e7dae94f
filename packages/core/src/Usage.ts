/**
 * Tokens as a provider counts them.
 */
import * as Schema from "effect/Schema"

/** The tokens of one turn or several; counts that the provider does not give are left out. */
export const Usage = Schema.Struct({
  input: Schema.Finite,
  output: Schema.Finite,
  cached: Schema.optionalKey(Schema.Finite),
  cacheWrite: Schema.optionalKey(Schema.Finite),
  reasoning: Schema.optionalKey(Schema.Finite)
})

/** The same; an editor shows the words on a field of an interface alone, and not those on a field of a schema. */
export interface Usage extends Schema.Schema.Type<typeof Usage> {
  /** All tokens read, `cached` and `cacheWrite` included. */
  readonly input: number
  /** All tokens written, `reasoning` included. */
  readonly output: number
  /** Tokens read from the provider's cache. */
  readonly cached?: number
  /** Tokens written to the provider's cache. */
  readonly cacheWrite?: number
  /** Tokens that the model thought with. */
  readonly reasoning?: number
}

/** The usage of no turn. */
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
 * Makes a usage of a provider's counts, which may be of any shape.
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
 * Adds one usage to another; the sum has a kind of token if one of the two has it.
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
 * Gives the tokens read and written together.
 *
 * @example
 * ```ts
 * import { Usage } from "@volley/core"
 *
 * console.log(Usage.total({ input: 10, output: 2 })) // => 12
 * ```
 */
export const total = ({ input, output }: Usage): number => input + output
