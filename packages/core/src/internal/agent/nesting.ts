import * as Context from "effect/Context"
import type * as ChatModel from "../../ChatModel.ts"
import type { Used } from "../../Recorder.ts"
import * as Usage from "../../Usage.ts"
import { type Job, moreOf } from "../runner/job.ts"
import { usedWith } from "../runner/used.ts"
import type { Agent, Outer } from "./agent.ts"
import type { Bounds, Spent } from "./budget.ts"
import { afterTurn, costOf, type Held, spentOf, type State } from "./state.ts"

/** The agent whose calls are under way. */
export const Around = Context.Reference<Agent | undefined>("@volley/core/internal/Agent", {
  defaultValue: () => undefined
})

/** What is left for the calls of a turn, if as much time as the longest turn took is kept for an answer. */
export const deadlineOf = (agent: Agent, state: State, turnMillis: number): number => {
  const left = timeLeft(agent, state) - Math.max(turnMillis, state.turnMillis)
  return Math.max(0, Math.min(agent.deadline, left))
}

/** How much of its time an agent has left. */
export const timeLeft = (agent: Agent, state: State): number => agent.began + boundsAt(agent, state).time - agent.now()

/** What an agent has used, agents inside it included. */
export const spentBy = ({ began, inner, now }: Agent, state: State): Spent => spentOf(state, inner, now() - began)

/** The bounds of an agent, where it is inside of others no more than what those have left. */
export const boundsAt = (agent: Agent, state: State): Bounds => {
  const { bounds, outer } = agent
  if (outer === undefined) return bounds
  const spent = spentBy(agent, state)
  const left = leftIn(outer, agent)
  return {
    rounds: bounds.rounds,
    calls: Math.min(bounds.calls, spent.calls + left.calls),
    tokens: Math.min(bounds.tokens, spent.tokens + left.tokens),
    cost: Math.min(bounds.cost, spent.cost + left.cost),
    time: Math.min(bounds.time, spent.millis + left.time)
  }
}

/** What an agent leaves to one inside it, once it and the others inside it have what they hold. */
const leftIn = ({ agent, job }: Outer, { inner }: Agent): Bounds => {
  const state = stateOf(agent)
  const bounds = boundsAt(agent, state)
  const spent = spentBy(agent, state)
  const left = (what: keyof Held) => bounds[what] - spent[what] - agent.inner.held[what] + inner.held[what]
  return {
    rounds: Infinity,
    calls: left("calls"),
    tokens: left("tokens"),
    cost: left("cost"),
    time: Math.min(bounds.time - spent.millis - spent.turnMillis, job.expiresAt - job.run.now())
  }
}

/** The state of an agent, the turn included whose calls are under way. */
const stateOf = ({ options, standing: { heard, state } }: Agent): State =>
  typeof heard === "object" ? afterTurn(state, heard, 0, costOf(options.pricing, heard)) : state

/** What the first turn of an agent is taken to come to that is inside of another one: as much as those of that one. */
export const firstTurn = (outer: Outer | undefined): Partial<Pick<State, "turnTokens" | "turnCost" | "turnMillis">> => {
  if (outer === undefined) return {}
  const { turnCost, turnMillis, turnTokens } = stateOf(outer.agent)
  return { turnCost, turnMillis, turnTokens }
}

/** An agent and those that it is inside of. */
function* chainOf(agent: Agent): Iterable<Agent> {
  for (let one: Agent | undefined = agent; one !== undefined; one = one.outer?.agent) yield one
}

/** Keeps so much for an agent, which the others do not get that are inside of the same one. */
const hold = (agent: Agent, held: Partial<Held>): void => {
  for (const what of ["calls", "tokens", "cost"] as const) {
    const more = (held[what] ?? agent.held[what]) - agent.held[what]
    for (const { inner } of chainOf(agent)) inner.held[what] += more
    agent.held[what] += more
  }
}

/** Keeps room for so many turns like those before. */
export const holdTurns = (agent: Agent, state: State, turns: number): void => {
  const { nextTokens, turnCost } = spentBy(agent, state)
  hold(agent, { tokens: turns * nextTokens, cost: turns * turnCost })
}

/** Takes a turn down that has come: all that the agent is inside of pay for it as well. */
export const hear = (agent: Agent, turn: ChatModel.Turn): void => {
  agent.standing.heard = turn
  pay(agent.outer, { calls: 0, turns: [turn] })
  holdTurns(agent, stateOf(agent), turn.message.calls.length > 0 ? 1 : 0)
}

/** Has an agent, and all that it is inside of, pay for what was used inside a call of it. */
export const pay = (outer: Outer | undefined, used: Used): void => {
  if (outer === undefined) return
  for (const { inner, options } of chainOf(outer.agent)) {
    inner.calls += used.calls
    for (const turn of used.turns) {
      const cost = costOf(options.pricing, turn)
      inner.usage = Usage.plus(inner.usage, turn.usage)
      inner.cost = inner.cost === undefined || cost === undefined ? undefined : inner.cost + cost
    }
  }
  for (const job of jobsAround(outer)) {
    if (job.run.recorder !== undefined) moreOf(job).used = usedWith(job.more?.used, used)
  }
}

/** The calls that something is inside of: in each of the agents around it, that one's call and those around that. */
function* jobsAround(outer: Outer): Iterable<Job> {
  for (let at: Outer | undefined = outer; at !== undefined; at = at.agent.outer) {
    for (let job: Job | undefined = at.job; job !== undefined && job !== at.agent.around; job = job.run.lender) {
      yield job
    }
  }
}

/** Gives how many calls may still run; those that are wanted are held. */
export const holdCalls = (agent: Agent, state: State, wanted: number): number => {
  const left = Math.max(0, boundsAt(agent, state).calls - spentBy(agent, state).calls)
  hold(agent, { calls: Math.min(wanted, left) })
  return left
}

/** One more call has come. */
export const holdCall = (agent: Agent): void => hold(agent, { calls: agent.held.calls + 1 })

/** So many of the calls that were held have run. */
export const releaseCalls = (agent: Agent, ran: number): void => {
  hold(agent, { calls: 0 })
  pay(agent.outer, { calls: ran, turns: [] })
}

/** An agent that has ended holds nothing. */
export const letGo = (agent: Agent): void => hold(agent, { calls: 0, tokens: 0, cost: 0 })
