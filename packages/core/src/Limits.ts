/**
 * How many calls may run at once, or start within a window of time, for a tool or for a key taken from its parameters.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { read, type Time } from "./internal/duration.ts"
import { refuseNoFunction, refuseNoObject, refuseNoText } from "./internal/refusals.ts"
import { makeEngine } from "./internal/runner/drive.ts"
import { Limits } from "./internal/runner/limits.ts"
import { seen } from "./internal/seen.ts"
import type { Limit } from "./internal/tool/claims.ts"

export { Limits } from "./internal/runner/limits.ts"
export type { Limit } from "./internal/tool/claims.ts"

/**
 * At most `limit` calls at once.
 *
 * @example
 * ```ts
 * import { Limits, Tool } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const query = Tool.make("query", {
 *   description: "Asks the database. `sql` is made up by you.",
 *   parameters: Schema.Struct({ sql: Schema.String }),
 *   success: Schema.String,
 *   limits: [Limits.concurrency(2, "database")], // all tools with this key share the two places
 *   execute: ({ sql }) => Effect.succeed(`rows of ${sql}`)
 * })
 * console.log(query.name, Limits.concurrency(2, "database"))
 * // => query { _tag: 'Concurrency', key: 'database', limit: 2 }
 * ```
 */
export const concurrency = (limit: number, key?: string): Limit => ({
  _tag: "Concurrency",
  key: keyOf("concurrency", key),
  limit: atLeastOne("concurrency", limit)
})

/**
 * At most `limit` starts in any `window` of time, wherever it begins; waiting calls start in call order.
 *
 * - further attempts of a call (`retry`, `Tool.hedge`) do not count: to bound requests, put a limiter into the handler
 *
 * @example
 * ```ts
 * import { Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const search = Tool.make("search", {
 *   description: "Searches the web. `query` is made up by you.",
 *   parameters: Schema.Struct({ query: Schema.String }),
 *   success: Schema.String,
 *   limits: [Limits.rate({ limit: 1, window: "20 millis" })],
 *   execute: ({ query }) => Effect.succeed(`pages about ${query}`)
 * })
 * const calls = [1, 2].map((n) => ToolCall.make({ id: `call_${n}`, name: "search", arguments: { query: "tea" } }))
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(search), calls))
 * console.log(outcomes[1]!.startedAt - outcomes[0]!.startedAt >= 20) // => true
 * ```
 */
export const rate = (options: {
  /** How many calls may start in any window. */
  readonly limit: number
  /** How long a window is: such as `"1 minute"`, or a number of milliseconds. */
  readonly window: Duration.Input | Time
  readonly key?: string | undefined
}): Limit => {
  if (!Predicate.isObject(options)) throw new TypeError(`Limits.rate: ${noRate}.`)
  const { key, limit, window } = options
  return {
    _tag: "Rate",
    key: keyOf("rate", key),
    limit: atLeastOne("rate", limit),
    window: read(window, "Limits.rate: the window")
  }
}

const noRate = "give { limit, window }, such as { limit: 10, window: \"1 second\" }"

/**
 * Waits as long as a service asks: if a call fails with a time to wait, no other call of the key starts before that
 * time is over. The failed call is then tried again, since the service did nothing.
 *
 * - no time, or one that is over, counts as one second, the least that `Retry-After` can say
 * - the failed call waits in its slot; if its timeout or the deadline comes first, the failure is its answer
 *
 * @example
 * ```ts
 * import { Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * class TooMany extends Schema.TaggedError<TooMany>()("TooMany", { retryAfterMillis: Schema.Finite }) {}
 *
 * let asked = 0
 * const search = Tool.make("search", {
 *   description: "Searches the web. `query` is made up by you.",
 *   parameters: Schema.Struct({ query: Schema.String }),
 *   success: Schema.String,
 *   failure: TooMany, // as after the status 429
 *   limits: [Limits.backOff()],
 *   execute: ({ query }) => asked++ === 0 ? new TooMany({ retryAfterMillis: 10 }) : Effect.succeed(`pages about ${query}`)
 * })
 * const call = ToolCall.make({ id: "call_1", name: "search", arguments: { query: "tea" } })
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(search), [call]))
 * console.log(outcomes[0]?.encoded, outcomes[0]?.attempts) // => "pages about tea" 2
 * ```
 */
export const backOff = (options: {
  readonly key?: string | undefined
  /**
   * Reads the time from the tool's failure: such as `"5 seconds"`, or a number of milliseconds. By default that is its
   * `retryAfter`, a `Duration`, or its `retryAfterMillis`.
   */
  readonly after?: ((failure: unknown) => Duration.Input | undefined) | undefined
} = {}): Limit => {
  refuseNoObject("Limits.backOff: what is given", options, "{ key: \"search\" }")
  const { after = retryAfterOf, key } = options
  refuseNoFunction("Limits.backOff: `after`", after, "reads a duration from a failure")
  return {
    _tag: "BackOff",
    key: keyOf("backOff", key),
    after: (failure) => {
      const wait = after(failure)
      const read = wait === undefined ? undefined : Duration.fromInputUnsafe(wait)
      return read === undefined || Duration.isPositive(read) ? read : least
    }
  }
}

const least = Duration.seconds(1)

const isAdvice = Schema.is(Schema.Struct({
  retryAfter: Schema.optional(Schema.Duration),
  retryAfterMillis: Schema.optional(Schema.Finite)
}))

const retryAfterOf = (failure: unknown): Duration.Input | undefined =>
  isAdvice(failure) ? failure.retryAfter ?? failure.retryAfterMillis : undefined

const keyOf = (name: string, key: string | undefined): string | undefined => {
  if (key !== undefined) refuseNoText(`Limits.${name}: the key`, key, "\"search\"")
  return key
}

const atLeastOne = (name: string, limit: number): number => {
  if (Number.isInteger(limit) && limit >= 1) return limit
  throw new RangeError(`Limits.${name}: the limit is ${seen(limit)}; give a whole number from 1 on.`)
}

/**
 * Counts rates with the `RateLimiter` that the program provides, for example one whose store several processes share.
 * What a rate promises then depends on its algorithm: Effect's fixed window lets up to twice the limit start in one
 * window.
 */
export const make: Effect.Effect<Limits["Service"], never, RateLimiter.RateLimiter> = Effect.map(
  RateLimiter.RateLimiter,
  makeEngine
)

/**
 * Shares limits between runs, in memory, as long as the layer lives; a runner that is made under it counts in them too.
 */
export const layer: Layer.Layer<Limits> = Layer.effect(Limits, Effect.sync(() => makeEngine()))
