/**
 * How many calls may run at once, or start in a while, for a tool or for a key taken from its parameters.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schema from "effect/Schema"
import { makeEngine } from "./internal/runner/drive.ts"
import { Limits } from "./internal/runner/limits.ts"
import type { Limit } from "./internal/tool/claims.ts"

export { Limits } from "./internal/runner/limits.ts"
export type { Limit } from "./internal/tool/claims.ts"

/** At most `limit` calls at once. */
export const concurrency = (limit: number, key?: string): Limit => ({
  _tag: "Concurrency",
  key,
  limit: atLeastOne("concurrency", limit)
})

/** At most `limit` starts in any time of the length of `window`; those that wait start in call order. */
export const rate = (options: {
  readonly limit: number
  readonly window: Duration.Input
  readonly key?: string | undefined
}): Limit => ({
  _tag: "Rate",
  key: options.key,
  limit: atLeastOne("rate", options.limit),
  window: Duration.fromInputUnsafe(options.window)
})

/**
 * Leaves a service alone for as long as it says: once a call fails with that, no other one of the key starts before, and the
 * call itself is tried again then, since it did nothing.
 *
 * - `after`: reads that from the tool's failure; its `retryAfter`, a duration, or `retryAfterMillis` when left out
 * - no time, or one that is over, counts as a second, the least that `Retry-After` can say: who is not ready is not asked at once
 * - the call that failed waits in its slot; where its timeout or the deadline comes before, the failure is its answer
 */
export const backOff = (options: {
  readonly key?: string | undefined
  readonly after?: ((failure: unknown) => Duration.Input | undefined) | undefined
} = {}): Limit => {
  const { after = retryAfterOf, key } = options
  return {
    _tag: "BackOff",
    key,
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

const atLeastOne = (name: string, limit: number): number => {
  if (Number.isInteger(limit) && limit >= 1) return limit
  throw new RangeError(`Limits.${name}: the limit is ${limit}; give a whole number from 1 on.`)
}

/**
 * Counts rates with the limiter at hand, such as one whose store is shared by several processes; they promise what its
 * algorithm does. Effect's fixed window lets up to twice the limit start in a time of its length.
 */
export const make: Effect.Effect<Limits["Service"], never, RateLimiter.RateLimiter> = Effect.map(
  RateLimiter.RateLimiter,
  makeEngine
)

/** Counts in memory, for as long as the layer lives. */
export const layer: Layer.Layer<Limits> = Layer.effect(Limits, Effect.sync(() => makeEngine()))
