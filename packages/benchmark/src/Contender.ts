/**
 * A contender: something that runs the tool calls of a turn, brought to one form so that it can be measured.
 */
import type { Shape } from "./shapes.ts"

/** What the one tool of the benchmark is given, and gives back. */
export interface Input {
  readonly n: number
  readonly city: string
}

/**
 * How the tool works.
 *
 * - `sync`: answers at once; `promise`: an async function; `sleep`: waits for `millis`; `held`: waits to be let go
 */
export type Kind = "sync" | "promise" | "sleep" | "held"

/** The base URLs of the simulator, where calls come over HTTP and not from a stub. */
export interface Servers {
  readonly openai: string
  readonly anthropic: string
  readonly google: string
}

/**
 * One thing to run, again and again.
 *
 * - `calls`: the calls of the turn, by id, with arguments as JSON text
 * - `millis`: how long a call sleeps, by its number
 * - `work`: the body of the tool
 * - `cap`: calls in flight at once; unbounded when left out
 */
export interface Setting {
  readonly kind: Kind
  readonly calls: ReadonlyArray<Call>
  readonly millis: (n: number) => number
  readonly work: { readonly now: (input: Input) => Input; readonly later: (input: Input) => Promise<Input> }
  readonly cap?: number | undefined
  readonly servers?: Servers | undefined
  readonly streaming?: boolean | undefined
}

export interface Call {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

/** Runs the turn once and gives how many calls were answered under their own ids. */
export type Run = () => Promise<number>

/**
 * A contender.
 *
 * - `from`: the packages whose versions count
 * - `turns`: how many turns of a model one run has; none where it runs a batch and nothing else
 * - `lacks`: what it does not do that another one does
 * - `can`: what can be measured of it besides calls in a stub
 * - `shapes`: the same for runs that are more than a plain batch
 */
export interface Contender {
  readonly title: string
  readonly from: ReadonlyArray<string>
  readonly turns: 0 | 2
  readonly lacks: string
  readonly can: {
    readonly cap?: boolean
    readonly http?: boolean
    readonly stream?: "http" | "stub"
  }
  readonly make: (setting: Setting) => Run
  readonly shapes?: { readonly [S in Shape]: (setting: Setting) => Run }
}

/** The name and the description of the tool, for all contenders. */
export const tool = { name: "look", description: "Looks at a city. `n` and `city` come from the user." } as const

/** The JSON Schema of its parameters. */
export const jsonSchema = {
  type: "object",
  properties: { n: { type: "integer" }, city: { type: "string", minLength: 1 } },
  required: ["n", "city"],
  additionalProperties: false
}

/** Makes the calls of a turn. */
export const callsOf = (size: number): ReadonlyArray<Call> =>
  Array.from({ length: size }, (_, n) => ({
    id: `call_${n}`,
    name: tool.name,
    arguments: JSON.stringify({ n, city: "Reykjavik" })
  }))

/** What a model says at last. */
export const answer = "done"
