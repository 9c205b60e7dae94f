import type { Limit } from "../../AgentError.ts"

/** How much of everything an agent may use; `Infinity` where nothing was said. */
export type Bounds = Readonly<Record<Limit, number>>

/**
 * What an agent has used, and what another turn may cost.
 *
 * - `nextTokens`: as many as its largest turn had, the results behind the last one, and an answer
 * - `turnMillis`: as long as the longest turn so far; `turnCost`: as dear as the dearest
 */
export interface Spent {
  readonly rounds: number
  readonly calls: number
  readonly tokens: number
  readonly nextTokens: number
  readonly millis: number
  readonly turnMillis: number
  readonly cost: number
  readonly turnCost: number
}

/** The limit that one more round and the answer behind it would go beyond. */
export const metBy = (bounds: Bounds, spent: Spent): Limit | undefined => {
  if (spent.rounds >= bounds.rounds) return "rounds"
  if (spent.calls >= bounds.calls) return "calls"
  if (spent.tokens + 2 * spent.nextTokens > bounds.tokens) return "tokens"
  if (spent.cost + 2 * spent.turnCost > bounds.cost) return "cost"
  return spent.millis + 2 * spent.turnMillis > bounds.time ? "time" : undefined
}

/** The limit that leaves no room even for an answer. */
export const exceededBy = (bounds: Bounds, spent: Spent): Limit | undefined => {
  if (spent.tokens >= bounds.tokens || spent.tokens + spent.nextTokens > bounds.tokens) return "tokens"
  if (spent.cost >= bounds.cost || spent.cost + spent.turnCost > bounds.cost) return "cost"
  return spent.millis >= bounds.time ? "time" : undefined
}
