import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Agent, ChatModel, ChatModelError, Conversation } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import { ScriptedModel } from "@volley/testing"
import { Cause, Duration, Effect, Exit, Layer, Schema, Stream } from "effect"
import { AiError, Chat, LanguageModel, Prompt, Response, Tool, Toolkit } from "effect/ai"
import { answering, type LayerOf, reach, simulated } from "../../simulator/test/ChatModelSuite.ts"

const on = (model: Layer.Layer<ChatModel.ChatModel>) => Layer.provide(EffectAi.languageModel, model)

const city = Schema.Struct({ city: Schema.String })

const kit = Toolkit.make(
  Tool.make("weather", { description: "How warm a city is.", parameters: city, success: Schema.Finite }),
  Tool.make("city.population", { description: "People of a city.", parameters: city, success: Schema.Int })
)
const handlers = kit.toLayer({
  weather: ({ city }) => Effect.succeed(city.length),
  "city.population": () => Effect.succeed(7)
})

/** The same tools in Volley. */
const tools = Effect.map(Effect.provide(EffectAi.fromToolkit(kit), handlers), ({ toolkit }) => toolkit)

const wires: ReadonlyArray<readonly [name: string, layerOf: LayerOf, model: string]> = [
  ["openai-chat", OpenAiChat.layer, "gpt-4.1"],
  ["openai-responses", OpenAiResponses.layer, "gpt-5"],
  ["anthropic", AnthropicMessages.layer, "claude-opus-5-5"],
  ["google", GeminiContent.layer, "gemini-3.8-flash"]
]

/** First turns with what only their own server understands, as each of the wires writes them. */
const opaque: Readonly<Record<string, unknown>> = {
  "openai-chat": {
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4.1",
    choices: [{
      index: 0,
      finish_reason: "tool_calls",
      message: {
        role: "assistant",
        content: "Looking.",
        refusal: null,
        reasoning_content: "hm",
        tool_calls: [{
          id: "call_a",
          type: "function",
          function: { name: "weather", arguments: "{ \"city\": \"Oslo\" }" }
        }]
      }
    }],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 9,
      total_tokens: 29,
      prompt_tokens_details: { cached_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 4 }
    }
  },
  "openai-responses": {
    id: "r1",
    object: "response",
    created_at: 1,
    status: "completed",
    model: "gpt-5",
    output: [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "secret-thoughts" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Looking.", annotations: [] }]
      },
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_a",
        name: "weather",
        arguments: "{ \"city\": \"Oslo\" }",
        status: "completed"
      }
    ],
    usage: {
      input_tokens: 20,
      output_tokens: 9,
      total_tokens: 29,
      input_tokens_details: { cached_tokens: 5 },
      output_tokens_details: { reasoning_tokens: 4 }
    }
  },
  anthropic: {
    id: "m1",
    type: "message",
    role: "assistant",
    model: "claude-opus-5-5",
    content: [
      { type: "thinking", thinking: "hm", signature: "signed" },
      { type: "redacted_thinking", data: "sealed" },
      { type: "text", text: "Looking." },
      { type: "tool_use", id: "call_a", name: "weather", input: { city: "Oslo" } }
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 15, cache_read_input_tokens: 5, cache_creation_input_tokens: 0, output_tokens: 9 }
  },
  google: {
    candidates: [{
      index: 0,
      finishReason: "STOP",
      content: {
        role: "model",
        parts: [
          { text: "hm", thought: true },
          { text: "Looking." },
          { functionCall: { id: "call_a", name: "weather", args: { city: "Oslo" } }, thoughtSignature: "c2lnbmVk" }
        ]
      }
    }],
    usageMetadata: {
      promptTokenCount: 20,
      cachedContentTokenCount: 5,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 4,
      totalTokenCount: 29
    }
  }
}

/** What of those turns has to go back. */
const marks: Readonly<Record<string, ReadonlyArray<string>>> = {
  "openai-chat": ["call_a", "{ \\\"city"],
  "openai-responses": ["secret-thoughts", "rs_1", "call_a"],
  anthropic: ["signed", "sealed", "call_a"],
  google: ["c2lnbmVk", "call_a"]
}

/** The bodies that were sent, as JSON. */
const bodies = (requests: ReadonlyArray<Request>) =>
  Effect.forEach(requests, (request) => Effect.promise((): Promise<Schema.Json> => request.json()))

describe.each(wires)("EffectAi.languageModel on %s", (name, layerOf, model) => {
  const reached = { ...reach, model, maxRetries: 0 }

  it.effect("has a Chat send what an agent of Volley sends, signatures of reasoning and ids included", () =>
    Effect.gen(function*() {
      const there = answering(opaque[name])
      yield* Effect.gen(function*() {
        const chat = yield* Chat.fromPrompt([{ role: "system", content: "Be brief." }])
        yield* chat.generateText({ prompt: "How warm is Oslo?", toolkit: kit })
        const stored = yield* Chat.fromJson(yield* chat.exportJson)
        yield* stored.generateText({ prompt: [], toolkit: kit })
      }).pipe(Effect.provide(Layer.merge(handlers, on(layerOf({ ...reached, fetch: there.fetch })))))

      const here = answering(opaque[name])
      yield* Agent.run({ toolkit: yield* tools, prompt: "How warm is Oslo?", system: "Be brief.", maxRounds: 2 }).pipe(
        Effect.provide(layerOf({ ...reached, fetch: here.fetch })),
        Effect.exit
      )
      const [first, second] = yield* bodies(there.requests)
      const [expectedFirst, expected] = yield* bodies(here.requests)
      assert.deepStrictEqual(withoutSchemas(first), withoutSchemas(expectedFirst))
      assert.deepStrictEqual(withoutSchemas(second), withoutSchemas(expected))
      for (const mark of marks[name] ?? []) assert.include(JSON.stringify(second), mark)
    }))

  it.effect("tells text, calls under the program's names, and every kind of tokens", () =>
    Effect.gen(function*() {
      const { content, finishReason, text, toolCalls, usage } = yield* LanguageModel.generateText({
        prompt: "How warm is Oslo?",
        toolkit: kit
      }).pipe(Effect.provide(Layer.merge(handlers, on(layerOf({ ...reached, fetch: answering(opaque[name]).fetch })))))
      assert.deepStrictEqual([text, finishReason], ["Looking.", "tool-calls"])
      assert.deepStrictEqual(toolCalls.map(({ name, params }) => [name, params]), [["weather", { city: "Oslo" }]])
      assert.deepInclude(usage.inputTokens, { total: 20, cacheRead: 5, uncached: 15 })
      assert.strictEqual(usage.outputTokens.total, 9)
      assert.include([4, undefined], usage.outputTokens.reasoning)
      assert.isTrue(content.some((part) => part.type === "tool-result" && part.result === 4))
    }))

  it.effect("answers in turns that are streamed as in those that are not", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated()
      const layer = Layer.merge(handlers, on(layerOf({ ...reached, fetch })))
      const ask = Prompt.make("How warm are Oslo and Rome?")
      const both = yield* Effect.gen(function*() {
        const plain = yield* LanguageModel.generateText({ prompt: ask, toolkit: kit, concurrency: 1 })
        const parts = yield* Stream.runCollect(LanguageModel.streamText({ prompt: ask, toolkit: kit, concurrency: 1 }))
        const next = (parts: ReadonlyArray<Response.AnyPart>) =>
          Effect.map(
            LanguageModel.generateText({ prompt: Prompt.concat(ask, Prompt.fromResponseParts(parts)), toolkit: kit }),
            ({ text }) => text
          )
        return [yield* next(plain.content), yield* next(parts)]
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(both, ["I saw: 4, 4", "I saw: 4, 4"])
    }))

  it.effect("shows files of the user and of results to the model", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(opaque[name])
      const png = Prompt.makePart("file", { mediaType: "image/png", data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) })
      const pdf = Prompt.makePart("file", { mediaType: "application/pdf", data: "AAECAwQF", fileName: "a.pdf" })
      const prompt = Prompt.fromMessages([
        Prompt.userMessage({ content: [Prompt.textPart({ text: "What are these?" }), png, pdf] }),
        Prompt.assistantMessage({
          content: [Prompt.toolCallPart({ id: "call_1", name: "shot", params: {}, providerExecuted: false })]
        }),
        Prompt.toolMessage({
          content: [Prompt.toolResultPart({
            id: "call_1",
            name: "shot",
            isFailure: false,
            result: "x",
            modelOutput: [Prompt.textPart({ text: "A page" }), png],
            providerExecuted: false
          })]
        })
      ])
      yield* LanguageModel.generateText({ prompt, toolkit: kit }).pipe(
        Effect.provide(Layer.merge(handlers, on(layerOf({ ...reached, fetch }))))
      )
      const [body] = yield* bodies(requests)
      const text = JSON.stringify(body)
      assert.strictEqual(text.split("AQIDBAUGBwgJ").length, 3)
      assert.include(text, "AAECAwQF")
      assert.include(text, "A page")
    }))
})

/** `effect/ai` writes its JSON Schemas a little differently; what they say is looked at elsewhere. */
const withoutSchemas = (body: Schema.Json | undefined): Schema.Json =>
  JSON.parse(JSON.stringify(body ?? null, (key, value) => key === "tools" ? undefined : value))

const scripted = (...steps: ReadonlyArray<ScriptedModel.Step>) => ScriptedModel.make(steps, { repeat: true })

describe("EffectAi.languageModel, requests", () => {
  const sent = Effect.fnUntraced(function*<A, E>(
    ask: Effect.Effect<A, E, LanguageModel.LanguageModel>,
    answer = ScriptedModel.says("{\"n\":1}")
  ) {
    const model = scripted(answer)
    const result = yield* Effect.result(Effect.provide(ask, on(model.layer)))
    return { request: model.requests[0], result }
  })

  it.effect("lists the tools that a choice leaves, as they are described", () =>
    Effect.gen(function*() {
      const { request } = yield* sent(
        LanguageModel.generateText({
          prompt: "Go.",
          toolkit: kit,
          toolChoice: { mode: "required", oneOf: ["city.population"] },
          disableToolCallResolution: true
        })
      )
      assert.strictEqual(request?.toolChoice, "required")
      assert.deepStrictEqual(
        request?.toolkit?.tools.map(({ description, jsonSchema, name }) => [name, description, jsonSchema["required"]]),
        [["city.population", "People of a city.", ["city"]]]
      )
      assert.deepStrictEqual(Array.from(request?.toolkit?.wireNames ?? []), [["city.population", "city_population"]])
    }))

  it.effect("ask for an object by its schema", () =>
    Effect.gen(function*() {
      const { request, result } = yield* sent(
        LanguageModel.generateObject({
          prompt: "Go.",
          schema: Schema.Struct({ n: Schema.Finite }),
          objectName: "count"
        })
      )
      assert.strictEqual(request?.output?.name, "count")
      assert.deepNestedInclude(request?.output?.jsonSchema, { "properties.n.type": "number" })
      assert.deepNestedInclude(result, { "success.value": { n: 1 } })
    }))

  it.effect("say whether a turn may have several calls, where the program does", () =>
    Effect.gen(function*() {
      const ask = LanguageModel.generateText({ prompt: "Go." })
      const { request } = yield* sent(Effect.provideService(ask, EffectAi.ParallelToolCalls, false))
      assert.strictEqual(request?.parallelToolCalls, false)
      assert.notProperty((yield* sent(ask)).request, "parallelToolCalls")
    }))

  it.effect("take a tool without parameters", () =>
    Effect.gen(function*() {
      const bare = Toolkit.make(Tool.make("now"), Tool.dynamic("any"))
      const { request } = yield* sent(
        LanguageModel.generateText({ prompt: "Go.", toolkit: bare, disableToolCallResolution: true })
      )
      assert.deepStrictEqual(request?.toolkit?.tools.map(({ jsonSchema }) => jsonSchema["type"]), ["object", "object"])
    }))

  const asking = <Tools extends Record<string, Tool.Any>>(toolkit: Toolkit.Toolkit<Tools>) =>
    Effect.exit(LanguageModel.generateText({ prompt: "Go.", toolkit, disableToolCallResolution: true }))
  const search = Tool.providerDefined({ id: "test.search", customName: "search", providerName: "web" })()

  it.effect.each<readonly [Effect.Effect<Exit.Exit<unknown, unknown>, never, LanguageModel.LanguageModel>, string]>([
    [asking(Toolkit.make(search)), "`request`"],
    [asking(Toolkit.make(Tool.dynamic("search", { parameters: { type: "string" } }))), "object"]
  ])(
    "refuse a tool that its provider runs, and one that no wire takes, in words: %#",
    ([ask, word]) =>
      Effect.gen(function*() {
        const exit = yield* Effect.provide(ask, on(scripted(ScriptedModel.says("no")).layer))
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert(AiError.isAiError(error))
        assert.deepInclude(error.reason, { _tag: "ToolConfigurationError", toolName: "search" })
        assert.include(error.message, word)
      })
  )

  it.effect("answer every call of a prompt, and do not send a turn back as it came that says something else by now", () =>
    Effect.gen(function*() {
      const native = { wire: "scripted", message: { id: "x" } }
      const turn: ScriptedModel.Turn = ScriptedModel.calls({ name: "weather", arguments: { city: "Oslo" } })
      const model = scripted({ ...turn, message: { ...turn.message, native } }, ScriptedModel.says("Yes."))
      const asked = yield* Effect.gen(function*() {
        const { content } = yield* LanguageModel.generateText({
          prompt: "Go.",
          toolkit: kit,
          disableToolCallResolution: true
        })
        const said = Prompt.fromResponseParts(content)
        const renamed = Prompt.fromMessages(said.content.map((message) =>
          message.role === "assistant"
            ? Prompt.assistantMessage({
              content: message.content.map((part) => part.type === "tool-call" ? { ...part, id: "other" } : part)
            })
            : message
        ))
        for (const prompt of [said, renamed]) {
          yield* LanguageModel.generateText({ prompt: Prompt.concat(Prompt.make("Go."), prompt) })
        }
        return model.requests.slice(1).map(({ conversation }) => conversation.messages)
      }).pipe(Effect.provide(on(model.layer)))
      assert.deepStrictEqual(asked.map((messages) => messages.map(({ role }) => role)), [
        ["user", "assistant", "tool"],
        ["user", "assistant", "tool"]
      ])
      const natives = asked.map(([, turn]) => turn?.role === "assistant" ? turn.native : undefined)
      assert.deepStrictEqual(natives, [native, undefined])
    }))
})

describe("EffectAi.languageModel, turns", () => {
  it.effect("has text that is no JSON be the error of its call", () =>
    Effect.gen(function*() {
      const strict = Toolkit.make(
        Tool.make("weather", { parameters: city, success: Schema.Finite, failureMode: "return" })
      )
      const model = scripted(ScriptedModel.calls(
        { name: "weather", arguments: "{\"city\": \"Os" },
        { name: "weather", arguments: "{\"city\": \"Rome\"}" }
      ))
      const { toolResults } = yield* LanguageModel.generateText({ prompt: "Go.", toolkit: strict }).pipe(
        Effect.provide(Layer.merge(on(model.layer), strict.toLayer({ weather: () => Effect.succeed(3) })))
      )
      const ended = Object.fromEntries(toolResults.map(({ id, isFailure }) => [id, isFailure]))
      assert.deepStrictEqual(ended, { call_1: true, call_2: false })
    }))

  it.effect("starts no call of a turn that was cut off, streamed or not, and answers each", () =>
    Effect.gen(function*() {
      const model = scripted(ScriptedModel.cutOff(ScriptedModel.calls({ name: "weather", arguments: "{\"ci" })))
      const seen: Array<string> = []
      const layer = kit.toLayer({
        weather: ({ city }) => Effect.sync(() => seen.push(city)),
        "city.population": () => Effect.succeed(7)
      })
      const parts = yield* Effect.gen(function*() {
        const { content } = yield* LanguageModel.generateText({ prompt: "Go.", toolkit: kit })
        return [content, yield* Stream.runCollect(LanguageModel.streamText({ prompt: "Go.", toolkit: kit }))]
      }).pipe(Effect.provide(Layer.merge(layer, on(model.layer))))
      const told = parts.map((parts) =>
        parts.flatMap((part) => part.type === "tool-result" ? [[part.id, part.isFailure]] : [])
      )
      assert.deepStrictEqual([told, seen], [[[["call_1", true]], [["call_1", true]]], []])
    }))

  it.effect("keeps what effect/ai has no place for, where Volley reads it again", () =>
    Effect.gen(function*() {
      const turns: ReadonlyArray<ScriptedModel.Turn> = [
        ScriptedModel.malformed("no call", "Hm"),
        ScriptedModel.refuses("No."),
        ScriptedModel.pauses("Wait"),
        ScriptedModel.cutOff(ScriptedModel.calls({ name: "a", arguments: {} }, { name: "b", arguments: "{" })),
        {
          ...ScriptedModel.says("Yes."),
          model: "m-1",
          usage: { input: 9, output: 5, cached: 2, cacheWrite: 3, reasoning: 4 }
        }
      ]
      for (const turn of turns) {
        const model = scripted(turn)
        const back = yield* ChatModel.ChatModel.use((model) =>
          model.generate({ conversation: Conversation.make("Go.") })
        ).pipe(Effect.provide(Layer.provide(EffectAi.chatModel, on(model.layer))))
        const { message: { native: _, ...message }, ...rest } = back
        const { pace: __, ...expected } = turn
        assert.deepStrictEqual({ ...rest, message }, expected)
      }
    }))
})

describe("EffectAi.languageModel, errors", () => {
  const message = "because"

  it.effect.each<readonly [ChatModelError.Reason, AiError.AiErrorReason["_tag"]]>([
    [new ChatModelError.RateLimited({ message, retryAfterMillis: 1500 }), "RateLimitError"],
    [new ChatModelError.RateLimited({ message }), "RateLimitError"],
    [new ChatModelError.QuotaExhausted({ message }), "QuotaExhaustedError"],
    [new ChatModelError.Unauthorized({ message, status: 401 }), "AuthenticationError"],
    [new ChatModelError.Unauthorized({ message, status: 403 }), "AuthenticationError"],
    [new ChatModelError.InvalidRequest({ message, status: 400 }), "InvalidRequestError"],
    [new ChatModelError.ProviderFailed({ message, status: 503 }), "InternalProviderError"],
    [new ChatModelError.UnusableResponse({ message }), "InvalidResponseError"],
    [new ChatModelError.Unreachable({ message, url: "http://a.test" }), "NetworkError"],
    [new ChatModelError.TimedOut({ limit: "idle", millis: 60_000 }), "NetworkError"],
    [new ChatModelError.TooLarge({ maxBytes: 10 }), "InvalidResponseError"],
    [new ChatModelError.Redirected({ status: 302, to: "http://b.test" }), "NetworkError"]
  ])("are errors of effect/ai, and the very same in Volley again: %s", ([reason, tag]) =>
    Effect.gen(function*() {
      const layer = on(scripted(ScriptedModel.fails(reason)).layer)
      const ask = LanguageModel.generateText({ prompt: "Go." })
      const error = yield* Effect.flip(Effect.provide(ask, layer))
      assert.deepStrictEqual([error._tag, error.reason._tag, error.isRetryable], ["AiError", tag, reason.isRetryable])
      const after = error.retryAfter && Duration.toMillis(error.retryAfter)
      assert.strictEqual(after, reason._tag === "RateLimited" ? reason.retryAfterMillis : undefined)
      const back = yield* ChatModel.ChatModel.use((model) =>
        Effect.flip(Stream.runDrain(model.stream({ conversation: Conversation.make("Go.") })))
      ).pipe(Effect.provide(Layer.provide(EffectAi.chatModel, layer)))
      assert.deepStrictEqual(back.reason, reason)
      assert.notStrictEqual(back.wire, "effect/ai")
    }))
})
