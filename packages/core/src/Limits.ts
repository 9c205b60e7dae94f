/**
 * How many calls may run at once, or start in a while, for a tool or for a key taken from its parameters.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { type Slot, Slots } from "./internal/runner/slots.ts"

/**
 * One limit that a tool declares.
 *
 * - `key`: calls of all tools that name the same key share it; the tool's own name when left out
 */
export type Limit =
  | { readonly _tag: "Concurrency"; readonly key: string | undefined; readonly limit: number }
  | {
    readonly _tag: "Rate"
    readonly key: string | undefined
    readonly limit: number
    readonly window: Duration.Duration
  }

/** At most `limit` calls at once. */
export const concurrency = (limit: number, key?: string): Limit => ({
  _tag: "Concurrency",
  key,
  limit: atLeastOne("concurrency", limit)
})

/** At most `limit` starts in every `window`, as Effect's `RateLimiter` counts them in a fixed window. */
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
 * What limits are counted in. Every batch counts anew, unless its program has this service, or it runs through
 * `Batch.make`.
 */
export class Limits extends Context.Service<Limits, {
  readonly slots: Slots
  readonly everyCall: ReadonlyArray<Slot>
  readonly rateLimiter: RateLimiter.RateLimiter
}>()("@volley/core/Limits") {}

/** Counts with the rate limiter at hand, such as one whose store is shared by several processes. */
export const make: Effect.Effect<Limits["Service"], never, RateLimiter.RateLimiter> = Effect.map(
  RateLimiter.RateLimiter,
  (rateLimiter) => ({ slots: new Slots(), everyCall: [], rateLimiter })
)

/** Counts in memory, for as long as the layer lives. */
export const layer: Layer.Layer<Limits> = Layer.effect(Limits, make).pipe(
  Layer.provide(RateLimiter.layer),
  Layer.provide(RateLimiter.layerStoreMemory)
)
