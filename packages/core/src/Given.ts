/**
 * What a program gives to a provider's functions; throws for what plain JavaScript may give in its place.
 */
import * as Predicate from "effect/Predicate"
import type * as Batch from "./Batch.ts"
import { refuseNoToolkit } from "./internal/refusals.ts"
import type * as Tool from "./Tool.ts"
import type * as Toolkit from "./Toolkit.ts"

/**
 * The tools of a toolkit; `where` says which function they were given to.
 *
 * @example
 * ```ts
 * import { Given, Toolkit } from "@volley/core"
 *
 * console.log(Given.toolkit("OpenAiChat.tools", Toolkit.make()).length) // => 0
 * ```
 */
export const toolkit = <T extends Tool.Any>(where: string, given: Toolkit.Toolkit<T>): ReadonlyArray<T> => {
  refuseNoToolkit(`${where}: what is given`, given)
  return given.tools
}

/**
 * The response that was given; `where` says to which function. A promise, a stream or a part of one has no calls to find,
 * and a loop would end without an answer.
 *
 * @example
 * ```ts
 * import { Given } from "@volley/core"
 *
 * try {
 *   Given.response("OpenAiChat.toolCalls", Promise.resolve({ choices: [] }))
 * } catch (error) {
 *   console.log(String(error)) // => TypeError: OpenAiChat.toolCalls: the response is a promise: write `await` before it.
 * }
 * ```
 */
export const response = <A>(where: string, given: A): A => {
  refuseLater(where, "response", given)
  if (Predicate.hasProperty(given, Symbol.asyncIterator)) {
    throw new TypeError(`${where}: the response is a stream: read it with \`parts\`, or ask without \`stream\`.`)
  }
  if (Predicate.hasProperty(given, "byName")) {
    throw new TypeError(`${where}: the response is a toolkit: give what the client gave, alone.`)
  }
  if (isPart(given)) throw new TypeError(`${where}: the response is a part of one: give all that the client gave.`)
  return given
}

/** A choice of Chat Completions, or the message of one. */
const isPart = (given: unknown): boolean =>
  (Predicate.hasProperty(given, "tool_calls") || Predicate.hasProperty(given, "finish_reason"))
  && !Predicate.hasProperty(given, "choices")

/**
 * The outcomes of a batch; `where` says which function they were given to.
 *
 * @example
 * ```ts
 * import { Batch, Given, Toolkit } from "@volley/core"
 *
 * const settled = await Batch.runPromise(Toolkit.make(), [])
 * console.log(Given.settled("OpenAiChat.results", settled).length) // => 0
 * ```
 */
export const settled = <T extends Tool.Any>(
  where: string,
  given: Batch.Settled<T>
): Batch.Settled<T>["outcomes"] => {
  refuseLater(where, "batch", given)
  if (Predicate.hasProperty(given, "outcomes") && Array.isArray(given.outcomes)) return given.outcomes
  throw new TypeError(`${where}: what is given is no settled batch: give what Batch.run or Batch.runPromise came to.`)
}

/**
 * The options of a Layer on a client of one's own; `where` says which function they were given to.
 *
 * @example
 * ```ts
 * import { Given } from "@volley/core"
 *
 * const options = { client: { baseURL: "https://api.openai.com/v1" }, model: "gpt-4.1" }
 * console.log(Given.client("OpenAiChat.layerClient", options).model) // => gpt-4.1
 * ```
 */
export const client = <A extends { readonly client: object; readonly model: string }>(where: string, given: A): A => {
  if (Predicate.hasProperty(given, "client") && Predicate.isObject(given.client)) return given
  throw new TypeError(`${where}: \`client\` is missing: write { client, model }, with a client of the official SDK.`)
}

const refuseLater = (where: string, what: string, given: unknown): void => {
  if (Predicate.isPromiseLike(given)) {
    throw new TypeError(`${where}: the ${what} is a promise: write \`await\` before it.`)
  }
}
