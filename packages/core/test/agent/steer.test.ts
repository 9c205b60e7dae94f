/**
 * Somebody has something to say while an agent is at work.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Content, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Queue, Stream } from "effect"
import { acting } from "../support.ts"

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
})
