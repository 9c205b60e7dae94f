/**
 * Puts the fragments of the calls of a streamed turn together, each to the call that it belongs to.
 */
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import { isBlank, isCustom } from "./chatTurn.ts"
import { type Fields, present } from "./fields.ts"

/** A fragment of a call; servers may leave out everything. */
export interface Fragment {
  readonly index?: number | null | undefined
  readonly id?: string | null | undefined
  readonly function?: Fields | null | undefined
  readonly custom?: Fields | null | undefined
}

/**
 * The calls so far, in order of appearance.
 *
 * - `last`: which one the last fragment belonged to
 */
export interface Gathered {
  readonly calls: ReadonlyArray<Fields>
  readonly last: number
}

export const nothing: Gathered = { calls: [], last: -1 }

/**
 * Takes a fragment; fails where it has two meanings.
 *
 * - a new id and a name begin another call, whatever the index, once the call before has no arguments or whole ones
 * - without an index, ids and the order of appearance tell calls apart
 */
export const joined = (gathered: Gathered, fragment: Fragment): Result.Result<Gathered, string> =>
  Result.flatMap(placeOf(gathered, fragment), (at) => {
    const before = gathered.calls[at] ?? {}
    const more = saysNothing(before, fragment) ? { ...fragment, function: undefined, custom: undefined } : fragment
    return Result.map(together(before, more), (call) => ({ calls: gathered.calls.toSpliced(at, 1, call), last: at }))
  })

/** The calls in their order, which is that of their indices where all of them have one. */
export const ordered = ({ calls }: Gathered): ReadonlyArray<Fields> => {
  const isPlaced = calls.every(({ index }) => typeof index === "number")
  const sorted = isPlaced ? calls.toSorted((a, b) => Number(a["index"]) - Number(b["index"])) : calls
  return sorted.map(({ index: _place, ...call }) => call)
}

/** Which call a fragment belongs to; the number of calls for another one. */
const placeOf = (gathered: Gathered, fragment: Fragment): Result.Result<number, string> => {
  const { calls } = gathered
  const at = nearest(gathered, fragment)
  const call = calls[at]
  if (call === undefined) return Result.succeed(calls.length)
  const isOther = changes(call, fragment)
  if (isOther === false) return Result.succeed(at)
  return isOther === true && isAtRest(call)
    ? Result.succeed(calls.length)
    : Result.fail("a fragment may go on with a call or begin another one")
}

/** The call that a fragment is about if it begins none. */
const nearest = ({ calls, last }: Gathered, fragment: Fragment): number => {
  const id = fragment.id || undefined
  const named = id === undefined ? -1 : calls.findLastIndex((call) => call["id"] === id)
  if (typeof fragment.index === "number") {
    const { index } = fragment
    if (calls[named]?.["index"] === index) return named
    const placed = calls.findLastIndex((call) => call["index"] === index)
    return placed < 0 && calls[named]?.["index"] === undefined ? named : placed
  }
  if (named >= 0) return named
  return id === undefined || (calls[last]?.["id"] === undefined && !nameOf(fragment)) ? last : -1
}

/**
 * True for a fragment that is of another call than this one, false for one that goes on with it; undefined where it may be
 * either, or would give a call two names.
 */
const changes = (call: Fields, fragment: Fragment): boolean | undefined => {
  const [id, ownId] = [fragment.id || undefined, call["id"]]
  const [name, ownName] = [nameOf(fragment), nameOf(call)]
  const isNamed = name !== "" && ownName !== ""
  if (id !== undefined && ownId !== undefined && id !== ownId) return isNamed ? true : undefined
  if (!isNamed) return false
  if (id !== undefined && ownId === undefined) return name === ownName ? undefined : true
  const isPlaced = typeof fragment.index === "number"
  if (isPlaced || id !== undefined) return name === ownName ? false : undefined
  return name === ownName && !argumentsOf(call) ? undefined : true
}

/** True for a call that may have got all its arguments: none, or whole ones. */
const isAtRest = (call: Fields): boolean => {
  const args = argumentsOf(call)
  return typeof args !== "string" || args === "" || Result.isSuccess(Json.parse(args))
}

/** True behind a whole call for the same once more, and for a blank one: neither can be more of its arguments. */
const saysNothing = (call: Fields, fragment: Fragment): boolean => {
  const args = argumentsOf(call)
  if (args === "" || !isAtRest(call)) return false
  const isRepeat = nameOf(fragment) !== "" && typeof args === "string" && args.startsWith("{")
  return isBlank({ ...fragment }) || (isRepeat && args === argumentsOf(fragment))
}

const together = (before: Fields, fragment: Fragment): Result.Result<Fields, string> => {
  const { custom, function: named, ...rest } = fragment
  const call = { ...before, ...present({ ...rest }) }
  if (custom) return Result.map(grown(before["custom"], custom, "input"), (custom) => ({ ...call, custom }))
  if (named) return Result.map(grown(before["function"], named, "arguments"), (named) => ({ ...call, function: named }))
  return Result.succeed(call)
}

/** What says the arguments grows; all else that a fragment says again takes the place of what was there. */
const grown = (before: unknown, fragment: Fields, key: string): Result.Result<Fields, string> => {
  const earlier = Json.isObject(before) ? before : {}
  const { [key]: more, name, ...rest } = fragment
  return Result.map(further(earlier[key], more), (args) => ({
    ...earlier,
    ...present(rest),
    ...(name === undefined || (!name && "name" in earlier) ? {} : { name }),
    ...(args !== undefined && args !== null && { [key]: args })
  }))
}

/** Arguments come as texts that go on where they ended, or as a value at once. */
const further = (before: unknown, more: unknown): Result.Result<unknown, string> => {
  if (more === undefined || more === null) return Result.succeed(before)
  if (before === undefined || before === null || before === "") return Result.succeed(more)
  if (more === "") return Result.succeed(before)
  if (typeof before === "string" && typeof more === "string") return Result.succeed(before + more)
  return Json.canonical(before) === Json.canonical(more)
    ? Result.succeed(before)
    : Result.fail("the arguments of a call come in two forms")
}

const payloadOf = (call: Fields | Fragment): Fields => {
  const payload = isCustom({ ...call }) ? call.custom : call.function
  return Json.isObject(payload) ? payload : {}
}

const nameOf = (call: Fields | Fragment): string => {
  const { name } = payloadOf(call)
  return typeof name === "string" ? name : ""
}

const argumentsOf = (call: Fields | Fragment): unknown => {
  const { arguments: args, input } = payloadOf(call)
  return args ?? input ?? ""
}
