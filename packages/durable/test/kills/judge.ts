/**
 * Holds what a run said against what its tools did.
 */
import * as Schema from "effect/Schema"
import { type Action, actionsOf, isAllowed, isWrite, type Scenario, valueOf } from "./scenario.ts"
import type { Shown } from "./shown.ts"

/** One line of the ledger: a tool that did its work, and the idempotency key that it was called with. */
export const Line = Schema.Struct({ tool: Schema.String, n: Schema.Int, key: Schema.String })
export type Line = typeof Line.Type

/** What a model reads of a write of which it is not known whether it took effect, or that waits behind such a one. */
const unknown = ["Interrupted", "Uncertain", "Timeout"]

/** What is wrong with a run, in words; nothing where all is as it should be. */
export const faultsOf = (
  scenario: Scenario,
  shown: ReadonlyArray<Shown>,
  lines: ReadonlyArray<Line>
): ReadonlyArray<string> => {
  const known = new Map(shown.map((one) => [one.n, one]))
  const done = Map.groupBy(lines, ({ n }) => n)
  const all = actionsOf(scenario)
  const extra = shown.length === all.length ? [] : [`${all.length} things to do, ${shown.length} answers`]
  return [...extra, ...all.flatMap((action) => faults(action, known.get(action.n), done.get(action.n) ?? []))]
}

const faults = (action: Action, shown: Shown | undefined, lines: ReadonlyArray<Line>): ReadonlyArray<string> => {
  const what = `${action.kind} ${action.n}`
  if (shown === undefined) return [`${what} has no answer`]
  const keys = new Set(lines.map(({ key }) => key))
  return [
    ...keys.size > 1 ? [`${what} was called with ${keys.size} keys`] : [],
    ...isWrite(action) && lines.length > 1 ? [`${what} was done ${lines.length} times`] : [],
    ...isTrue(action, shown, lines.length)
      ? []
      : [`${what} was done ${lines.length} times, and is said to be ${said(shown)}`]
  ]
}

const said = ({ type, value }: Shown): string => type ?? `done, with ${value}`

/** What is said of an action is what the run would say unharmed, or, of a write, that its outcome is unknown. */
const isTrue = (action: Action, { type, value }: Shown, times: number): boolean => {
  if (action.kind === "odd") return type === "Odd"
  if (action.kind === "ask" && !isAllowed(action.n)) return type === "Denied" && times === 0
  if (type !== undefined) return isWrite(action) && unknown.includes(type)
  return value === valueOf(action.n) && times > 0
}
