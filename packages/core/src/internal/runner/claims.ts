import type * as Duration from "effect/Duration"
import type * as Access from "../../Access.ts"
import type { Limit } from "../../Limits.ts"
import type { Slot } from "./slots.ts"

/** A number of calls that may start in a while, under a key. */
export interface Rate {
  readonly key: string
  readonly limit: number
  readonly window: Duration.Duration
}

/** What a call wants for itself: what it touches, and the room it needs. */
export interface Claims {
  readonly access: ReadonlyArray<Access.Access>
  readonly slots: ReadonlyArray<Slot>
  readonly rates: ReadonlyArray<Rate>
}

/** A limit without a key is the tool's own; keys that users choose are kept apart from those. */
const keyOf = (tool: string, key: string | undefined): string => key === undefined ? `tool/${tool}` : `key/${key}`

export const claim = (
  tool: string,
  access: ReadonlyArray<Access.Access>,
  limits: ReadonlyArray<Limit>
): Claims => ({
  access,
  slots: limits.flatMap(({ _tag, key, limit }) => _tag === "Concurrency" ? [{ key: keyOf(tool, key), limit }] : []),
  rates: limits.flatMap((limit) =>
    limit._tag === "Rate" ? [{ key: keyOf(tool, limit.key), limit: limit.limit, window: limit.window }] : []
  )
})
