/**
 * Somebody has something to say while an agent is at work.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Content, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { acting, recordingLogger } from "../support.ts"

const toolkit = Toolkit.make(acting("ok", () => Effect.succeed("fine")))

describe("what somebody says between rounds", () => {
  it.effect("stands behind the results, before the model is asked again", () =>
    Effect.gen(function*() {
      const queue = yield* Queue.unbounded<string>()
      yield* Queue.offerAll(queue, ["Faster!", "And cheaper."])
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "ok" }),
        ScriptedModel.calls({ name: "ok" }),
        ScriptedModel.says("Done.")
      ])
      const steer = Effect.suspend(() => queue.state._tag === "Done" ? Effect.succeed([]) : Queue.clear(queue))
      const events = yield* Effect.provide(
        Stream.runCollect(Agent.stream({ toolkit, prompt: "Go on.", steer })),
        model.layer
      )
      assert.deepStrictEqual(model.requests[1]!.conversation.messages.slice(2), [
        { role: "tool", results: [{ callId: "call_1", name: "ok", text: "\"fine\"", isError: false }] },
        { role: "user", text: "Faster!" },
        { role: "user", text: "And cheaper." }
      ])
      assert.strictEqual(model.requests[2]!.conversation.messages.length, 7)
      assert.deepStrictEqual(
        events.flatMap((event) =>
          event._tag === "Steered" ? [event.said.length, event.conversation.messages.length] : []
        ),
        [2, 5]
      )
    }))

  it.effect("may be an image, and is kept where the agent is interrupted", () =>
    Effect.gen(function*() {
      const said = [Content.text("Look:"), Content.image("image/png", "AAAA")]
      let left: Agent.Left | undefined
      const agent = Agent.stream({
        toolkit,
        prompt: "Go on.",
        steer: Effect.succeed([said]),
        onInterrupt: (what) => Effect.sync(() => void (left = what))
      })
      yield* agent.pipe(
        Stream.takeUntil(({ _tag }) => _tag === "Steered"),
        Stream.runDrain,
        Effect.provide(ScriptedModel.layer([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("Done.")]))
      )
      assert.deepStrictEqual(left?.conversation.messages[3], { role: "user", text: "Look:", content: said })
    }))

  it.effect("is not asked for where the model has answered", () =>
    Effect.gen(function*() {
      let asked = 0
      const steer = Effect.sync(() => (asked++, []))
      yield* Effect.provide(
        Agent.run({ toolkit, prompt: "Go on.", steer }),
        ScriptedModel.layer([ScriptedModel.says("Done.")])
      )
      assert.strictEqual(asked, 0)
    }))

  it.effect("is nothing where it is an empty text, or nothing that can be said, or asking crashes, which is logged", () => {
    const { layer, lines } = recordingLogger()
    return Effect.gen(function*() {
      const noEffect = Effect.flatMap(Effect.yieldNow, (): Effect.Effect<never> => undefined as never)
      const crashing = [Effect.die(new Error("bug")), noEffect]
      const odd = ["Faster!", undefined, [5], [[{ type: "video" }]]].map((said) => Effect.succeed(said as never))
      for (const steer of [Effect.succeed(["", " "]), ...crashing, ...odd]) {
        const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("Done.")])
        const ended = yield* Effect.provide(Agent.run({ toolkit, prompt: "Go on.", steer }), model.layer)
        assert.deepStrictEqual(ended.conversation.messages.map(({ role }) => role), [
          "user",
          "assistant",
          "tool",
          "assistant"
        ])
      }
      assert.deepStrictEqual(
        lines.map(({ text }) => text),
        [...crashing, ...odd].map(() => "`steer` crashed")
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("is waited for as long as the agent has time, or until it is interrupted", () => {
    const { layer, lines } = recordingLogger()
    return Effect.gen(function*() {
      const left: Array<Agent.Left> = []
      const run = (maxDuration: "1 minute" | undefined) =>
        Agent.run({
          toolkit,
          prompt: "Go on.",
          steer: Effect.never,
          maxDuration,
          onInterrupt: (what) => Effect.sync(() => void left.push(what))
        }).pipe(
          Effect.flip,
          Effect.provide(ScriptedModel.layer([ScriptedModel.calls({ name: "ok" })])),
          Effect.forkChild
        )
      const late = yield* run("1 minute")
      const stopped = yield* run(undefined)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(stopped)
      assert.strictEqual((yield* Fiber.join(late)).reason._tag, "LimitReached")
      assert.deepStrictEqual(left.map(({ conversation }) => conversation.messages.length), [3])
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(layer))
  })
})
