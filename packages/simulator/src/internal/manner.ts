/**
 * How one server speaks a wire in its own way, and the small changes of JSON that such ways are made of.
 */
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import type * as Frame from "../Frame.ts"
import { checkAll, type Headers, type Memory, type Rejection, type Rule, type Wire } from "../Wire.ts"
import { parse } from "./json.ts"
import type { Spoiled } from "./spoil.ts"

/** Makes another value of one; `undefined` leaves out what it is for. */
export type Change = (json: unknown) => unknown

export type Frames = ReadonlyArray<Frame.Frame>

/**
 * How a server differs from the strict wire.
 *
 * - `turn`: what it makes of a turn; a body still that the strict wire could have written
 * - `body`, `frames`: how it then writes the whole body, and the events that it is cut into
 * - `takes`: puts what it takes besides in the words of the strict wire, which looks at the request then
 * - `refuses`: what it looks at besides, in the request as it was sent
 */
export interface Manner<in out Body> {
  readonly turn?: (body: Body) => Body
  readonly body?: Change
  readonly frames?: (frames: Frames) => Frames
  readonly takes?: Change
  readonly refuses?: ReadonlyArray<Rule<unknown>>
}

/** Reads a request as a server of this manner does. */
export const check = <Request, Body extends object>(
  wire: Pick<Wire<Request, Body>, "check">,
  { refuses = [], takes = same }: Manner<Body>,
  body: unknown,
  headers: Headers,
  path: string,
  memory: Memory = [],
  except?: ReadonlySet<string>
): Result.Result<Request, Rejection> =>
  Result.flatMap(
    wire.check(body === undefined ? body : takes(body), headers, path, memory, except),
    (request) => Result.map(checkAll(refuses, body), () => request)
  )

/** Writes a body, and the events that it is cut into, as a server of this manner does. */
export const write = <Body extends object>(
  { body = same, frames = (frames) => frames }: Manner<Body>,
  spoken: Spoiled<Body>
): Spoiled<object> => ({ body: objectOf(body(spoken.body), spoken.body), frames: frames(spoken.frames) })

const objectOf = (json: unknown, otherwise: object): object =>
  typeof json === "object" && json !== null ? json : otherwise

const same: Change = (json) => json

/** One change after the other. */
export const inTurn = (...changes: ReadonlyArray<Change>): Change => (json) =>
  changes.reduce((json, change) => change(json), json)

/**
 * Changes what stands at a path, wherever it is there.
 *
 * - keys with dots between them; `*` is every item of a list
 */
export const at = (path: string, change: Change): Change => within(path.split("."), change)

const within = ([key, ...rest]: ReadonlyArray<string>, change: Change): Change => {
  if (key === undefined) return change
  const inside = within(rest, change)
  const kept = (json: unknown) => {
    const changed = inside(json)
    return changed === undefined ? [] : [changed]
  }
  if (key === "*") return (json) => Array.isArray(json) ? json.flatMap(kept) : json
  return (json) =>
    !Json.isObject(json) || json[key] === undefined ? json : Object.fromEntries(
      Object.entries(json).flatMap(([name, value]) =>
        name === key ? kept(value).map((value) => [name, value]) : [[name, value]]
      )
    )
}

/** Gives an object another value under a key. */
export const set = (key: string, value: unknown): Change => (json) =>
  Json.isObject(json) ? { ...json, [key]: value } : json

/** Leaves keys of an object out. */
export const without = (...keys: ReadonlyArray<string>): Change => (json) =>
  Json.isObject(json) ? Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key))) : json

/** Changes what something is true of. */
export const where = (is: (json: unknown) => boolean, change: Change): Change => (json) =>
  is(json) ? change(json) : json

/** All that stands at a path. */
export const all = (path: string, json: unknown): ReadonlyArray<unknown> => {
  const found: Array<unknown> = []
  at(path, (value) => void found.push(value))(json)
  return found
}

/** The data of every event changed. */
export const events = (change: Change) => (frames: Frames): Frames =>
  frames.map((frame) =>
    typeof frame.data === "string" ? frame : { ...frame, data: objectOf(change(frame.data), frame.data) }
  )

/** True for what JSON text of an object says. */
const isObjectText = (text: unknown): boolean => typeof text === "string" && Json.isObject(parse(text))

/**
 * Refuses requests where something else stands at a path than this server takes.
 *
 * - `row`: that of `docs/field.md`
 */
export const refuse = (
  row: string,
  path: string,
  takes: (value: unknown) => boolean,
  message: string
): Rule<unknown> => ({
  row: `field ${row}`,
  verified: false,
  check: (body) => all(path, body).every(takes) ? undefined : { message: `${path}: ${message}` }
})

/** Refuses names that a model made up, at a path of the history. */
export const refuseNames = (...paths: ReadonlyArray<string>): ReadonlyArray<Rule<unknown>> =>
  paths.map((path) =>
    refuse(
      "A5",
      path,
      (name) => typeof name === "string" && /^[a-zA-Z0-9_-]{1,64}$/.test(name),
      "Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$'."
    )
  )

/** Refuses arguments that are no JSON object as text, at a path of the history. */
export const refuseTexts = (path: string): ReadonlyArray<Rule<unknown>> => [
  refuse("A4", path, isObjectText, "Can only get item pairs from a mapping.")
]

/** The id that would come next: the number at its end counts on. */
export const nextId = (id: string): string => {
  let at = id.length
  while (/\d/.test(id.charAt(at - 1))) at--
  return at === id.length ? id : `${id.slice(0, at)}${Number(id.slice(at)) + 1}`
}

/** What a model writes that stops in the middle. */
export const broken = "{\"city\": \"Os"

/** A name that no server lists, and most do not take back. */
export const invented = "$web.search"

/** The call that stands for several. */
export const several = "multi_tool_use.parallel"

/** What stands in the call that stands for several. */
export const uses = (calls: ReadonlyArray<{ readonly name: string; readonly arguments: unknown }>) => ({
  tool_uses: calls.map(({ arguments: parameters, name }) => ({ recipient_name: `functions.${name}`, parameters }))
})

/** What a server says that refuses every request for a while. */
export const tooMany = { code: 429, message: "Rate limit reached: try again later." }

/** What a server puts before what it signs, so that it knows its own. */
export const signs = "own:"

export const isOwn = (signature: unknown): boolean => typeof signature === "string" && signature.startsWith(signs)

/** Signs, and takes a signature of its own for what it signed. */
export const signed: Change = (signature) => typeof signature === "string" ? `${signs}${signature}` : signature
export const unsigned: Change = (signature) =>
  typeof signature === "string" && isOwn(signature) ? signature.slice(signs.length) : signature
