/**
 * Spans and metrics of agents, turns and calls, under the names of OpenTelemetry's GenAI conventions.
 */
import { AgentObserver } from "@volley/core/AgentObserver"
import { CallObserver } from "@volley/core/CallObserver"
import { TurnObserver } from "@volley/core/ChatModel"
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

/**
 * Lets all contents leave, but for secrets.
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Telemetry } from "@volley/telemetry"
 * import { Effect, Schema, Tracer } from "effect"
 *
 * const logIn = Tool.make("log_in", {
 *   description: "Logs a user in. Both come from the user.",
 *   parameters: Schema.Struct({ user: Schema.String, pin: Schema.String.annotate(Telemetry.secret) }),
 *   success: Schema.Void,
 *   execute: () => Effect.void
 * })
 * const call = ToolCall.make({ id: "call_1", name: "log_in", arguments: { user: "ada", pin: "1234" } })
 *
 * // Stands in for the tracer of an exporter.
 * const spans: Array<Tracer.NativeSpan> = []
 * const tracer = Tracer.make({
 *   span: (options) => {
 *     const span = new Tracer.NativeSpan(options)
 *     spans.push(span)
 *     return span
 *   }
 * })
 * const batch = Effect.provide(
 *   Batch.run(Toolkit.make(logIn), [call]),
 *   Telemetry.layer({ content: Telemetry.everything })
 * )
 * await Effect.runPromise(Effect.provideService(batch, Tracer.Tracer, tracer))
 * console.log(spans[0]?.attributes.get("gen_ai.tool.call.arguments")) // => {"user":"ada","pin":"[redacted]"}
 * ```
 */
export const everything: Content = (_where, json) => json

/** Marks a schema as secret: `Schema.String.annotate(Telemetry.secret)`. No content shows its values. */
export const secret: { readonly [annotation]: true } = { [annotation]: true }

/**
 * Follows the agents, turns and calls of a program.
 *
 * - exporters are those of the program: Effect's `Otlp`, or `@effect/opentelemetry`
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { Telemetry } from "@volley/telemetry"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Tracer } from "effect"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")]) // a provider's layer
 * const agent = Agent.run({ name: "greeter", toolkit: Toolkit.make(), prompt: "Hello!" })
 *
 * // Stands in for the tracer of an exporter.
 * const spans: Array<Tracer.Span> = []
 * const tracer = Tracer.make({
 *   span: (options) => {
 *     const span = new Tracer.NativeSpan(options)
 *     spans.push(span)
 *     return span
 *   }
 * })
 * const program = Effect.provide(agent, [model, Telemetry.layer()])
 * await Effect.runPromise(Effect.provideService(program, Tracer.Tracer, tracer))
 * console.log(spans.map(({ name }) => name).join(", ")) // => invoke_agent greeter, chat scripted
 * ```
 */
export const layer = (options: Options = {}): Layer.Layer<never> => {
  const { content, metrics = true, spans = true } = options
  const meter = metrics ? new Meter() : undefined
  const calls = Layer.succeed(CallObserver, (context) => {
    const means = { trace: spans ? of(context) : undefined, meter, content, within: Context.get(context, Current) }
    return new Calls(means, context)
  })
  const agents = Layer.succeed(AgentObserver, (agent, ending) => Agents.followed(agent, ending, meter, spans))
  const turns = Layer.succeed(
    TurnObserver,
    (model) => Models.followed(model, { traces: spans, meter, content })
  )
  return Layer.mergeAll(calls, agents, turns)
}
