import { assert, describe, it } from "@effect/vitest"
import { ChatModelError } from "@volley/core"
import { Effect, Schema } from "effect"

describe("ChatModelError.fromStatus", () => {
  it.each([
    [400, "InvalidRequest", false],
    [401, "Unauthorized", false],
    [402, "QuotaExhausted", false],
    [403, "Unauthorized", false],
    [404, "InvalidRequest", false],
    [408, "ProviderFailed", true],
    [409, "ProviderFailed", true],
    [413, "InvalidRequest", false],
    [422, "InvalidRequest", false],
    [429, "RateLimited", true],
    [500, "ProviderFailed", true],
    [503, "ProviderFailed", true],
    [529, "ProviderFailed", true]
  ])("sorts %i as %s", (status, tag, isRetryable) => {
    const reason = ChatModelError.fromStatus({ status, message: "because" })
    assert.deepStrictEqual([reason._tag, reason.isRetryable, reason.message], [tag, isRetryable, "because"])
  })

  it("takes what is no status for a failure of the provider", () => {
    assert.strictEqual(ChatModelError.fromStatus({ status: 450.5, message: "because" })._tag, "ProviderFailed")
  })

  it("keeps the provider's advice on when to come back", () => {
    const reason = ChatModelError.fromStatus({ status: 429, message: "slow down", retryAfterMillis: 1500 })
    assert(reason._tag === "RateLimited")
    assert.strictEqual(reason.retryAfterMillis, 1500)
  })
})

describe("ChatModelError.statusOf", () => {
  it("is a number or the text of one, of an error alone", () => {
    const told = [429, "503", 200, "2xx", 4.5, null, undefined, [429], { toString: 1, valueOf: 1 }]
    assert.deepStrictEqual(told.map(ChatModelError.statusOf), [429, 503, ...Array.from({ length: 7 }, () => undefined)])
  })
})

describe("ChatModelError.retryAfterMillis", () => {
  const now = Date.parse("2026-01-01T00:00:00Z")
  const read = (headers: Record<string, string>) => ChatModelError.retryAfterMillis(new Headers(headers), now)

  it.each([
    ["seconds", { "retry-after": "2" }, 2000],
    ["a fraction of a second", { "retry-after": "0.5" }, 500],
    ["a date", { "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" }, 10_000],
    ["a date that has passed as now", { "retry-after": "Wed, 31 Dec 2025 23:00:00 GMT" }, 0],
    ["milliseconds before seconds", { "retry-after-ms": "750", "retry-after": "60" }, 750],
    ["seconds where the milliseconds are none", { "retry-after-ms": "soon", "retry-after": "3" }, 3000],
    ["nothing in a wait without end", { "retry-after-ms": "1e999", "retry-after": "1e999" }, undefined],
    ["nothing in what is neither", { "retry-after": "soon" }, undefined],
    ["nothing in words that Date takes for a day", { "retry-after": "try 3" }, undefined],
    ["nothing in less than none", { "retry-after": "-3" }, undefined],
    ["nothing in an empty text", { "retry-after": "" }, undefined],
    ["seconds where the milliseconds are empty", { "retry-after-ms": "", "retry-after": "3" }, 3000],
    ["a date as older servers write it", { "retry-after": "Thursday, 01-Jan-26 00:00:10 GMT" }, 10_000],
    ["nothing without headers of that name", {}, undefined]
  ])("reads %s", (_, headers, millis) => {
    assert.strictEqual(read(headers), millis)
  })

  it("reads nothing where there are no headers", () => {
    assert.isUndefined(ChatModelError.retryAfterMillis(undefined, now))
  })
})

describe("ChatModelError", () => {
  const error = new ChatModelError.ChatModelError({
    wire: "anthropic",
    reason: new ChatModelError.RateLimited({ message: "slow down", retryAfterMillis: 10 })
  })

  it("names the wire in its message, and knows whether the same request may succeed later", () => {
    assert.strictEqual(error.message, "anthropic: slow down")
    assert.isTrue(error.isRetryable)
  })

  it.effect("is caught by its reason", () =>
    Effect.gen(function*() {
      const caught = yield* Effect.fail(error).pipe(
        Effect.catchReason("ChatModelError", "RateLimited", (reason) => Effect.succeed(reason.retryAfterMillis))
      )
      assert.strictEqual(caught, 10)
    }))

  it.effect("survives JSON", () =>
    Effect.gen(function*() {
      const codec = Schema.toCodecJson(ChatModelError.ChatModelError)
      const json = JSON.parse(JSON.stringify(yield* Schema.encodeEffect(codec)(error)))
      const back = yield* Schema.decodeEffect(codec)(json)
      assert.instanceOf(back, ChatModelError.ChatModelError)
      assert.strictEqual(back.message, error.message)
    }))
})
