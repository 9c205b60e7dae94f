import { assert, describe, it } from "@effect/vitest"
import { Agent, Approver, Batch, Limits, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Telemetry } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Cause, Effect, Exit, Fiber, Layer, Logger, Redacted, Schedule, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { pathOf, recordingTracer, type Seen } from "./spans.ts"

class NoCity extends Schema.TaggedError<NoCity>()("NoCity", { city: Schema.String }) {}

const city = Schema.Struct({ city: Schema.String })
const look = Tool.make("look", {
  description: "For tests.",
  parameters: city,
  success: Schema.String,
  failure: NoCity,
  readOnly: true,
  execute: ({ city }) => city === "Atlantis" ? new NoCity({ city }) : Effect.succeed(`${city} it is`)
})
const slow = Tool.make("slow", {
  description: "For tests.",
  parameters: city,
  success: Schema.String,
  timeout: "1 second",
  execute: () => Effect.never
})
const crash = Tool.make("crash", {
  description: "For tests.",
  parameters: city,
  success: Schema.String,
  execute: () => Effect.die(new Error("the key is sk-123"))
})
const asked = Tool.make("asked", {
  description: "For tests.",
  parameters: city,
  success: Schema.String,
  approval: true,
  execute: () => Effect.succeed("done")
})
const toolkit = Toolkit.make(look, slow, crash, asked)

const call = (id: string, name: string, args: unknown = { city: "Tokyo" }, index = 0) =>
  ToolCall.make({ id, name, arguments: args, index })

const quiet = Logger.layer([])

/** Runs a program with spans, and gives them. */
const traced = <A, E>(program: Effect.Effect<A, E>, options: Telemetry.Options = {}) =>
  Effect.gen(function*() {
    const { ended, tracer } = recordingTracer()
    const exit = yield* Effect.exit(program.pipe(
      Effect.withSpan("app"),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Layer.merge(Telemetry.layer(options), quiet))
    ))
    return { ended, exit }
  })

const attributesOf = ({ span }: Seen) => Object.fromEntries(span.attributes)
const named = (ended: ReadonlyArray<Seen>, name: string): Seen => {
  const found = ended.find(({ span }) => span.name === name)
  assert.isDefined(found)
  return found
}
const messageOf = ({ exit }: Seen) => Exit.isSuccess(exit) ? undefined : Cause.prettyErrors(exit.cause)[0]?.message

describe("spans", () => {
  it.effect("of an agent hold its turns and calls, under the span of whoever runs it", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer([
        {
          ...ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }),
          usage: { input: 9, output: 4, cached: 3, reasoning: 2 }
        },
        ScriptedModel.says("It is.")
      ])
      const agent = Agent.run({ name: "guide", toolkit: Toolkit.make(look), prompt: "Where?" })
      const { ended } = yield* traced(Effect.provide(agent, model))
      assert.deepStrictEqual(ended.map(({ span }) => pathOf(span)), [
        "app > invoke_agent guide > chat scripted",
        "app > invoke_agent guide > execute_tool look",
        "app > invoke_agent guide > chat scripted",
        "app > invoke_agent guide",
        "app"
      ])
      const { "gen_ai.conversation.id": id, ...chat } = attributesOf(ended[0]!)
      assert.deepStrictEqual(chat, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "scripted",
        "gen_ai.request.model": "scripted",
        "gen_ai.agent.name": "guide",
        "gen_ai.response.finish_reasons": ["tool_call"],
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 2
      })
      assert.isString(id)
      for (const one of ended.slice(0, 4)) assert.strictEqual(attributesOf(one)["gen_ai.conversation.id"], id)
      assert.strictEqual(ended[0]!.span.kind, "client")
    }))
})
