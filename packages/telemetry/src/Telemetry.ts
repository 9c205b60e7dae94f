/**
 * Spans and metrics of agents, turns and calls, under the names of OpenTelemetry's GenAI conventions.
 */
import { AgentObserver } from "@volley/core/AgentObserver"
import { CallObserver } from "@volley/core/CallObserver"
import { of } from "@volley/core/Trace"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Agents from "./internal/agents.ts"
import { Calls } from "./internal/calls.ts"
import type { Content } from "./internal/content.ts"
import { Meter } from "./internal/meter.ts"
import * as Models from "./internal/models.ts"
import { annotation } from "./internal/secret.ts"
import { Current } from "./internal/within.ts"

export type { Content, Where, Whose } from "./internal/content.ts"
export { snapshot } from "./internal/conventions.ts"

/**
 * What is told.
 *
 * - `content`: gives what of arguments, results, messages, instructions and crashes may leave with the spans; none of it
 *   leaves where this is left out. Is never shown what a schema marks as secret
 * - `spans`, `metrics`: false switches them off; spans are there only where the program has a tracer
 */
export interface Options {
  readonly content?: Content | undefined
  readonly spans?: boolean | undefined
  readonly metrics?: boolean | undefined
}

/** Lets all contents leave, but for secrets. */
export const everything: Content = (_where, json) => json

/** Marks a schema as secret: `Schema.String.annotate(Telemetry.secret)`. No content shows its values. */
export const secret: { readonly [annotation]: true } = { [annotation]: true }

/**
 * Follows the agents, turns and calls of a program.
 *
 * - exporters are those of the program: Effect's `Otlp`, or `@effect/opentelemetry`
 */
export const layer = (options: Options = {}): Layer.Layer<never> => {
  const { content, metrics = true, spans = true } = options
  const meter = metrics ? new Meter() : undefined
  const calls = Layer.succeed(CallObserver, (context) => {
    const means = { trace: spans ? of(context) : undefined, meter, content, within: Context.get(context, Current) }
    return new Calls(means, context)
  })
  const agents = Layer.succeed(AgentObserver, {
    agent: (agent, ending) => Agents.followed(agent, ending, meter, spans),
    model: (model) => Models.followed(model, { traces: spans, meter, content })
  })
  return Layer.merge(calls, agents)
}
