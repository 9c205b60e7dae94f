/**
 * Random toolkits over a small state, and what their calls come to one after the other, reckoned without the library.
 *
 * A call looks at all that it may read when it starts, and changes all that it may write when it ends, by what it saw; so
 * two calls that should not meet, but do, leave a state or an answer that no serial run leaves.
 */
import { Access, Tool, ToolCall, Toolkit } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { oneOf, upTo } from "./internal/choices.ts"

/** The keys of the state. */
export const keys = ["orders", "orders/42", "orders/42/items", "users/1", ""] as const

/** A key, or which of the call's own two keys. */
type Place = typeof keys[number] | "first" | "second"

/** A tool: what its calls touch, and whether they run alone. */
export interface ToolCase {
  readonly alone: boolean
  readonly touches: ReadonlyArray<{ readonly mode: "read" | "write"; readonly place: Place }>
}

/**
 * One call.
 *
 * - `ends`: `failure` comes after its changes, `defect` instead of them; `lingers` ignores its timeout and changes things
 *   long after it; `misfit` has arguments that do not fit
 */
export interface CallCase {
  readonly tool: number
  readonly first: typeof keys[number]
  readonly second: typeof keys[number]
  readonly ms: number
  readonly ends: "value" | "failure" | "defect" | "lingers" | "misfit"
}

/** A batch, and the tools that it runs. */
export interface StateCase {
  readonly tools: ReadonlyArray<ToolCase>
  readonly calls: ReadonlyArray<CallCase>
  /** 0 is unbounded. */
  readonly concurrency: number
}

/** No call that is to end takes as long, and one that lingers takes longer than all of them. */
export const timeout = 1000

const touch = Arbitrary.all({
  mode: oneOf("read", "write"),
  place: oneOf<Place>(...keys, "first", "first", "first", "second")
})

const tool = Arbitrary.all({
  alone: Arbitrary.map(upTo(9), (n) => n === 0),
  touches: Arbitrary.array(touch, { maxLength: 2 })
})

const call: Arbitrary.Arbitrary<CallCase> = Arbitrary.all({
  tool: upTo(3),
  first: oneOf(...keys),
  second: oneOf(...keys),
  ms: Arbitrary.map(upTo(40), (n) => 2 * n + 1),
  ends: oneOf("value", "value", "value", "value", "value", "value", "failure", "defect", "lingers", "misfit")
})

/** Batches of up to 15 calls; give `size: 40` to a check of your own, or they stay smaller. */
export const cases: Arbitrary.Arbitrary<StateCase> = Arbitrary.all({
  tools: Arbitrary.array(tool, { minLength: 4, maxLength: 4 }),
  calls: Arbitrary.array(call, { maxLength: 15 }),
  concurrency: upTo(6)
})

/**
 * The calls of the batch, as a codec reads them.
 *
 * @example
 * ```ts
 * import { StateCase } from "@volley/testing"
 *
 * const call = { tool: 0, first: "orders", second: "", ms: 1, ends: "value" } as const
 * console.log(StateCase.callsOf({ tools: [], calls: [call], concurrency: 0 })[0]?.arguments)
 * // => { at: 0, first: 'orders', second: '' }
 * ```
 */
export const callsOf = ({ calls }: StateCase): ReadonlyArray<ToolCall.ToolCall> =>
  calls.map(({ ends, first, second, tool }, index) => {
    const args = { at: index, first: ends === "misfit" ? 1 : first, second }
    return ToolCall.make({ id: `c${index}`, name: `tool_${tool}`, arguments: args, index })
  })

type State = Map<string, number>

/**
 * The state that every batch finds.
 *
 * @example
 * ```ts
 * import { StateCase } from "@volley/testing"
 *
 * console.log(StateCase.initial().get("orders/42")) // => 1
 * ```
 */
export const initial = (): State => new Map(keys.map((key, index) => [key, index]))

const isUnder = (key: string, over: string): boolean => over === "" || `${key}/`.startsWith(`${over}/`)

const mix = (...values: ReadonlyArray<number>): number => values.reduce((sum, n) => (sum * 31 + n) % 1_000_003, 7)

const accesses = { read: Access.read, write: Access.write }

interface Touched {
  readonly mode: "read" | "write"
  readonly key: string
}

const touched = ({ alone, touches }: ToolCase, { first, second }: Pick<CallCase, "first" | "second">) => [
  ...touches.map(({ mode, place }): Touched => ({
    mode,
    key: place === "first" ? first : place === "second" ? second : place
  })),
  ...alone ? [{ mode: "write", key: first } as const, { mode: "read", key: "" } as const] : []
]

const look = (state: State, all: ReadonlyArray<Touched>, at: number): number =>
  mix(at, ...all.flatMap(({ key }) => [...state].flatMap(([name, value]) => isUnder(name, key) ? [value] : [])))

const change = (state: State, all: ReadonlyArray<Touched>, seen: number): void => {
  for (const { key, mode } of all) {
    if (mode === "read") continue
    for (const [name, value] of state) if (isUnder(name, key)) state.set(name, mix(value, seen))
  }
}

const Parameters = Schema.Struct({ at: Schema.Int, first: Schema.Literals(keys), second: Schema.Literals(keys) })

const toolsOf = ({ calls, tools }: StateCase, state: State) =>
  tools.map((plan, index) => {
    const accessOf = (keys: Pick<CallCase, "first" | "second">): ReadonlyArray<Access.Access> => {
      const all = touched({ ...plan, alone: false }, keys).map(({ key, mode }) => accesses[mode](key))
      return plan.alone ? [...all, Access.exclusive] : all
    }
    const fixed = plan.touches.every(({ place }) => place !== "first" && place !== "second")
    return Tool.make(`tool_${index}`, {
      description: "For tests.",
      parameters: Parameters,
      success: Schema.Int,
      failure: Schema.Int,
      readOnly: !plan.alone && plan.touches.every(({ mode }) => mode === "read"),
      access: fixed ? accessOf({ first: "", second: "" }) : accessOf,
      execute: ({ at, ...keys }) =>
        Effect.suspend(() => {
          const { ends, ms } = calls[at]!
          const all = touched(plan, keys)
          const seen = look(state, all, at)
          const act = Effect.suspend(() => {
            if (ends === "defect") return Effect.die("crash")
            change(state, all, seen)
            return ends === "failure" ? Effect.fail(seen) : Effect.succeed(seen)
          })
          return ends === "lingers"
            ? Effect.uninterruptible(Effect.andThen(Effect.sleep(timeout * 20 + ms), act))
            : Effect.andThen(Effect.sleep(ms), act)
        })
    })
  })

/**
 * The tools of a case, at work on a state.
 *
 * @example
 * ```ts
 * import { StateCase } from "@volley/testing"
 *
 * const batch = { tools: [{ alone: false, touches: [] }], calls: [], concurrency: 0 }
 * console.log(StateCase.toolkitOf(batch, StateCase.initial()).tools.map(({ name }) => name)) // => [ 'tool_0' ]
 * ```
 */
export const toolkitOf = (
  batch: StateCase,
  state: State
): Toolkit.Toolkit<ReturnType<typeof toolsOf>[number]> => Toolkit.make(...toolsOf(batch, state))

/**
 * How each call may end, and the state that is left, when the calls run one after the other.
 *
 * @example
 * ```ts
 * import { StateCase } from "@volley/testing"
 *
 * const tool = { alone: false, touches: [{ mode: "write", place: "first" }] } as const
 * const call = { tool: 0, first: "orders/42", second: "", ms: 1, ends: "defect" } as const
 * console.log(StateCase.serially({ tools: [tool], calls: [call], concurrency: 0 }).ends) // => [ [ 'Defect' ] ]
 * ```
 */
export const serially = (
  { calls, tools }: StateCase
): { readonly state: State; readonly ends: ReadonlyArray<ReadonlyArray<unknown>> } => {
  const state = initial()
  const uncertain: Array<{ readonly at: number; readonly all: ReadonlyArray<Touched>; readonly alone: boolean }> = []
  const ends = calls.map((call, at): ReadonlyArray<unknown> => {
    const tool = tools[call.tool]!
    const all = touched(tool, call)
    const before = uncertain.filter((one) => one.alone || tool.alone || meet(one.all, all))
    const refusals = [
      ...call.ends === "misfit" ? ["InvalidArguments"] : [],
      ...before.map(({ at }) => `Uncertain after c${at}`)
    ]
    if (refusals.length > 0) return refusals
    const seen = look(state, all, at)
    if (call.ends !== "defect") change(state, all, seen)
    if (call.ends === "lingers" && (tool.alone || all.some(({ mode }) => mode === "write"))) {
      uncertain.push({ at, all, alone: tool.alone })
    }
    return [{ value: seen, failure: { failure: seen }, defect: "Defect", lingers: "Timeout", misfit: "" }[call.ends]]
  })
  return { state, ends }
}

const meet = (some: ReadonlyArray<Touched>, others: ReadonlyArray<Touched>): boolean =>
  some.some((a) =>
    others.some((b) => (a.mode === "write" || b.mode === "write") && (isUnder(a.key, b.key) || isUnder(b.key, a.key)))
  )
