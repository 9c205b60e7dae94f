import { assert, describe, it } from "@effect/vitest"
import { CallError } from "@volley/core"
import { Schema } from "effect"
import { cut, errorText } from "../../src/internal/text.ts"

const bytes = (text: string) => new TextEncoder().encode(text).length

describe("cut", () => {
  it("leaves a text alone that has no more bytes than allowed", () => {
    for (const text of ["", "abc", "äöü", "😀"]) assert.strictEqual(cut(text, bytes(text)), text)
  })

  it("counts bytes, not characters", () => {
    assert.strictEqual(cut("ääää", 4), "ää… [cut: the first 4 of 8 bytes]")
  })

  it.each([[0, ""], [1, "a"], [2, "a"], [4, "a"], [5, "a😀"], [6, "a😀b"]])(
    "never cuts inside a character: %i bytes of a😀bc are “%s”",
    (maxBytes, head) => {
      assert.strictEqual(cut("a😀bc", maxBytes).split("…")[0], head)
    }
  )

  it.prop(
    "keeps a beginning that fits, well-formed, and says so",
    { text: Schema.String, maxBytes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })) },
    ({ maxBytes, text }) => {
      const shown = cut(text, maxBytes)
      if (bytes(text) <= maxBytes) return assert.strictEqual(shown, text)
      const mark = shown.lastIndexOf("… [cut")
      const head = shown.slice(0, mark)
      assert.isTrue(text.startsWith(head))
      assert.isAtMost(bytes(head), maxBytes)
      if (text.isWellFormed()) assert.isTrue(head.isWellFormed())
      assert.isAtMost(bytes(shown.slice(mark)), 100)
    },
    { arbitrary: { runs: 300 } }
  )
})

describe("errorText", () => {
  const error = new CallError.ToolFailure({
    tool: "search",
    failure: "no",
    encoded: { _tag: "Denied", why: "x".repeat(500) },
    isRetryable: false
  })

  it("writes a short error whole", () => {
    assert.deepStrictEqual(JSON.parse(errorText(error, 10_000)), CallError.toModel(error))
  })

  it("keeps a long one JSON, with its type, and says what was left out", () => {
    const shown = JSON.parse(errorText(error, 200))
    assert.deepStrictEqual([shown.error.type, shown.error.safeToRepeat], ["Denied", false])
    assert.match(shown.error.data, /^\[left out: the whole error has \d+ bytes\]$/)
    assert.isAtMost(bytes(errorText(error, 200)), 200)
  })

  it("stays JSON where hardly anything is allowed", () => {
    assert.strictEqual(JSON.parse(errorText(error, 0)).error.type, "Denied")
  })
})
