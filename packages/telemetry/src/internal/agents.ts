import type { Agent as Agents, AgentObserver, Tool } from "@volley/core"
import { of } from "@volley/core/Trace"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Names from "./conventions.ts"
import type { Meter } from "./meter.ts"
import { spanned, typeOfCause } from "./spanned.ts"
import { Current, Within } from "./within.ts"

type Ended = Agents.Ended<Tool.Any, unknown>
type Failure = Effect.Error<AgentObserver.Ending<never>>

/** Follows an agent from its beginning to its end, whatever that is. */
export const followed = <R>(
  agent: AgentObserver.Agent,
  ending: AgentObserver.Ending<R>,
  meter: Meter | undefined,
  traces: boolean
): AgentObserver.Ending<R> =>
  Effect.contextWith((context: Context.Context<R>) => {
    const within = new Within(agent, Context.get(context, Current))
    const inside = Effect.provideService(ending, Current, within)
    const trace = traces ? of(context) : undefined
    const measured = meter === undefined ? inside : measure(agent, within, inside, meter, context)
    if (trace === undefined) return measured
    const span = trace.start(
      context,
      agent.name === undefined ? "invoke_agent" : `invoke_agent ${agent.name}`,
      "internal"
    )
    span.attribute(Names.operation, "invoke_agent")
    within.name(span)
    if (agent.about !== undefined) {
      span.attribute(Names.provider, agent.about.provider)
      span.attribute(Names.requestModel, agent.about.model)
    }
    return spanned(measured, trace, span, () => {
      if (within.cost !== undefined) span.attribute(Names.cost, within.cost)
    })
  })

const measure = <R>(
  agent: AgentObserver.Agent,
  within: Within,
  ending: AgentObserver.Ending<R>,
  meter: Meter,
  context: Context.Context<R>
): AgentObserver.Ending<R> =>
  Effect.suspend(() => {
    const clock = Context.get(context, Clock.Clock)
    const began = clock.monotonicTimeNanosUnsafe()
    const name = { [Names.agentName]: agent.name }
    const ended = (exit: Exit.Exit<Ended, Failure>) => {
      const seconds = Number(clock.monotonicTimeNanosUnsafe() - began) / 1e9
      meter.record(context, "agent", seconds, { ...name, [Names.errorType]: typeOfCause(exit) })
      meter.record(context, "inferences", within.turns, name)
      meter.record(context, "toolCalls", within.calls, name)
    }
    return Effect.onExit(ending, (exit) => Effect.sync(() => ended(exit)))
  })
