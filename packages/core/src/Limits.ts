/**
 * How many calls may run at once, or start in a while, for a tool or for a key taken from its parameters.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
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
