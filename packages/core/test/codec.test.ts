/**
 * What the packages of providers are built on: a client becomes a model, and its events become a turn.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatModel, ChatModelError, Conversation, type ToolCall, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import {
  Cause,
  Config,
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Redacted,
  Result,
  Schema,
  Stream
} from "effect"
import { acting, namingTracer, recordingLogger } from "./support.ts"

const { calls: asks, says } = ScriptedModel

const request: ChatModel.Request = { conversation: Conversation.make("Go on.") }
const turn = asks({ name: "a", arguments: { n: 1 } }, { name: "b", arguments: { n: 2 } })
const [first, second] = turn.message.calls

type Told = ReadonlyArray<ChatModel.Text | ChatModel.Call>

/** A fold of events that are parts themselves, and whose whole turn is given. */
const foldTo = (whole: ChatModel.Turn): ChatModel.Fold<number, number> => ({
  initial: 0,
  next: (count, event) => Array.isArray(event) ? Result.succeed([count + 1, event]) : ChatModel.notAnEvent("no list"),
  end: (count) => Result.succeed({ turn: whole, response: count })
})

const reason = (error: unknown, now: number) =>
  new ChatModelError.ProviderFailed({ message: `${String(error)} at ${now}` })

const told = (whole: ChatModel.Turn, ...events: ReadonlyArray<Told>) =>
  Stream.runCollect(
    ChatModel.parts({ wire: "some", fold: foldTo(whole), reason }, Stream.toAsyncIterable(Stream.fromIterable(events)))
  )

const call = (call: ToolCall.ToolCall | undefined): ChatModel.Call => ({ _tag: "Call", call: call! })

describe("ChatModel.parts", () => {
  it.effect("tells of each call once: as soon as it is complete, else right before the whole turn", () =>
    Effect.gen(function*() {
      const whole = { _tag: "Turn", turn, response: 3 }
      const text = { _tag: "Text", text: "Well" } as const
      assert.deepStrictEqual<unknown>(yield* told(turn, [text], [call(second)], []), [
        text,
        call(second),
        call(first),
        whole
      ])
      assert.deepStrictEqual<unknown>(yield* told(turn, [call(first)], [call(second)], []), [
        call(first),
        call(second),
        whole
      ])
      assert.deepStrictEqual<unknown>(yield* told(turn, [call(first), call(second)], [], []), [
        call(first),
        call(second),
        whole
      ])
      assert.deepStrictEqual<unknown>(yield* told(turn, [], [], []), [call(first), call(second), whole])
    }))

  it.effect("tells those once more that the end of the turn revokes, truncated now", () =>
    Effect.gen(function*() {
      const [one, two] = turn.message.calls.map((call) => ({ ...call, status: "truncated" as const }))
      const whole = { ...turn, message: { ...turn.message, calls: [one!, two!] }, finish: "refusal" as const }
      assert.deepStrictEqual<unknown>(yield* told(whole, [call(first)]), [
        call(first),
        call(one),
        call(two),
        { _tag: "Turn", turn: whole, response: 1 }
      ])
    }))

  it.effect("tells the last of those first, so that none starts in the place of one that it waited for", () =>
    Effect.gen(function*() {
      const calls = turn.message.calls.map((call) => ({ ...call, status: "truncated" as const }))
      const whole = { ...turn, message: { ...turn.message, calls }, finish: "refusal" as const }
      assert.deepStrictEqual<unknown>(yield* told(whole, [call(first)], [call(second)]), [
        call(first),
        call(second),
        ...calls.toReversed().map(call),
        { _tag: "Turn", turn: whole, response: 2 }
      ])
    }))

  it.effect.each([
    { what: "id", changed: { ...second!, id: "other" } },
    { what: "name", changed: { ...second!, name: "other" } },
    { what: "place", changed: { ...second!, index: 7 } },
    { what: "arguments", changed: { ...second!, arguments: { n: 3 } } }
  ])("fails where a call that was complete has another $what in the end", ({ changed }) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(told(turn, [call(first)], [call(changed)]))
      assert.strictEqual(error.message, "some: a call changed after it was complete")
      assert.instanceOf(error.reason, ChatModelError.UnusableResponse)
    }))

  it.effect("has what the events reject with sorted, with the time", () =>
    Effect.gen(function*() {
      const events = {
        async *[Symbol.asyncIterator]() {
          yield []
          throw "gone"
        }
      }
      const parts = ChatModel.parts({ wire: "some", fold: foldTo(turn), reason }, events)
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(parts))).message, "some: gone at 0")
    }))

  it.effect("fails at an event that makes no sense", () =>
    Effect.gen(function*() {
      const parts = ChatModel.parts(
        { wire: "some", fold: foldTo(turn), reason },
        Stream.toAsyncIterable(Stream.make("?"))
      )
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(parts))).message, "some: not an event: no list")
    }))
})

describe("a model made of a client", () => {
  const lax = { ...Toolkit.make(acting("a", () => Effect.succeed("fine"))), lax: [{ tool: "a", why: "it is odd" }] }
  const client = {
    wire: "some",
    secret: Redacted.make("sk-1234567890"),
    send: async () => "the body",
    read: (body: unknown) => body === "the body" ? Result.succeed(says("Hello.")) : Result.fail("odd"),
    open: async () => Stream.toAsyncIterable(Stream.make([])),
    fold: foldTo(says("Hello.")),
    reason
  }

  it.effect("gives the turn that its client reads, and the same in parts", () =>
    Effect.gen(function*() {
      const model = ChatModel.make(client)
      assert.deepStrictEqual(yield* model.generate(request), says("Hello."))
      assert.deepStrictEqual<unknown>(yield* Stream.runCollect(model.stream(request)), [
        { _tag: "Turn", turn: says("Hello."), response: 1 }
      ])
    }))

  it.effect("gives its client the request, and sorts what that rejects with", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const rejects = (request: ChatModel.Request) => Promise.reject(asked.push(request))
      const model = ChatModel.make({ ...client, send: rejects, open: rejects })
      assert.strictEqual((yield* Effect.flip(model.generate(request))).message, "some: 1 at 0")
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(model.stream(request)))).message, "some: 2 at 0")
      assert.deepStrictEqual(asked, [request, request])
    }))

  it.effect("gives its client the references of whoever asks", () =>
    Effect.gen(function*() {
      const Effort = Context.Reference("Effort", { defaultValue: () => "low" })
      const seen: Array<string> = []
      const see = (context: Context.Context<never>) => void seen.push(Context.get(context, Effort))
      const model = ChatModel.make({
        ...client,
        send: async (_request, _signal, context) => (see(context), "the body"),
        open: async (_request, _signal, context) => (see(context), Stream.toAsyncIterable(Stream.make([])))
      })
      const asked = Effect.andThen(model.generate(request), Stream.runDrain(model.stream(request)))
      yield* asked
      yield* Effect.provideService(asked, Effort, "high")
      assert.deepStrictEqual(seen, ["low", "low", "high", "high"])
    }))

  it.effect("says that a conversation which can't be written for its wire is at fault", () =>
    Effect.gen(function*() {
      const refuses = () => {
        throw new RangeError("no such id")
      }
      const sorts = (error: unknown, now: number) =>
        ChatModelError.fromClient(error, { now, refusal: undefined, isOwn: false })
      const model = ChatModel.make({ ...client, secret: undefined, send: refuses, reason: sorts })
      const { reason: why } = yield* Effect.flip(model.generate(request))
      assert.deepStrictEqual([why._tag, why.message], ["InvalidRequest", "no such id"])
    }))

  it.effect("says why a body is no turn", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatModel.make({ ...client, send: async () => "?" }).generate(request))
      assert.strictEqual(error.message, "some: not a response: odd")
      assert.isFalse(error.isRetryable)
    }))

  it.effect("aborts the request when whoever asked is interrupted, and when nobody reads its events any more", () =>
    Effect.gen(function*() {
      const signals: Array<AbortSignal> = []
      const model = ChatModel.make({
        ...client,
        send: (_, signal) => new Promise(() => void signals.push(signal)),
        open: async (_, signal) => {
          signals.push(signal)
          return Stream.toAsyncIterable(Stream.make([{ _tag: "Text", text: "a" }], [{ _tag: "Text", text: "b" }]))
        }
      })
      const asking = yield* Effect.forkChild(model.generate(request), { startImmediately: true })
      assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [false])
      yield* Fiber.interrupt(asking)
      const reading = yield* Deferred.make<ReadonlyArray<boolean>>()
      yield* Stream.runHead(
        Stream.tap(model.stream(request), () => Deferred.succeed(reading, signals.map(({ aborted }) => aborted)))
      )
      assert.deepStrictEqual(yield* Deferred.await(reading), [true, false])
      assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true, true])
    }))

  it.effect("warns once of tools that strict mode could not take, however they are asked for", () =>
    Effect.gen(function*() {
      for (const ask of ["generate", "stream"] as const) {
        const { lines, layer } = recordingLogger()
        const model = ChatModel.make(client)
        const given = { ...request, toolkit: lax }
        const asked = ask === "generate" ? model.generate(given) : Stream.runDrain(model.stream(given))
        yield* Effect.provide(Effect.andThen(asked, asked), layer)
        assert.deepStrictEqual(lines.map(({ level, text }) => [level, text]), [
          ["Warn", "Tools that strict mode cannot take are sent as they are"]
        ])
      }
    }))

  it.effect("has spans that name its wire", () =>
    Effect.gen(function*() {
      const { names, tracer } = namingTracer()
      const model = ChatModel.make(client)
      yield* Effect.withTracer(Effect.andThen(model.generate(request), Stream.runDrain(model.stream(request))), tracer)
      assert.deepStrictEqual(names, ["some.generate", "some.stream"])
    }))
})

describe("ChatModel.streamOf", () => {
  const response = (type: string | undefined, body: string | null = "") =>
    new Response(body, { headers: type === undefined ? {} : { "content-type": type } })

  it("gives the events of a response that has any", () => {
    assert.strictEqual(ChatModel.streamOf("events", response("text/event-stream")), "events")
    assert.strictEqual(ChatModel.streamOf("events", { body: response("x").body, headers: new Headers() }), "events")
  })

  it.each([
    [response("application/json"), "application/json in place of events"],
    [response("text/html; charset=utf-8"), "text/html; charset=utf-8 in place of events"],
    [response("text/event-stream", null), "an empty body in place of events"],
    [response("application/json", null), "an empty body in place of events"]
  ])("throws where the response is something else", (response, message) => {
    assert.throws(() => ChatModel.streamOf("events", response), SyntaxError, message)
  })
})

describe("an event", () => {
  const read = ChatModel.eventOf(Schema.Struct({ type: Schema.String }))

  it("that fits is given back as it came, with all else that it has", () => {
    const event = { type: "delta", more: 1 }
    const given = read(event)
    assert(Result.isSuccess(given))
    assert.strictEqual<unknown>(given.success, event)
  })

  it("that does not fit is an unusable response, with what is wrong", () => {
    const given = read({ type: 1 })
    assert(Result.isFailure(given))
    assert.instanceOf(given.failure, ChatModelError.UnusableResponse)
    assert.match(given.failure.message, /^not an event: .*string/)
  })

  it("with text is told where there is any", () => {
    assert.deepStrictEqual<unknown>([ChatModel.textPart("a"), ChatModel.textPart("")], [
      [{ _tag: "Text", text: "a" }],
      []
    ])
  })
})

describe("ChatModel.layerConfig", () => {
  const keyOf = (layer: Layer.Layer<ChatModel.ChatModel, unknown>) =>
    Effect.flatMap(Effect.provide(ChatModel.ChatModel, layer), ({ generate }) => Effect.flip(generate(request))).pipe(
      Effect.map(({ message }) => message),
      Effect.provide(
        ConfigProvider.layer(ConfigProvider.fromUnknown({ THE_KEY: "of the program", OTHER: "of the user" }))
      )
    )

  const config = ChatModel.layerConfig<{ readonly mode: string }>(({ apiKey, mode, model }) => {
    const failure = Effect.fail(
      new ChatModelError.ChatModelError({
        wire: "some",
        reason: new ChatModelError.InvalidRequest({ message: `${model} ${mode} ${Redacted.value(apiKey)}` })
      })
    )
    return Layer.succeed(ChatModel.ChatModel, { generate: () => failure, stream: () => Stream.fromEffect(failure) })
  }, "THE_KEY")

  it.effect("takes the key from the provider's variable, and all else as it is given", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* keyOf(config({ model: "m", mode: "fast" })), "some: m fast of the program")
    }))

  it.effect("takes the key from where the user says", () =>
    Effect.gen(function*() {
      const layer = config({ model: "m", mode: "fast", apiKey: Config.Redacted("OTHER") })
      assert.strictEqual(yield* keyOf(layer), "some: m fast of the user")
    }))

  it.effect("fails where there is no key", () =>
    Effect.gen(function*() {
      const built = Effect.provide(ChatModel.ChatModel, config({ model: "m", mode: "fast" }))
      const exit = yield* Effect.exit(
        Effect.provide(built, ConfigProvider.layer(ConfigProvider.fromUnknown({})))
      )
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "THE_KEY")
    }))
})

describe("ChatModel.outputInWords", () => {
  it("shows the schema that an answer has to fit", () => {
    const words = ChatModel.outputInWords({ name: "answer", jsonSchema: { type: "object" } })
    assert.match(words, /answer with nothing but JSON.*: \{"type":"object"\}$/)
  })
})
