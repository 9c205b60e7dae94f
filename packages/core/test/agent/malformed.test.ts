/**
 * What an agent makes of turns that their provider could not read.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, ChatModelError, Conversation, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect } from "effect"
import { acting, ends, run } from "../support.ts"

const toolkit = Toolkit.make(acting("ok", () => Effect.succeed("fine")))
const problem = "MALFORMED_FUNCTION_CALL: print(look())"
const options = { toolkit, prompt: "Go on." }

describe.each([{ streaming: false }, { streaming: true }])(
  "a malformed turn (streaming: $streaming)",
  ({ streaming }) => {
    it.effect("is asked for again with what was wrong, and leaves nothing else behind where it says nothing", () =>
      Effect.gen(function*() {
        const model = ScriptedModel.make([ScriptedModel.malformed(problem), ScriptedModel.says("Done.")])
        const ended = yield* run(model, { ...options, streaming })
        assert.strictEqual(ended.answer, "Done.")
        const [asked, hint, ...more] = model.requests[1]!.conversation.messages
        assert.deepStrictEqual([asked, more], [Conversation.user("Go on."), []])
        assert.include(hint?.role === "user" ? hint.text : "", problem)
      }))

    it.effect("keeps what it said", () =>
      Effect.gen(function*() {
        const model = ScriptedModel.make([ScriptedModel.malformed(problem, "I look."), ScriptedModel.says("Done.")])
        const { conversation } = yield* run(model, { ...options, streaming })
        assert.deepStrictEqual(conversation.messages.map(({ role }) => role), [
          "user",
          "assistant",
          "user",
          "assistant"
        ])
      }))

    it.effect("has its calls answered, none of which runs", () =>
      Effect.gen(function*() {
        const half = ScriptedModel.turn({ calls: [{ name: "ok", status: "truncated" }], finish: "malformed" })
        const ended = yield* run(ScriptedModel.make([half, ScriptedModel.says("Done.")]), { ...options, streaming })
        assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["Truncated"]])
        assert.strictEqual(ended.answer, "Done.")
      }))

    it.effect("is a failure once there is no round left, with what was wrong and all that was said", () =>
      Effect.gen(function*() {
        const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" }), ScriptedModel.malformed(problem)], {
          repeat: true
        })
        const error = yield* Effect.flip(
          Effect.provide(Agent.run({ ...options, maxRounds: 3, streaming }), model.layer)
        )
        assert.instanceOf(error, ChatModelError.ChatModelError)
        assert.instanceOf(error.reason, ChatModelError.UnusableResponse)
        assert.include(error.message, problem)
        assert.strictEqual(model.requests.length, 4)
        assert.deepStrictEqual(error.conversation?.messages.map(({ role }) => role), [
          "user",
          "assistant",
          "tool",
          "user",
          "user"
        ])
      }))
  }
)
