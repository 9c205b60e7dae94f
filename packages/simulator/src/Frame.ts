/**
 * A streamed answer as data: the server-sent events that a body is cut into.
 */

/**
 * One server-sent event.
 *
 * - `event`: its name, on wires that name theirs
 * - `data`: a text goes over the wire as it is, anything else as JSON
 * - `call`: the place in the turn, from 0, of the call that the event is of; `completes`: of the one that is whole with it
 */
export interface Frame {
  readonly event?: string | undefined
  readonly data: object | string
  readonly call?: number | undefined
  readonly completes?: number | undefined
}

/** A piece that is sent at once, and the call of the turn, from 0, that it completes. */
export interface Piece {
  readonly text: string
  readonly completes?: number | undefined
}

/** How many characters a fragment has: always as many, these one after the other and over again, or by its number from 0. */
export type Fragment = number | ReadonlyArray<number> | ((fragment: number) => number)

/**
 * How a body is cut.
 *
 * - `fragment`: 16 by default; no fragment is shorter than one character, and the numbers go on from text to text
 * - `usage`: whether OpenAI Chat ends with the tokens of the turn; true by default, always true on other wires
 */
export interface Options {
  readonly fragment?: Fragment | undefined
  readonly usage?: boolean | undefined
}

/**
 * Makes what cuts the texts of one body, which counts its fragments.
 *
 * @example
 * ```ts
 * import { Frame } from "@volley/simulator"
 *
 * console.log(Frame.cutter([1, 3])("good morning")) // => [ 'g', 'ood', ' ', 'mor', 'n', 'ing' ]
 * ```
 */
export const cutter = (fragment: Fragment = 16): (text: string) => ReadonlyArray<string> => {
  let count = 0
  return (text) => {
    const characters = [...text]
    const fragments: Array<string> = []
    for (let at = 0; at < characters.length;) {
      const end = at + Math.max(1, sizeOf(fragment, count++))
      fragments.push(characters.slice(at, end).join(""))
      at = end
    }
    return fragments
  }
}

const sizeOf = (fragment: Fragment, count: number): number =>
  typeof fragment === "number"
    ? fragment
    : typeof fragment === "function"
    ? fragment(count)
    : fragment[count % fragment.length] ?? 1

/**
 * Marks the frames that bring a call, the last of which completes it.
 *
 * @example
 * ```ts
 * import { Frame } from "@volley/simulator"
 *
 * console.log(Frame.ofCall(0, [{ data: "a" }, { data: "b" }]).map(({ completes }) => completes))
 * // => [ undefined, 0 ]
 * ```
 */
export const ofCall = (call: number, frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> =>
  frames.map((frame, at) => at === frames.length - 1 ? { ...frame, call, completes: call } : { ...frame, call })

/**
 * What the official client of a wire hands on of its frames, as data: neither `[DONE]` nor `ping`.
 *
 * @example
 * ```ts
 * import { Frame } from "@volley/simulator"
 *
 * console.log(Frame.events([{ data: { text: "Hello." } }, { data: "[DONE]" }])) // => [ { text: 'Hello.' } ]
 * ```
 */
export const events = (frames: ReadonlyArray<Frame>): ReadonlyArray<object> =>
  frames.flatMap(({ data, event }) => typeof data === "string" || event === "ping" ? [] : [data])

/**
 * A frame as it goes over the wire.
 *
 * @example
 * ```ts
 * import { Frame } from "@volley/simulator"
 *
 * console.log(JSON.stringify(Frame.text({ event: "delta", data: { text: "Hello." } })))
 * // => "event: delta\ndata: {\"text\":\"Hello.\"}\n\n"
 * ```
 */
export const text = ({ data, event }: Frame): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`
