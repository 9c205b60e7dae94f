import type { AgentObserver, ChatModel } from "@volley/core"
import * as Pricing from "@volley/core/Pricing"
import * as Context from "effect/Context"
import type * as Tracer from "effect/Tracer"
import * as Names from "./conventions.ts"

/**
 * The agent that something happens in.
 *
 * - `turns`, `calls`: how many there have been, without those of agents inside it
 * - `cost`: of the turns that its model took here, those of agents inside it too; undefined once one of them has no price
 */
export class Within {
  readonly conversationId: string
  readonly agent: string | undefined
  readonly #pricing: Pricing.Pricing | undefined
  readonly #outer: Within | undefined
  turns = 0
  calls = 0
  cost: number | undefined

  constructor({ conversationId, isInner, name, pricing }: AgentObserver.Agent, around: Within | undefined) {
    this.conversationId = conversationId
    this.agent = name
    this.#pricing = pricing
    this.#outer = isInner ? around : undefined
    this.cost = pricing && 0
  }

  /** The agent that is no call of another one. */
  get outermost(): Within {
    return this.#outer?.outermost ?? this
  }

  /** A turn was taken; gives what it cost. One that is told again from a record was paid for before, and is not taken. */
  took({ model, usage }: ChatModel.Turn): number | undefined {
    const cost = this.#pricing && Pricing.cost(this.#pricing, model, usage)
    this.#add(cost)
    return cost
  }

  #add(cost: number | undefined): void {
    this.cost = this.cost === undefined || cost === undefined ? undefined : this.cost + cost
    if (this.#outer !== undefined) this.#outer.#add(cost)
  }

  /** Some viewers find a conversation only where each span of it has its id. */
  name(span: Tracer.Span): void {
    span.attribute(Names.conversationId, this.conversationId)
    if (this.agent !== undefined) span.attribute(Names.agentName, this.agent)
  }
}

export const Current = Context.Reference<Within | undefined>("@volley/telemetry/Within", {
  defaultValue: () => undefined
})
