/**
 * What is told of calls that wait has to be true.
 */
import type { Case } from "./cases.ts"
import type { End } from "./outcome.ts"
import { askedOf, planned } from "./plans.ts"
import type { Told } from "./telling.ts"
import { isAsked } from "./tools.ts"
import { conflict } from "./world.ts"

/** The first thing that was told of a waiting call of the first run and is not true, or was not told and is. */
export const falseWait = (
  one: Case,
  waits: ReadonlyArray<Told>,
  settled: ReadonlyArray<End>
): string | undefined => {
  const [first] = planned(one)
  if (first === undefined || first.run.listener === "none" || one.interruptedAfter !== undefined) return undefined
  const ends = new Map(settled.map((end) => [end.id, end]))
  const plans = new Map(first.plans.map((plan) => [plan.id, plan]))
  const beginOf = (id: string) => {
    const { attempts, endedAt, startedAt } = ends.get(id)!
    return attempts > 0 ? startedAt : endedAt
  }
  const problemOf = ({ at, behind, id, why }: Told): string | undefined => {
    const plan = plans.get(id)
    if (plan === undefined) return undefined
    const { claims } = askedOf(plan)
    if (plan.acts === undefined && at > beginOf(id)) return "after it began"
    if (why === "approval") return isAsked(plan.call.tool) ? undefined : "nobody is asked"
    if (why === "rate") return claims.rates.length > 0 ? undefined : "it has no rate"
    if (why === "limit") return claims.pools.length > 0 ? undefined : "it has no limit"
    if (why === "slot") return first.run.concurrency + (one.limit ?? 0) > 0 ? undefined : "slots have no limit"
    if (why !== "access") return "for no reason"
    const earlier = behind === undefined ? undefined : plans.get(behind)
    if (earlier === undefined) return undefined
    if (earlier.number >= plan.number || !conflict(askedOf(earlier).claims, claims)) {
      return "behind what it does not meet"
    }
    return ends.get(earlier.id)!.endedAt < at ? "behind what has ended" : undefined
  }
  for (const told of waits) {
    const problem = problemOf(told)
    if (problem !== undefined) return `told: ${told.id} waits for ${told.why} at ${told.at}, ${told.behind}: ${problem}`
  }
  // A deadline ends what is still to be told, too.
  if (first.run.listener === "slow" && first.run.deadline > 0) return undefined
  const silent = first.plans.find(({ acts, call: { kind }, id }) =>
    acts === undefined && kind !== "stranger" && (ends.get(id)?.attempts ?? 0) > 0 && beginOf(id) > 0 &&
    !waits.some((told) => told.id === id)
  )
  return silent && `told: nobody was told that ${silent.id} waits`
}
