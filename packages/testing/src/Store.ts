/**
 * A key-value store in memory that records which call read and wrote what, for tools under test.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"

/**
 * One operation on the store.
 *
 * - `call`: the id of the call that did it; undefined outside a call
 */
export interface Touch {
  readonly mode: "read" | "write"
  readonly key: string
  readonly call: string | undefined
}

/**
 * The call that the running fiber answers, and how many milliseconds each of its operations on a store takes; `Laws.check`
 * sets it, so that calls which run at once meet between any two operations.
 */
export const Current = Context.Reference<{ readonly call: string | undefined; readonly millis: number }>(
  "@volley/testing/Store/Current",
  { defaultValue: () => ({ call: undefined, millis: 0 }) }
)

/**
 * The store.
 *
 * - `get`: the value under a key; undefined if there is none
 * - `update`: reads and writes with no other call in between, and gives what it wrote
 * - `entries`, `touches`: all entries, and all operations so far; for the test, and not recorded themselves
 */
export class Store extends Context.Service<Store, {
  readonly get: (key: string) => Effect.Effect<Schema.Json | undefined>
  readonly set: (key: string, value: Schema.Json) => Effect.Effect<void>
  readonly update: (key: string, f: (value: Schema.Json | undefined) => Schema.Json) => Effect.Effect<Schema.Json>
  readonly remove: (key: string) => Effect.Effect<void>
  readonly entries: Effect.Effect<{ readonly [key: string]: Schema.Json }>
  readonly touches: Effect.Effect<ReadonlyArray<Touch>>
}>()("@volley/testing/Store") {}

/**
 * Makes a store that holds these entries.
 *
 * @example
 * ```ts
 * import { Store } from "@volley/testing"
 * import { Effect } from "effect"
 *
 * const store = Store.make({ visits: 3 })
 * console.log(await Effect.runPromise(store.get("visits"))) // => 3
 * ```
 */
export const make = (entries: { readonly [key: string]: Schema.Json } = {}): Store["Service"] => {
  const map = new Map(Object.entries(entries))
  const touches: Array<Touch> = []
  const operation = <A>(modes: ReadonlyArray<Touch["mode"]>, key: string, act: () => A): Effect.Effect<A> =>
    Effect.flatMap(Current, ({ call, millis }) => {
      const now = Effect.sync(() => {
        touches.push(...modes.map((mode) => ({ mode, key, call })))
        return act()
      })
      return millis === 0 ? now : Effect.andThen(Effect.sleep(millis), now)
    })
  return {
    get: (key) => operation(["read"], key, () => map.get(key)),
    set: (key, value) => operation(["write"], key, () => void map.set(key, value)),
    remove: (key) => operation(["write"], key, () => void map.delete(key)),
    update: (key, f) =>
      operation(["read", "write"], key, () => {
        const value = f(map.get(key))
        map.set(key, value)
        return value
      }),
    entries: Effect.sync(() => Object.fromEntries(map)),
    touches: Effect.sync(() => [...touches])
  }
}

/**
 * A store that holds these entries when the layer is built.
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Store } from "@volley/testing"
 * import { Effect, Schema } from "effect"
 *
 * const peek = Tool.make("peek", {
 *   description: "How many visits there were.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.Unknown,
 *   readOnly: true,
 *   execute: () => Store.Store.use((store) => store.get("visits"))
 * })
 * const batch = Batch.run(Toolkit.make(peek), [ToolCall.make({ id: "call_1", name: "peek" })])
 * const { outcomes } = await Effect.runPromise(Effect.provide(batch, Store.layer({ visits: 3 })))
 * console.log(outcomes[0]?.encoded) // => 3
 * ```
 */
export const layer = (entries?: { readonly [key: string]: Schema.Json }): Layer.Layer<Store> =>
  Layer.sync(Store, () => make(entries))
