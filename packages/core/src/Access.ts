/**
 * What a call touches, so that calls which touch the same thing run in call order and all others at once.
 */
import { refuseNoText } from "./internal/refusals.ts"

/**
 * One access.
 *
 * - `key`: a path; `orders/42` lies under `orders`. `""` lies over everything that has a key
 * - `exclusive`: conflicts with every other call of the run, or of all runs of one `Batch.make`, whatever that declares
 */
export type Access =
  | { readonly mode: "read" | "write"; readonly key: string }
  | { readonly mode: "exclusive" }

/**
 * An access that looks at what lies under a key.
 *
 * @example
 * ```ts
 * import { Access } from "@volley/core"
 *
 * console.log(Access.read("orders/42")) // => { mode: 'read', key: 'orders/42' }
 * ```
 */
export const read = (key: string): Access => of("read", key)

/**
 * An access that changes something under a key.
 *
 * @example
 * ```ts
 * import { Access, Tool } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const cancelOrder = Tool.make("cancel_order", {
 *   description: "Cancels an order. `id` comes from the user.",
 *   parameters: Schema.Struct({ id: Schema.Int }),
 *   success: Schema.String,
 *   access: ({ id }) => [Access.write(`orders/${id}`)], // calls for the same order run one after the other
 *   execute: () => Effect.succeed("cancelled")
 * })
 * console.log(cancelOrder.name, Access.write("orders/42")) // => cancel_order { mode: 'write', key: 'orders/42' }
 * ```
 */
export const write = (key: string): Access => of("write", key)

const of = (mode: "read" | "write", key: string): Access => {
  refuseNoText(`Access.${mode}: the key`, key, "\"orders/42\"")
  return { mode, key }
}

/** An access that has a call run alone. */
export const exclusive: Access = { mode: "exclusive" }

/**
 * True when the two may not run at the same time: one lies under the other, and at least one of them writes.
 *
 * @example
 * ```ts
 * import { Access } from "@volley/core"
 *
 * console.log(Access.conflicts(Access.read("orders/42"), Access.write("orders"))) // => true
 * console.log(Access.conflicts(Access.read("orders/42"), Access.write("orders/7"))) // => false
 * ```
 */
export const conflicts = (a: Access, b: Access): boolean => {
  if (a.mode === "exclusive" || b.mode === "exclusive") return true
  return (a.mode === "write" || b.mode === "write") && (isUnder(a.key, b.key) || isUnder(b.key, a.key))
}

const isUnder = (key: string, over: string): boolean =>
  over === "" || (key.startsWith(over) && (key.length === over.length || key[over.length] === "/"))
