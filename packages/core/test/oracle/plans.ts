/**
 * The calls of a case, numbered, as the library is given them and as the oracle is.
 */
import { ToolCall } from "@volley/core"
import * as Effect from "effect/Effect"
import type { Asked, Decision } from "./asked.ts"
import { type CallCase, type Case, rates, type RunCase } from "./cases.ts"
import { millis } from "./time.ts"
import { Actor, claimsOf, isAsked, isCoalesced, type Parameters, traitsOf } from "./tools.ts"

/**
 * A call and its number among all calls of its case.
 *
 * - `acts`: the call whose arguments it has: itself, or an earlier equal one
 */
export interface Plan {
  readonly number: number
  readonly id: string
  readonly call: CallCase
  readonly acts: Plan | undefined
  readonly inner: PlannedRun | undefined
}

export interface PlannedRun {
  readonly run: RunCase
  readonly plans: ReadonlyArray<Plan>
}

/** Numbers the calls of a case, those of inner runs behind the call they are inside. */
export const planned = ({ runs }: Case): ReadonlyArray<PlannedRun> => {
  let number = 0
  const of = (run: RunCase): PlannedRun => {
    const plans: Array<Plan> = []
    for (const call of run.calls) {
      const equals = isCoalesced(call.tool) ? plans.filter(({ call: { tool } }) => tool === call.tool) : []
      const earlier = call.like === 0 ? undefined : equals.at(-call.like)
      const own = number++
      const inner = call.inner === undefined ? undefined : of(call.inner)
      plans.push({ number: own, id: `c${own}`, call, acts: earlier?.acts ?? earlier, inner })
    }
    return { run, plans }
  }
  return runs.map(of)
}

/** The plan that a call acts by. */
export const actedBy = (plan: Plan): Plan => plan.acts ?? plan

/** All plans by number. */
export const byNumber = (runs: ReadonlyArray<PlannedRun>): ReadonlyMap<number, Plan> => {
  const all = (run: PlannedRun): ReadonlyArray<Plan> =>
    run.plans.flatMap((plan) => [plan, ...plan.inner === undefined ? [] : all(plan.inner)])
  return new Map(runs.flatMap(all).map((plan) => [plan.number, plan]))
}

const parametersOf = (plan: Plan): Parameters => {
  const { call, number } = actedBy(plan)
  const { kind, pools, touches } = call
  return { plan: number, throws: kind === "throws", touches, pools, rates: call.rates.map((name) => rates[name]) }
}

/** The call as the model asks for it. */
export const callOf = (plan: Plan, index: number): ToolCall.ToolCall => {
  const { call: { kind, tool }, id, number } = plan
  return {
    id,
    index,
    name: kind === "stranger" ? "no_such_tool" : tool,
    arguments: kind === "misfit" ? (number % 2 === 0 ? { plan: "first" } : "{\"plan\": 1,") : parametersOf(plan),
    status: kind === "truncated" ? "truncated" : "complete"
  }
}

/** Says whether a call may run, after a while. */
export const decide = ({ call, number }: Plan): Effect.Effect<Decision> => {
  const [decision, after] = call.decision
  return Effect.as(Effect.sleep(millis(after, number + 500)), decision)
}

/** The call as the oracle takes it. */
export const askedOf = (plan: Plan): Asked<never> => {
  const { call: { kind, tool }, id } = plan
  const parameters = parametersOf(plan)
  const { idempotent = false, readOnly = false, timeout } = traitsOf(tool)
  return {
    id,
    tool: kind === "stranger" ? undefined : { name: tool, idempotent, readOnly, timeout },
    isTruncated: kind === "truncated",
    fits: kind !== "misfit",
    claims: kind === "stranger" ? { touches: [], pools: [], rates: [] } : claimsOf(tool, parameters),
    same: isCoalesced(tool) ? JSON.stringify(parameters) : undefined,
    decision: isAsked(tool) ? decide(plan) : undefined,
    attempt: (now) =>
      parameters.throws
        ? Effect.die(new Error("thrown"))
        : Effect.flatMap(Actor, (act) => act(parameters.plan, now))
  }
}

/** A case in few words, for a person to read. */
export const drawing = (one: Case): string => {
  const ofRun = ({ plans, run }: PlannedRun, indent: string): string => {
    const { calls: _, ...options } = run
    const limits = Object.entries(options).filter(([, value]) => value !== 0 && value !== false && value !== "none")
    return `${indent}${limits.map(([name, value]) => `${name} ${value}`).join(", ")}\n${
      plans.map((plan) => ofPlan(plan, `${indent}  `)).join("\n")
    }`
  }
  const ofPlan = ({ acts, call, id, inner }: Plan, indent: string): string => {
    const { decision, fails, kind, length, pools, rates, tool, touches } = call
    return [
      `${indent}${id} ${tool} ${kind} of ${length}`,
      ...fails === 0 ? [] : [`fails ${fails}`],
      ...acts === undefined ? [] : [`like ${acts.id}`],
      ...isAsked(tool) ? [decision.join(" after ")] : [],
      ...touches.map((touch) => touch.mode === "exclusive" ? "exclusive" : `${touch.mode} "${touch.key}"`),
      ...pools.map(({ key, limit }) => `${limit} of ${key}`),
      ...rates.map((name) => `rate ${name}`)
    ].join(", ") + (inner === undefined ? "" : `\n${ofRun(inner, `${indent}  inside: `)}`)
  }
  const { interruptedAfter, later, limit } = one
  return `limit ${limit}, later ${later}, interrupted after ${interruptedAfter}\n${
    planned(one).map((run) => ofRun(run, "run: ")).join("\n")
  }`
}
