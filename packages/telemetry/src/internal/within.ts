import * as Context from "effect/Context"
import type * as Tracer from "effect/Tracer"
import * as Names from "./conventions.ts"

/**
 * The agent that something happens in.
 *
 * - `turns`, `calls`: how many there have been, without those of agents inside it
 */
export class Within {
  readonly conversationId: string
  readonly agent: string | undefined
  turns = 0
  calls = 0

  constructor(conversationId: string, agent: string | undefined) {
    this.conversationId = conversationId
    this.agent = agent
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
