import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Cause, Effect, Exit, Fiber, Logger, Option, References, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"

const definition = { description: "For tests.", parameters: Schema.Struct({}), success: Schema.String }
const toolkit = Toolkit.make(
  Tool.make("look.up", { ...definition, execute: () => Effect.as(Effect.logInfo("looking"), "found") }),
  Tool.make("know", { ...definition, execute: () => Effect.succeed("known") }),
  Tool.make("crash", { ...definition, execute: () => Effect.die(new Error("boom")) }),
  Tool.make("stubborn", {
    ...definition,
    execute: () => Effect.as(Effect.uninterruptible(Effect.sleep("1 minute")), "late")
  })
)
const nested = Toolkit.make(
  Tool.make("nested", { ...definition, execute: () => Effect.withSpan(Effect.succeed("done"), "inside") })
)
const calls = (...names: ReadonlyArray<string>) =>
  names.map((name, index) => ToolCall.make({ id: `call_${index + 1}`, name, index }))

/** Keeps every span that ended, and how. */
const recordingTracer = () => {
  const ended: Array<{ readonly span: Tracer.Span; readonly exit: Exit.Exit<unknown, unknown> }> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const end = span.end.bind(span)
      span.end = (time, exit) => {
        ended.push({ span, exit })
        end(time, exit)
      }
      return span
    }
  })
  return { ended, tracer }
}

/** Keeps what is logged, with its annotations. */
const recordingLogger = () => {
  const lines: Array<readonly [level: string, message: unknown, annotations: object]> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    const text = Array.isArray(message) ? message[0] : message
    lines.push([logLevel, text, fiber.getRef(References.CurrentLogAnnotations)])
  })
  return { layer: Logger.layer([logger]), lines }
}

describe("spans", () => {
  it.effect("name the tool and the call, under the span of the caller, where somebody traces", () =>
    Effect.gen(function*() {
      const { ended, tracer } = recordingTracer()
      yield* Batch.run(Toolkit.merge(toolkit, nested), calls("look.up", "know", "crash", "nested")).pipe(
        Effect.withSpan("turn"),
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provide(Logger.layer([]))
      )
      assert.deepStrictEqual(ended.map(({ exit, span }) => [span.name, Exit.isSuccess(exit)]), [
        ["execute_tool look.up", true],
        ["execute_tool know", true],
        ["execute_tool crash", false],
        ["inside", true],
        ["execute_tool nested", true],
        ["turn", true]
      ])
      const [first] = ended
      assert.deepStrictEqual(Object.fromEntries(first!.span.attributes), {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look.up",
        "gen_ai.tool.call.id": "call_1"
      })
      assert.strictEqual(first!.span.kind, "internal")
      assert.strictEqual(Option.getOrUndefined(first!.span.parent)?.spanId, ended[5]!.span.spanId)
      assert.strictEqual(Option.getOrUndefined(ended[3]!.span.parent)?.spanId, ended[4]!.span.spanId)
      const crashed = ended[2]!.exit
      const told = Exit.isFailure(crashed) ? Cause.prettyErrors(crashed.cause).map(({ message }) => message) : []
      assert.deepStrictEqual(told, ["Defect"], "what a crash says stays at home")
    }))
})

describe("logs", () => {
  it.effect("that a tool writes name it and its call", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      yield* Effect.provide(Batch.run(toolkit, calls("look.up")), layer)
      assert.deepStrictEqual(lines, [["Info", "looking", { tool: "look.up", callId: "call_1" }]])
    }))

  it.effect("tell the host of a crash once, and that a tool ended after its call was answered", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const batch = Effect.provide(Batch.run(toolkit, calls("crash", "stubborn"), { timeout: "1 second" }), layer)
      const fiber = yield* Effect.forkChild(batch, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const { strays } = yield* Fiber.join(fiber)
      yield* TestClock.adjust("1 minute")
      yield* strays[0]!.await
      assert.deepStrictEqual(lines, [
        ["Error", "A tool crashed", { tool: "crash", callId: "call_1" }],
        ["Warn", "A tool ended after its call was answered without it; its result was dropped", {
          tool: "stubborn",
          callId: "call_2"
        }]
      ])
    }))
})
