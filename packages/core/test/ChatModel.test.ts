import { assert, describe, it } from "@effect/vitest"
import { Batch, ChatModel, ChatModelError, Conversation, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Effect, Exit, Fiber, Redacted, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { acting, ends } from "./support.ts"

const turn = ScriptedModel.calls({ name: "look" }, { name: "look" })
const parts = ScriptedModel.partsOf({ ...turn, message: { ...turn.message, text: "I look." } })
const whole = parts.at(-1)
const toolkit = Toolkit.make(acting("look", () => Effect.succeed("seen"), { readOnly: true }))

const unreachable = new ChatModelError.ChatModelError({
  wire: "some",
  reason: new ChatModelError.Unreachable({ message: "gone" })
})

describe("a model made of a client", () => {
  const key = "sk-1234567890"
  const leaking = () => new ChatModelError.ProviderFailed({ message: `500 what is ${key}?`, status: 500 })
  const client: Parameters<typeof ChatModel.make<undefined>>[0] = {
    wire: "some",
    secret: Redacted.make(key),
    send: () => Promise.reject(new Error("gone")),
    read: () => Result.fail(`Expected a response, got ${key}`),
    open: () => Promise.resolve(Stream.toAsyncIterable(Stream.make("an event"))),
    fold: { initial: undefined, next: () => Result.fail(leaking()), end: () => Result.fail(leaking()) },
    reason: leaking
  }
  const model = ChatModel.make(client)
  const request = { conversation: Conversation.make("Go on.") }

  it.effect.each([
    { where: "what its client threw", asked: model.generate(request) },
    { where: "an event of a stream", asked: Stream.runDrain(model.stream(request)) }
  ])("shows no API key that stands in $where", ({ asked }) =>
    Effect.gen(function*() {
      const { message, reason } = yield* Effect.flip(asked)
      assert.strictEqual(message, "some: 500 what is <the API key>?")
      assert.instanceOf(reason, ChatModelError.ProviderFailed)
      assert.strictEqual(reason.status, 500)
    }))

  it.effect("shows no API key that stands in a response", () =>
    Effect.gen(function*() {
      const { generate } = ChatModel.make({ ...client, send: () => Promise.resolve(key) })
      assert.notInclude((yield* Effect.flip(generate(request))).message, key)
    }))
})

describe("ChatModel.split", () => {
  it.effect("gives the calls as they come, and the whole turn behind them", () =>
    Effect.gen(function*() {
      const slowly = Stream.tap(Stream.fromIterable(parts), () => Effect.sleep("1 second"))
      const split = yield* ChatModel.split(slowly)
      const asking = yield* Effect.forkChild(split.whole, { startImmediately: true })
      const dispatched = yield* Effect.forkChild(Batch.dispatch(toolkit, split.calls), { startImmediately: true })
      yield* TestClock.adjust("3999 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(asking), whole)
      const settled = yield* Fiber.join(dispatched)
      assert.deepStrictEqual([ends(settled), settled.end], [["seen", "seen"], Exit.void])
    }))

  it.effect("gives the error of a turn that breaks off in place of the whole, and what had been called for", () =>
    Effect.gen(function*() {
      const broken = Stream.concat(Stream.fromIterable(parts.slice(0, 2)), Stream.fail(unreachable))
      const { calls, whole } = yield* ChatModel.split(broken)
      const settled = yield* Batch.dispatch(toolkit, calls)
      assert.deepStrictEqual([ends(settled), settled.end], [["seen"], Exit.fail(unreachable)])
      assert.strictEqual(yield* Effect.flip(whole), unreachable)
    }))

  it.effect.each([
    { how: "end", read: Stream.runDrain },
    { how: "are read no further", read: Stream.runHead }
  ])(
    "dies in place of waiting for ever where the parts $how before the whole turn is there",
    ({ read }) =>
      Effect.gen(function*() {
        const { calls, whole } = yield* ChatModel.split(Stream.fromIterable(parts.slice(0, -1)))
        yield* read(calls)
        const exit = yield* Effect.exit(whole)
        assert(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      })
  )
})

describe("ChatModel.originOf", () => {
  it.each([
    ["http://ann:pass@host.example/v1/?key=1#x", "http://host.example/v1"],
    ["https://host.example/v1//", "https://host.example/v1"],
    ["https://HOST.example:443/", "https://host.example"],
    [undefined, "official"]
  ])("is the same however the address is written, and without secrets: %s", (baseUrl, origin) => {
    assert.strictEqual(ChatModel.originOf({ baseUrl }), origin)
  })
})

describe("ChatModel.reached", () => {
  it.effect.each(["null", "17", "{}"])(
    "says that there is no key where plain JavaScript gave %s",
    (json) =>
      Effect.gen(function*() {
        const options: ChatModel.ApiOptions = { model: "gpt-4.1", apiKey: JSON.parse(json) }
        const model = yield* ChatModel.reached("some", options, () => assert.fail("a client is made"))
        const { message } = yield* Effect.flip(model.generate({ conversation: Conversation.make("Hi") }))
        assert.include(message, "`apiKey` is missing")
      })
  )

  // Such an address went unread, and the official server got the key.
  it.effect.each<readonly [given: object, said: string]>([
    [{ baseURL: "http://127.0.0.1:1" }, "there is no option `baseURL`: write `baseUrl`"],
    [{ maxToken: 5 }, "there is no option `maxToken`: write `maxTokens`"]
  ])(
    "says what an option is called that another SDK calls otherwise, and asks nobody: %j",
    ([given, said]) =>
      Effect.gen(function*() {
        const options = { model: "gpt-4.1", apiKey: "key", ...given }
        const model = yield* ChatModel.reached("some", options, () => assert.fail("a client is made"))
        const { message } = yield* Effect.flip(model.generate({ conversation: Conversation.make("Hi") }))
        assert.include(message, said)
      })
  )
})
