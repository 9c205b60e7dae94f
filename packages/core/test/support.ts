/**
 * What the tests of several modules arrange.
 */
import { assert } from "@effect/vitest"
import { Agent, type Batch, Tool, ToolCall } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import type { Duration } from "effect"
import { Effect, Logger, References, Result, Schema, Tracer } from "effect"

/** Parameters that take whatever object a call gives. */
export const Anything = Schema.Record(Schema.String, Schema.Json)

/** A tool that takes any object and answers, or fails, with a text. */
export const acting = <const Name extends string, R = never>(
  name: Name,
  execute: (parameters: typeof Anything.Type, call: Tool.Call) => Effect.Effect<string, string, R>,
  more: {
    readonly readOnly?: boolean
    readonly idempotent?: boolean
    readonly timeout?: Duration.Input
  } = {}
) =>
  Tool.make(name, {
    description: `The tool ${name}.`,
    parameters: Anything,
    success: Schema.String,
    failure: Schema.String,
    execute,
    ...more
  })

/** A tool that is not run before somebody has decided. */
export const pay = Tool.make("pay", {
  description: "Pays.",
  parameters: Schema.Struct({}),
  success: Schema.String,
  approval: "always",
  execute: () => Effect.succeed("paid")
})

/** Calls of these tools, in this order; their ids are `call_1`, `call_2` and so on. */
export const callsOf = (...names: ReadonlyArray<string>): ReadonlyArray<ToolCall.ToolCall> =>
  names.map((name, index) => ToolCall.make({ id: `call_${index + 1}`, name, index }))

/** So many calls of one tool. */
export const timesOf = (count: number, name: string): ReadonlyArray<ToolCall.ToolCall> =>
  callsOf(...Array.from({ length: count }, () => name))

/** How each call ended: its value, its tool's own failure as `{ failure }`, or the name of what the runner found. */
export const ends = (settled: Batch.Settled<Tool.Any>): ReadonlyArray<unknown> =>
  settled.outcomes.map(({ result }) =>
    Result.isSuccess(result)
      ? result.success
      : result.failure._tag === "ToolFailure"
      ? { failure: result.failure.failure }
      : result.failure.reason._tag
  )

/** The error that the model is shown for the outcome at `index`. */
export const shown = (settled: Batch.Settled<Tool.Any>, index = 0): Record<string, unknown> =>
  JSON.parse(settled.outcomes[index]!.encoded).error

/** A logger that remembers what it is told. */
export const recordingLogger = () => {
  const lines: Array<{ readonly level: string; readonly text: string; readonly annotations: object }> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    const text = (Array.isArray(message) ? message : [message]).filter((part) => typeof part === "string").join(" ")
    lines.push({ level: logLevel, text, annotations: { ...fiber.getRef(References.CurrentLogAnnotations) } })
  })
  return { lines, layer: Logger.layer([logger]) }
}

/** A tracer, and the names of the spans that it was asked for. */
export const namingTracer = () => {
  const names: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      names.push(options.name)
      return new Tracer.NativeSpan(options)
    }
  })
  return { names, tracer }
}

/** A count of what is going on at once. */
export const gauge = () => {
  const counts = { started: 0, running: 0, most: 0 }
  const measured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        counts.started++
        counts.most = Math.max(counts.most, ++counts.running)
      }),
      () => effect,
      () => Effect.sync(() => counts.running--)
    )
  return { counts, measured }
}

/** Runs an agent against a script and sees to it that every call of the conversation is answered. */
export const run = Effect.fnUntraced(function*<T extends Tool.Any>(
  model: ScriptedModel.ScriptedModel,
  options: Agent.Options<T>
) {
  const ended = yield* Effect.provide(Agent.run(options), model.layer)
  assert.isUndefined(ScriptedModel.violationOf(ended.conversation))
  return ended
})
