/**
 * How a simulated provider fails on purpose; `docs/faults.md` says what a caller gets.
 */
import type * as Duration from "effect/Duration"
import type { View } from "./Script.ts"

/**
 * One way to fail, as data.
 *
 * - `RateLimited`, `Overloaded`, `ServerError`: a refusal with status 429, 503 (529 on Anthropic) or 500;
 *   `retryAfterSeconds` is the advice that goes with it, none where it is left out
 * - `Slow`: takes this long before the first byte, after the latency: such as `"5 seconds"`, or a number of milliseconds
 * - `Cut`: the body ends too early without an error; `Reset`: the connection breaks
 * - `ErrorEvent`: the provider's own error comes in the middle of a stream; an answer that is not streamed does not
 *   fail
 * - `after`: how many events come first; by default all before the one that completes the last call, or half of those
 *   of an answer. Of a body that is not streamed, half comes
 * - `ResponseFailed`: a response with the status `failed`, on OpenAI Responses alone
 * - `Interleaved`: the events of all calls take turns, on the OpenAI wires alone
 * - `Repeated`: the event that completes the first call comes twice
 * - `Truncated`: the turn is cut off at its token limit, in the middle of its last call or of its text
 * - `InventedTool`: the last call is of a tool by this name
 * - `TextAfterCalls`: the turn has this text after its calls
 */
export type Fault =
  | { readonly _tag: "RateLimited"; readonly retryAfterSeconds?: number | undefined }
  | { readonly _tag: "Overloaded" }
  | { readonly _tag: "ServerError" }
  | { readonly _tag: "Slow"; readonly latency: Duration.Input }
  | { readonly _tag: "Cut"; readonly after?: number | undefined }
  | { readonly _tag: "Reset"; readonly after?: number | undefined }
  | { readonly _tag: "ErrorEvent"; readonly after?: number | undefined }
  | { readonly _tag: "ResponseFailed" }
  | { readonly _tag: "Interleaved" }
  | { readonly _tag: "Repeated" }
  | { readonly _tag: "Truncated" }
  | { readonly _tag: "InventedTool"; readonly name: string }
  | { readonly _tag: "TextAfterCalls"; readonly text: string }

/**
 * A request that may fail.
 *
 * - `number`: in the order of arrival, from 1
 */
export interface Asked {
  readonly number: number
  readonly view: View
  readonly streamed: boolean
}

/** Decides which requests fail, and how; it is not asked about requests that the simulator refuses anyway. */
export type Faults = (asked: Asked) => Fault | undefined

/**
 * Every request meets a fault.
 *
 * @example
 * ```ts
 * import { Fault, Simulator } from "@volley/simulator"
 *
 * const script = () => ({ wants: () => [], answer: () => "Hello." })
 * const faults = Fault.always({ _tag: "RateLimited", retryAfterSeconds: 1 })
 * await using simulator = await Simulator.start({ script, faults })
 * const response = await fetch(`${simulator.openai}/chat/completions`, {
 *   method: "POST",
 *   headers: { authorization: "Bearer key", "content-type": "application/json" },
 *   body: JSON.stringify({ model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] })
 * })
 * console.log(response.status, response.headers.get("retry-after")) // => 429 1
 * ```
 */
export const always = (fault: Fault): Faults => () => fault

/**
 * The first requests meet a fault, in the order of arrival.
 *
 * @example
 * ```ts
 * import { Fault, Script } from "@volley/simulator"
 *
 * const view = { model: "m", prompt: "Hello!", users: [], tools: [], offered: [], format: undefined, calls: [] }
 * const asked = { number: 1, view: { ...view, toolsOff: true, parallel: true } satisfies Script.View, streamed: false }
 * const faults = Fault.first(1, { _tag: "ServerError" })
 * console.log(faults(asked)?._tag, faults({ ...asked, number: 2 })?._tag) // => ServerError undefined
 * ```
 */
export const first = (count: number, fault: Fault): Faults => ({ number }) => number <= count ? fault : undefined

/** The faults of `docs/faults.md`. */
export const named = {
  "rate-limited": always({ _tag: "RateLimited", retryAfterSeconds: 1 }),
  "rate-limited-silent": always({ _tag: "RateLimited" }),
  overloaded: always({ _tag: "Overloaded" }),
  "server-error": always({ _tag: "ServerError" }),
  "server-error-once": first(1, { _tag: "ServerError" }),
  slow: always({ _tag: "Slow", latency: "1 minute" }),
  cut: always({ _tag: "Cut" }),
  reset: always({ _tag: "Reset" }),
  "error-event": always({ _tag: "ErrorEvent" }),
  "response-failed": always({ _tag: "ResponseFailed" }),
  interleaved: always({ _tag: "Interleaved" }),
  repeated: always({ _tag: "Repeated" }),
  truncated: always({ _tag: "Truncated" }),
  "invented-tool": always({ _tag: "InventedTool", name: "parallel" }),
  "text-after-calls": always({ _tag: "TextAfterCalls", text: "That is all." })
} satisfies Record<string, Faults>

/** The name of a fault. */
export type Name = keyof typeof named

const isName = (name: string): name is Name => Object.hasOwn(named, name)

/** All names, in the order of the table. */
export const names: ReadonlyArray<Name> = Object.keys(named).filter(isName)
