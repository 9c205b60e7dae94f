import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Node } from "../schema/node.ts"

/**
 * A value as `JSON.stringify` writes it, for results that no schema describes; nothing at all is `null`.
 *
 * - errors: throws where that would lose the value: cycles, BigInt, functions, and objects of which nothing could be
 *   written, such as streams, promises and maps
 */
export const untyped = (value: unknown): Schema.Json => {
  if (typeof value === "function" || typeof value === "symbol") throw new Error(`a ${typeof value} is no JSON`)
  return JSON.parse(JSON.stringify(value, refusing) ?? "null")
}

/** Looks at each part before and after its `toJSON`. */
function refusing(this: Node, key: string, value: unknown): unknown {
  const own = this[key]
  if (Effect.isEffect(own)) throw new Error(noEffect)
  if (isWork(own) || isMute(value)) throw new Error(`nothing of a ${nameOf(own)} can be written as JSON`)
  return value
}

const noEffect = "an Effect is no JSON: make this tool with Tool.make, or run the Effect"

const isWork = (value: unknown): boolean =>
  Stream.isStream(value)
  || (typeof value === "object" && value !== null && (Symbol.asyncIterator in value || "pipeTo" in value))

const isMute = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  && ![Object.prototype, null].includes(Object.getPrototypeOf(value))

const nameOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1)
