/**
 * What a provider's SDK throws, as the reason that there is no turn; and every error as JSON.
 */
import { assert, describe, it } from "@effect/vitest"
import { AgentError, CallError, ChatModel, ChatModelError, Conversation, Json } from "@volley/core"
import { Cause, Effect, Redacted, Result, Schema } from "effect"

const client = { url: undefined, now: 0, refusal: undefined, isOwn: false }

describe("ChatModelError.fromClient", () => {
  it("sorts a refusal by its status, with the advice in its headers", () => {
    const headers = new Headers({ "retry-after": "2" })
    const reason = ChatModelError.fromClient(new Error("?"), {
      ...client,
      refusal: { status: 429, message: "slow down", headers }
    })
    assert.deepStrictEqual(reason, new ChatModelError.RateLimited({ message: "slow down", retryAfterMillis: 2000 }))
  })

  it("takes what cannot be parsed for a response that is none", () => {
    const reason = ChatModelError.fromClient(new SyntaxError("Unexpected token"), client)
    assert.deepStrictEqual(reason, new ChatModelError.UnusableResponse({ message: "not a response: Unexpected token" }))
  })

  it("takes what the SDK itself refuses to send for a bad request", () => {
    const reason = ChatModelError.fromClient(new Error("no model"), { ...client, isOwn: true })
    assert.deepStrictEqual(reason, new ChatModelError.InvalidRequest({ message: "no model" }))
  })

  it("takes all else for no answer, and says of whom and why, down to the code underneath", () => {
    const cause = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" })
    const numbered = Object.assign(new Error("it is over"), { code: 7 })
    const url = "http://localhost:1"
    const texts = [
      [new Error("Connection error.", { cause }), "Connection error.: connect failed (ECONNREFUSED)"],
      [new Error("Connection error.", { cause: "nobody" }), "Connection error.: nobody"],
      [numbered, "it is over"],
      ["gone", "gone"]
    ] as const
    for (const [error, text] of texts) {
      assert.deepStrictEqual(
        ChatModelError.fromClient(error, { ...client, url }),
        new ChatModelError.Unreachable({ message: `no answer from ${url}: ${text}`, url })
      )
    }
    const nameless = ChatModelError.fromClient("gone", client)
    assert.strictEqual(nameless.message, "no answer from the provider: gone")
    assert.isTrue(nameless.isRetryable)
  })

  it.each([
    ["http://ann:pass-of-ann@127.0.0.1:9/v1", "http://127.0.0.1:9/v1"],
    ["https://gateway.example/v1?token=abc#d", "https://gateway.example/v1"],
    ["https://gateway.example", "https://gateway.example"],
    ["nowhere", "nowhere"]
  ])("says of whom without what a URL has of secrets: %s", (url, shown) => {
    assert.deepStrictEqual(
      ChatModelError.fromClient(new TypeError(`cannot fetch ${url}`), { ...client, url }),
      new ChatModelError.Unreachable({ message: `no answer from ${shown}: cannot fetch ${shown}`, url: shown })
    )
  })
})

describe("ChatModelError.fromCutStream", () => {
  it("says what is missing, and may succeed later", () => {
    const reason = ChatModelError.fromCutStream("`message_stop`")
    assert.strictEqual(reason.message, "the connection broke: the stream ended without `message_stop`")
    assert.isTrue(reason.isRetryable)
  })
})

describe("ChatModelError.readWith", () => {
  const read = ChatModelError.readWith(Schema.is(Schema.Int), Schema.Int)

  it("gives JSON back that is what it has to be, and says what is wrong with any other", () => {
    assert.deepStrictEqual(read(1), Result.succeed(1))
    assert.deepStrictEqual(read("a"), Result.fail("Expected number"))
  })
})

describe("JSON of unknown origin", () => {
  const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)]
  const most = { depth: 2, values: 3, number: 10 }

  it("is taken up to the very limits", () => {
    for (const json of [[[null]], [1, 2, 3], [10, -10], { a: { b: 1 } }, null]) {
      assert.deepStrictEqual<unknown>(Json.within(json, most), Result.succeed(json))
    }
    assert.isUndefined(Json.problemOf(Number.MAX_VALUE))
  })

  it("is refused beyond them", () => {
    const problems = [[[[]]], [1, 2, 3, 4], [10.5], [-11]].map((json) => Json.problemOf(json, most))
    const large = "written with a number that is too large"
    assert.deepStrictEqual(problems, ["nested more than 2 levels deep", "made of more than 3 values", large, large])
  })

  it("may be as deep in a response as fits into a stored message with what is written around it", () => {
    const read = ChatModelError.readWith((_json): _json is unknown => true, Schema.Unknown)
    assert.deepStrictEqual([1024, 1025].map((depth) => Result.isSuccess(read(nested(depth)))), [true, false])
    const stored = Schema.decodeUnknownResult(Conversation.Conversation)
    const keeps = [1040, 1041].map((depth) => {
      const native = { wire: "some", message: nested(depth) }
      const messages = [{ role: "assistant", text: "", calls: [], native }]
      return Result.isSuccess(stored({ runId: "run", messages }))
    })
    assert.deepStrictEqual(keeps, [true, false])
  })
})

describe("the tokens of a turn", () => {
  it("are the sum of what the provider counts, where that is a number", () => {
    assert.strictEqual(ChatModel.tokens(1, undefined, 2, null, "3", Number.NaN, Infinity), 3)
    assert.strictEqual(ChatModel.tokens(), 0)
  })
})

describe("ChatModelError.concealed", () => {
  const failed = (message: string) => new ChatModelError.ProviderFailed({ message, status: 500 })
  const conceal = (message: string, secret: string) => ChatModelError.concealed(failed(message), Redacted.make(secret))

  it("takes a secret out wherever it stands, and keeps the rest", () => {
    assert.deepStrictEqual(
      conceal("12345678 is not 12345678?", "12345678"),
      failed("<the API key> is not <the API key>?")
    )
  })

  it("gives a reason without it back as it is", () => {
    const reason = failed("gone")
    assert.strictEqual(ChatModelError.concealed(reason, Redacted.make("12345678")), reason)
  })

  it("leaves one of a few letters, which is no secret, alone", () => {
    assert.strictEqual(conceal("not allowed", "not").message, "not allowed")
  })
})

describe("a wait that a provider advises", () => {
  it("is never less than none", () => {
    const headers = new Headers({ "retry-after-ms": "-5", "retry-after": "3" })
    assert.strictEqual(ChatModelError.retryAfterMillis(headers, 0), 3000)
  })

  it("may be none", () => {
    assert.strictEqual(
      ChatModelError.retryAfterMillis(new Headers({ "retry-after-ms": "0", "retry-after": "9" }), 0),
      0
    )
  })
})

describe("every error", () => {
  const cause = Cause.fail("bug")
  const flags = { started: true, harmless: false }
  const conversation = Conversation.make("Hi", { runId: "run" })

  it.effect.each([
    new CallError.UnknownTool({ available: ["a"] }),
    new CallError.InvalidArguments({ issues: [{ path: "a.b", message: "Missing" }] }),
    new CallError.Truncated(),
    new CallError.LimitExceeded({ maxCalls: 3 }),
    new CallError.Timeout({ limit: "deadline", millis: 5, ...flags }),
    new CallError.Defect({ harmless: true, cause }),
    new CallError.Interrupted({ by: "failFast", cause, ...flags }),
    new CallError.Unencodable({ issue: "not JSON" }),
    new CallError.Uncertain({ after: "c1" }),
    new CallError.DependencyFailed({ root: "c1", type: "Timeout" }),
    new CallError.Denied({ why: "no" }),
    new CallError.Undecided({ after: "c1" })
  ])("of a call keeps all that it says: $_tag", (reason) =>
    Effect.gen(function*() {
      const error = new CallError.CallError({ callId: "c", tool: "t", reason })
      const codec = Schema.toCodecJson(CallError.Codec)
      const back = yield* Schema.decodeEffect(codec)(
        JSON.parse(JSON.stringify(yield* Schema.encodeEffect(codec)(error)))
      )
      assert.deepStrictEqual({ ...back.reason }, { ...reason })
      assert.strictEqual(back.message, error.message)
      assert.strictEqual(back.isRetryable, error.isRetryable)
    }))

  it.effect.each([
    new ChatModelError.RateLimited({ message: "why", retryAfterMillis: 7 }),
    new ChatModelError.QuotaExhausted({ message: "why" }),
    new ChatModelError.ProviderFailed({ message: "why", status: 500 }),
    new ChatModelError.Unauthorized({ message: "why", status: 401 }),
    new ChatModelError.InvalidRequest({ message: "why", status: 400 }),
    new ChatModelError.Unreachable({ message: "why", url: "http://x" }),
    new ChatModelError.UnusableResponse({ message: "why" })
  ])("of a model keeps all that it says: $_tag", (reason) =>
    Effect.gen(function*() {
      const error = new ChatModelError.ChatModelError({ wire: "w", reason, conversation })
      const codec = Schema.toCodecJson(ChatModelError.ChatModelError)
      const back = yield* Schema.decodeEffect(codec)(
        JSON.parse(JSON.stringify(yield* Schema.encodeEffect(codec)(error)))
      )
      assert.deepStrictEqual({ ...back.reason }, { ...reason })
      assert.strictEqual(reason._tag, reason.constructor.name)
      assert.deepStrictEqual([back.message, back.conversation], ["w: why", conversation])
    }))

  it.effect.each([
    {
      reason: new AgentError.InvalidOutput({ issue: "not JSON", text: "Well." }),
      text: "the model's answer is not the output asked for: not JSON"
    },
    {
      reason: new AgentError.Undecided({ callIds: ["a", "b"] }),
      text: "it is not yet decided whether these calls may run: a, b"
    }
  ])("of an agent keeps all that it says, and says it: $reason._tag", ({ reason, text }) =>
    Effect.gen(function*() {
      const usage = { input: 1, output: 2 }
      const error = new AgentError.AgentError({ reason, conversation, usage })
      const codec = Schema.toCodecJson(AgentError.AgentError)
      const back = yield* Schema.decodeEffect(codec)(
        JSON.parse(JSON.stringify(yield* Schema.encodeEffect(codec)(error)))
      )
      assert.deepStrictEqual({ ...back.reason }, { ...reason })
      assert.deepStrictEqual([reason.message, back.usage, back.conversation], [text, usage, conversation])
    }))
})
