/**
 * Scripts of files, which nothing compiles: what they say is checked when they say it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { names, read, send, simulated } from "./requests.ts"

const nothing = () => []

/** A file's default export, which nothing compiles against a type. */
const exported = (module: object) => Reflect.get(module, "default")

const odd: ReadonlyArray<readonly [name: string, said: unknown, message: RegExp]> = [
  ["it wants no list", { wants: () => undefined, answer: () => "" }, /"wants" of the script gives is no list/],
  ["a call has no name", { wants: () => [{ nam: 3 }], answer: () => "" }, /no list of .*: 0: name: /],
  ["a call has no arguments", { wants: () => [{ name: "a" }], answer: () => "" }, /: 0: arguments: /],
  ["it answers no text", { wants: nothing, answer: () => 7 }, /"answer" of the script gives is no text/],
  ["it is none", { wants: [] }, /The script is none/],
  ["it is a number", 7, /The script is none/]
]

describe("A script that says what no model can say is refused in words", () => {
  it.effect.each(odd)("%s", ([, said, message]) =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated({ script: () => exported({ default: said }) })
      for (const wire of names) {
        const response = yield* Effect.promise(() => send(fetch, wire))
        assert.strictEqual(response.status, 400)
        assert.match((yield* read(response)).text.replaceAll("\\\"", "\""), message)
      }
      assert.strictEqual((yield* requests)[0]?.row, "script")
    }))

  it.effect("a script that is an object of a class is played", () =>
    Effect.gen(function*() {
      class Greeter {
        readonly text = "Hello."
        wants = nothing
        answer(): string {
          return this.text
        }
      }
      const { fetch } = yield* simulated({ script: () => new Greeter() })
      const { text } = yield* read(yield* Effect.promise(() => send(fetch, "openai-chat")))
      assert.include(text, "Hello.")
    }))
})
