import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import type * as Access from "../../Access.ts"

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
  | { readonly _tag: "BackOff"; readonly key: string | undefined; readonly after: After }

/** How long a service wants to be left alone, by what a call of it failed with; undefined where it does not say so. */
export type After = (failure: unknown) => Duration.Duration | undefined

/** A number of calls that may run at once, under a key. */
export interface Slot {
  readonly key: string
  readonly limit: number
}

/**
 * A number of calls that may start in a while, under a key.
 *
 * - `after`: where it is there, any number may start, but none before the service wants that
 */
export interface Rate extends Slot {
  readonly window: Duration.Duration
  readonly after?: After
}

/** What a call wants for itself: what it touches, and the room it needs. */
export interface Claims {
  readonly access: ReadonlyArray<Access.Access>
  readonly slots: ReadonlyArray<Slot>
  readonly rates: ReadonlyArray<Rate>
}

/** The same for all calls, or a pure function of a call's parameters. */
export type Declared<Parameters, A> = ReadonlyArray<A> | ((parameters: Parameters) => ReadonlyArray<A>)

/** What the calls of a tool claim; a function where their parameters decide it, nothing where the tool says nothing. */
export const claimsOf = (
  tool: string,
  access: Declared<unknown, Access.Access> = [],
  limits: Declared<unknown, Limit> = []
): Claims | ((parameters: unknown) => Claims) | undefined => {
  if (typeof limits === "function") {
    return typeof access === "function"
      ? (parameters) =>
        claim(tool, listOf(tool, "access", access(parameters)), listOf(tool, "limits", limits(parameters)))
      : (parameters) => claim(tool, access, listOf(tool, "limits", limits(parameters)))
  }
  const same = claim(tool, [], limits)
  if (typeof access === "function") {
    return (parameters) => ({
      access: listOf(tool, "access", access(parameters)),
      slots: same.slots,
      rates: same.rates
    })
  }
  return access.length === 0 && limits.length === 0 ? undefined : { ...same, access }
}

/** What a function gave; throws for what is no list of claims, which plain JavaScript may give. */
const listOf = <A>(tool: string, name: keyof typeof such, given: ReadonlyArray<A>): ReadonlyArray<A> => {
  const [write, is] = such[name]
  if (Array.isArray(given) && given.every(is)) return given
  throw new TypeError(`Tool "${tool}": the function of \`${name}\` gives something else: write [${write}(...)].`)
}

const such = {
  access: ["Access.write", (one: unknown): boolean => Predicate.hasProperty(one, "mode")],
  limits: ["Limits.concurrency", (one: unknown): boolean => Predicate.hasProperty(one, "_tag")]
} as const

const claim = (tool: string, access: ReadonlyArray<Access.Access>, limits: ReadonlyArray<Limit>): Claims => {
  const slots: Array<Slot> = []
  const rates: Array<Rate> = []
  for (const one of limits) {
    const key = keyOf(tool, one.key)
    if (one._tag === "Concurrency") slots.push({ key, limit: one.limit })
    else if (one._tag === "BackOff") rates.push({ key, limit: Infinity, window: Duration.zero, after: one.after })
    else if (one._tag === "Rate") rates.push({ key, limit: one.limit, window: one.window })
    else throw new Error(`${tool}: a limit is none: give what Limits.concurrency, Limits.rate or Limits.backOff makes`)
  }
  return { access, slots, rates }
}

/** A limit without a key is the tool's own; keys that users choose are kept apart from those. */
const keyOf = (tool: string, key: string | undefined): string => key === undefined ? `tool/${tool}` : `key/${key}`
