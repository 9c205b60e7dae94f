/**
 * The questions of `volley run --approve ask`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Approver, ToolCall } from "@volley/core"
import { Effect, Fiber } from "effect"
import { once } from "node:events"
import { createInterface } from "node:readline/promises"
import { PassThrough } from "node:stream"
import { asking } from "../src/Approval.ts"

/** Two questions asked at once, and the key that a person presses at each. */
const pressing = (keys: string, args: unknown = {}, shown: Array<string> = []) => {
  const input = new PassThrough()
  const output = new PassThrough()
  const call = ToolCall.make({ id: "a", name: "pay", arguments: args })
  const question = { call, tool: "pay", parameters: {}, key: "k" }
  const asked = Effect.flatMap(
    Approver.Approver,
    ({ decide }) => Effect.all([decide(question), decide(question)], { concurrency: 2 })
  ).pipe(
    Effect.provide(asking(Effect.sync(() => createInterface({ input, output, terminal: true }))))
  )
  output.on("data", (text) => shown.push(String(text)) && String(text).includes("[y/N]") && input.write(keys))
  return asked
}

describe("a question", () => {
  it.live.each(
    [
      { key: "y", keys: "y\r", decision: "allowed" },
      { key: "nothing", keys: "\r", decision: "denied" },
      { key: "Ctrl+D", keys: "\u0004", decision: "denied" }
    ] as const
  )("at which $key is pressed is answered: $decision", ({ decision, keys }) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* pressing(keys), [decision, decision])
    }))

  it.live("shows what a terminal would obey", () =>
    Effect.gen(function*() {
      const shown: Array<string> = []
      yield* pressing("y\r", { to: "Ann\u009b2K\u202e" }, shown)
      assert.include(shown.join(""), "Run pay {\"to\":\"Ann\\u009b2K\\u202e\"}? [y/N]")
    }))

  it.live("at which Ctrl+C is pressed ends the program", () =>
    Effect.gen(function*() {
      const signalled = once(process, "SIGINT")
      const fiber = yield* Effect.forkChild(pressing("\u0003"))
      yield* Effect.promise(() => signalled)
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))
})
