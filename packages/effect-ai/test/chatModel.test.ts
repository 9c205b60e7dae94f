import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, ChatModel, ChatModelError, Content, Conversation, Tool, Toolkit } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { Duration, Effect, Exit, Fiber, Latch, Layer, Queue, Schema, Stream } from "effect"
import type { Cause } from "effect"
import { AiError, LanguageModel, type Response } from "effect/ai"
import { collect } from "../../simulator/test/streams.ts"
import { asks, failing, finish, saying, streaming } from "./support.ts"

const question = Conversation.make("How warm is Oslo?", { runId: "run" })

const through = (model: Layer.Layer<LanguageModel.LanguageModel>) => Layer.provide(EffectAi.chatModel, model)

const generate = (request: Partial<ChatModel.Request> = {}) =>
  ChatModel.ChatModel.use((model) => model.generate({ conversation: question, ...request }))

const stream = (parts: ReadonlyArray<Response.StreamPartEncoded>) =>
  collect(
    Stream.unwrap(ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question }))).pipe(
      Stream.provide(through(streaming(Stream.fromIterable(parts))))
    )
  )

const turnOf = (...parts: Array<Response.PartEncoded>) => Effect.provide(generate(), through(saying(parts).layer))

const lookUp = (execute: (city: string) => Effect.Effect<number>) =>
  Toolkit.make(Tool.make("weather", {
    description: "How warm a city is. `city` comes from the user.",
    parameters: Schema.Struct({ city: Schema.String }),
    success: Schema.Finite,
    readOnly: true,
    execute: ({ city }) => execute(city)
  }))

describe("EffectAi.chatModel", () => {
  it.effect("has an agent run on any LanguageModel, which sees its tools and every result", () =>
    Effect.gen(function*() {
      const model = saying(
        [...asks(["weather", { city: "Oslo" }], ["nothing"]), finish("tool-calls")],
        [{ type: "text", text: "3 °C." }, finish()]
      )
      const toolkit = lookUp(() => Effect.succeed(3))
      const { answer, usage } = yield* Agent.run({ toolkit, prompt: "How warm?", system: "Be brief." }).pipe(
        Effect.provide(through(model.layer))
      )
      assert.deepStrictEqual([answer, usage], ["3 °C.", { input: 20, output: 2 }])
      const [first, second] = model.asked
      assert.deepStrictEqual(first?.tools.map(({ name }) => name), ["weather"])
      assert.deepStrictEqual(second?.prompt.content.map(({ role }) => role), ["system", "user", "assistant", "tool"])
      const answered = second?.prompt.content.at(-1)
      assert(answered?.role === "tool")
      assert.deepStrictEqual(
        answered.content.map((part) => part.type === "tool-result" && [part.id, part.isFailure]),
        [["call_1", false], ["call_2", true]]
      )
      assert.deepInclude(answered.content[0], { result: 3 })
    }))

  it.effect("passes a streamed call on at once, so that dispatch starts it while the model writes", () =>
    Effect.gen(function*() {
      const started = yield* Latch.make()
      const queue = yield* Queue.make<Response.StreamPartEncoded, Cause.Done>()
      const toolkit = lookUp(() => Effect.as(started.open, 3))
      const run = Effect.gen(function*() {
        const model = yield* ChatModel.ChatModel
        const { calls, whole } = yield* ChatModel.split(model.stream({ conversation: question, toolkit }))
        const settled = yield* Batch.dispatch(toolkit, calls)
        return { settled, turn: (yield* whole).turn }
      })
      const fiber = yield* Effect.forkChild(Effect.provide(run, through(streaming(Stream.fromQueue(queue)))))
      yield* Queue.offerAll(queue, asks(["weather", { city: "Oslo" }]))
      yield* started.await
      yield* Queue.offer(queue, finish("tool-calls"))
      yield* Queue.end(queue)
      const { settled, turn } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(settled.outcomes.map(({ encoded }) => encoded), ["3"])
      assert.strictEqual(turn.finish, "tool-calls")
    }))

  it.effect("tells every call once, with an id of its own, and what comes twice once", () =>
    Effect.gen(function*() {
      const weather = (city: string, id: string) => asks(["weather", { city }, id])
      const told = [
        ...weather("Oslo", "a"),
        ...weather("Oslo", "a"),
        ...weather("Rome", "a"),
        ...weather("Bern", ""),
        ...weather("Kiel", "b")
      ]
      const { parts } = yield* stream([...told, finish("tool-calls")])
      const calls = parts.flatMap((part) => part._tag === "Call" ? [part.call] : [])
      assert.deepStrictEqual(calls.map(({ arguments: args, id, index }) => [index, id, args]), [
        [0, "a", { city: "Oslo" }],
        [1, "a_2", { city: "Rome" }],
        [2, "call_4", { city: "Bern" }],
        [3, "b", { city: "Kiel" }]
      ])
      const { message } = yield* turnOf(...told, finish("tool-calls"))
      assert.deepStrictEqual(calls, message.calls)
    }))

  it.effect("revokes the calls of a turn that was cut off", () =>
    Effect.gen(function*() {
      const { parts } = yield* stream([...asks(["a"], ["b"]), finish("length")])
      const calls = parts.flatMap((part) => part._tag === "Call" ? [[part.call.id, part.call.status]] : [])
      assert.deepStrictEqual(calls, [
        ["call_1", "complete"],
        ["call_2", "complete"],
        ["call_2", "truncated"],
        ["call_1", "truncated"]
      ])
    }))

  it.effect("leaves to a provider what it ran of itself", () =>
    Effect.gen(function*() {
      const [search] = asks(["search", { q: "Oslo" }])
      assert.isDefined(search)
      const { finish: end, message } = yield* turnOf(
        { ...search, providerExecuted: true },
        { type: "text", text: "Cold." },
        finish()
      )
      assert.deepStrictEqual([message.calls, message.text, end], [[], "Cold.", "stop"])
    }))

  it.effect.each<readonly [Response.FinishReason, number, ChatModel.Turn["finish"]]>([
    ["stop", 0, "stop"],
    ["stop", 1, "tool-calls"],
    ["tool-calls", 1, "tool-calls"],
    ["length", 1, "length"],
    ["pause", 0, "pause"],
    ["content-filter", 0, "refusal"],
    ["error", 0, "malformed"],
    ["other", 0, "stop"],
    ["unknown", 1, "malformed"]
  ])("reads the end %s of a turn with %i calls as %s", ([reason, calls, end]) =>
    Effect.gen(function*() {
      const turn = yield* turnOf(...(calls === 0 ? [] : asks(["weather"])), finish(reason))
      assert.strictEqual(turn.finish, end)
      assert.strictEqual(turn.problem === undefined, end !== "malformed")
    }))

  it.effect("fails at an error in a stream, and at a stream that ends without a finish part", () =>
    Effect.gen(function*() {
      const broken = yield* stream([{ type: "text-delta", id: "t", delta: "Hm" }])
      assert.strictEqual(broken.error?.reason._tag, "Unreachable")
      const failed = yield* stream([{ type: "error", error: new Error("overloaded") }])
      assert.strictEqual(failed.error?.reason._tag, "ProviderFailed")
      assert.include(failed.error?.message, "overloaded")
    }))

  it.effect("asks for an answer of a schema in words, and shows images of the user and of results", () =>
    Effect.gen(function*() {
      const model = saying([{ type: "text", text: "{}" }, finish()])
      const png = Content.image("image/png", Uint8Array.of(1))
      const conversation = Conversation.append(
        Conversation.make([Content.text("What is this?"), png]),
        {
          role: "assistant",
          text: "",
          calls: [{ id: "call_1", name: "shot", arguments: "", index: 0, status: "complete" }]
        },
        { role: "tool", results: [{ callId: "call_1", name: "shot", text: "A page", isError: false, media: [png] }] }
      )
      const output = { name: "answer", jsonSchema: { type: "object", title: "Answer" } }
      yield* Effect.provide(generate({ conversation, output }), through(model.layer))
      const [system, user, , tool] = model.asked[0]?.prompt.content ?? []
      assert.include(system?.content, "\"title\":\"Answer\"")
      assert.deepNestedInclude(user, { "content[1].mediaType": "image/png", "content[1].data": "AQ==" })
      assert.deepNestedInclude(tool, {
        "content[0].result": "A page",
        "content[0].modelOutput[1].mediaType": "image/png"
      })
    }))
})

describe("EffectAi.chatModel, errors", () => {
  const http = { request: undefined, response: { status: 503, headers: {} } }

  it.effect.each<readonly [AiError.AiErrorReason, ChatModelError.Reason["_tag"], boolean]>([
    [new AiError.RateLimitError({ retryAfter: Duration.seconds(2) }), "RateLimited", true],
    [new AiError.QuotaExhaustedError({}), "QuotaExhausted", false],
    [new AiError.AuthenticationError({ kind: "InvalidKey" }), "Unauthorized", false],
    [new AiError.AuthenticationError({ kind: "InsufficientPermissions" }), "Unauthorized", false],
    [new AiError.ContentPolicyError({ description: "no" }), "InvalidRequest", false],
    [new AiError.InvalidRequestError({ description: "no" }), "InvalidRequest", false],
    [new AiError.InvalidUserInputError({ description: "no" }), "InvalidRequest", false],
    [new AiError.UnsupportedSchemaError({ description: "no" }), "InvalidRequest", false],
    [new AiError.ToolConfigurationError({ toolName: "t", description: "no" }), "InvalidRequest", false],
    [new AiError.ToolkitRequiredError({ pendingApprovals: [] }), "InvalidRequest", false],
    [new AiError.InternalProviderError({ description: "down" }), "ProviderFailed", true],
    [new AiError.InvalidResponseError({ description: "odd" }), "UnusableResponse", false],
    [new AiError.InvalidOutputError({ description: "odd" }), "UnusableResponse", false],
    [new AiError.StructuredOutputError({ description: "odd", responseText: "" }), "UnusableResponse", false],
    [new AiError.ToolNotFoundError({ toolName: "t", availableTools: [] }), "UnusableResponse", false],
    [new AiError.ToolParameterValidationError({ toolName: "t", description: "odd" }), "UnusableResponse", false],
    [new AiError.InvalidToolResultError({ toolName: "t", description: "odd" }), "UnusableResponse", false],
    [
      new AiError.ToolResultEncodingError({ toolName: "t", toolResult: 1, description: "odd" }),
      "UnusableResponse",
      false
    ],
    [new AiError.UnknownError({ description: "?" }), "UnusableResponse", false],
    [new AiError.UnknownError({ description: "?", http }), "ProviderFailed", true],
    [
      new AiError.NetworkError({ reason: "TransportError", method: "POST", url: "http://u:p4ss@a.test/?key=k3y" }),
      "Unreachable",
      true
    ],
    [new AiError.NetworkError({ reason: "InvalidUrlError", method: "POST", url: "nowhere" }), "InvalidRequest", false]
  ])("are sorted: %s", ([reason, tag, isRetryable]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.provide(generate(), through(failing(reason))))
      assert.deepStrictEqual([error.wire, error.reason._tag, error.isRetryable], ["effect/ai", tag, isRetryable])
      assert.strictEqual(error.reason._tag === "RateLimited" ? error.reason.retryAfterMillis : 2000, 2000)
      for (const secret of ["p4ss", "k3y"]) assert.notInclude(JSON.stringify(error), secret)
    }))

  it.effect("end a stream too", () =>
    Effect.gen(function*() {
      const run = ChatModel.ChatModel.use((model) =>
        Effect.exit(Stream.runDrain(model.stream({ conversation: question })))
      )
      const exit = yield* Effect.provide(run, through(failing(new AiError.QuotaExhaustedError({}))))
      assert(Exit.isFailure(exit))
    }))
})
