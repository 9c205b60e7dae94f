import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { type GenerateContentParameters, type GenerateContentResponse, GoogleGenAI } from "@google/genai"
import * as Effect from "effect/Effect"
import OpenAI from "openai"
import * as Frame from "../src/Frame.ts"
import type { Script } from "../src/Script.ts"
import * as Simulator from "../src/Simulator.ts"
import { twoCities } from "./harness.ts"
import { simulated } from "./requests.ts"

const prompt = "How is the weather in Oslo and Rome?"

/** Calls with and without arguments, or an answer in letters of every width. */
const scripts: Record<string, Script> = {
  "calls": {
    wants: () => [...twoCities.wants([]), { name: "weather", arguments: {} }],
    answer: () => ""
  },
  "an answer": { wants: () => [], answer: () => "3° in Oslo, 21° in Røme 🌞 — \"sunny\"\n" }
}

const fragments: ReadonlyArray<Frame.Fragment> = [1, 1000, [3, 0, 7], (at) => at % 5]

/** What a request cost, and what came of it. */
const facts = (
  entry: Simulator.Entry | undefined
) => [entry?.status, entry?.calls, entry?.inputTokens, entry?.outputTokens]

/** Everything that an object shows of itself, without what clients add for their callers. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, value: unknown) =>
      /^(parsed.*|output_parsed|_request_id|output_text|sdkHttpResponse)$/.test(key) ? undefined : value)
  )

const openAiOf = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey: "key", baseURL: "http://simulator.test/v1", fetch })

/** A turn as the official client gives it, streamed and not. */
const wires: Record<
  string,
  (
    fetch: typeof globalThis.fetch
  ) => { readonly whole: () => Promise<unknown>; readonly streamed: () => Promise<unknown> }
> = {
  "OpenAI Chat": (fetch) => {
    const { completions } = openAiOf(fetch).chat
    const request: OpenAI.ChatCompletionCreateParamsNonStreaming = {
      model: "gpt-4.1",
      messages: [{ role: "user", content: prompt }],
      tools: [{ type: "function", function: { name: "weather" } }]
    }
    return {
      whole: () => completions.create(request),
      streamed: () =>
        completions.stream({ ...request, stream: true, stream_options: { include_usage: true } }).finalChatCompletion()
    }
  },
  "OpenAI Responses": (fetch) => {
    const { responses } = openAiOf(fetch)
    const request = {
      model: "gpt-5.4",
      input: prompt,
      reasoning: { effort: "low", summary: "auto" },
      tools: [{ type: "function", name: "weather", parameters: { type: "object", properties: {} }, strict: false }]
    } satisfies OpenAI.Responses.ResponseCreateParamsNonStreaming
    return {
      whole: () => responses.create(request),
      streamed: () => responses.stream(request).finalResponse()
    }
  },
  Anthropic: (fetch) => {
    const { messages } = new Anthropic({ apiKey: "key", baseURL: "http://simulator.test", fetch })
    const request: Anthropic.MessageCreateParamsNonStreaming = {
      model: "claude-opus-5-5",
      max_tokens: 1024,
      thinking: { type: "adaptive" },
      messages: [{ role: "user", content: prompt }],
      tools: [{ name: "weather", input_schema: { type: "object" } }]
    }
    return {
      whole: () => messages.create(request),
      streamed: () => messages.stream(request).finalMessage()
    }
  },
  Google: (fetch) => {
    const { models } = new GoogleGenAI({
      apiKey: "key",
      vertexai: false,
      httpOptions: { baseUrl: "http://simulator.test", fetch }
    })
    const request: GenerateContentParameters = {
      model: "gemini-3.8-flash",
      contents: prompt,
      config: { tools: [{ functionDeclarations: [{ name: "weather" }] }] }
    }
    return {
      whole: () => models.generateContent(request),
      streamed: async () => joined(await collected(await models.generateContentStream(request)))
    }
  }
}

const collected = async <A>(items: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const item of items) all.push(item)
  return all
}

/** There is no helper for it on this wire: parts behind each other, texts as one, and the rest as the last chunk has it. */
const joined = (chunks: ReadonlyArray<GenerateContentResponse>) => {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
  const text = parts.map((part) => part.text ?? "").join("")
  const calls = parts.filter(({ functionCall }) => functionCall)
  const last = chunks.at(-1)
  const candidate = last?.candidates?.[0]
  const content = { ...candidate?.content, parts: calls.length > 0 ? calls : [{ text }] }
  return { ...last, candidates: [{ ...candidate, content }] }
}

describe.each(Object.entries(wires))("a stream on %s", (_, clientOf) => {
  it.effect.each(
    Object.entries(scripts).flatMap(([what, script]) =>
      fragments.map((fragment) => [what, String(fragment), script, fragment] as const)
    )
  )(
    "gives the client %s as it is without, in fragments of %s",
    ([, , script, fragment]) =>
      Effect.gen(function*() {
        const one = yield* simulated({ script: () => script, fragment })
        const other = yield* simulated({ script: () => script, fragment })
        const streamed = yield* Effect.promise(clientOf(one.fetch).streamed)
        assert.deepStrictEqual(plain(streamed), plain(yield* Effect.promise(clientOf(other.fetch).whole)))
        const [first] = yield* one.requests
        const [second] = yield* other.requests
        assert.deepStrictEqual([first?.streamed, second?.streamed], [true, false])
        assert.deepStrictEqual(facts(first), facts(second))
      })
  )
})

const chat = {
  model: "gpt-4.1",
  messages: [{ role: "user", content: prompt }],
  tools: [{ type: "function", function: { name: "weather" } }],
  stream: true
}
const google = {
  contents: [{ role: "user", parts: [{ text: prompt }] }],
  tools: [{ functionDeclarations: [{ name: "weather" }] }]
}

/** The lines of an answer to a request. */
const linesOf = Effect.fnUntraced(function*(path: string, body: object, options: Partial<Simulator.Options> = {}) {
  const { fetch, requests } = yield* simulated({ script: () => twoCities, ...options })
  const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21", "x-goog-api-key": "key" }
  const response = yield* Effect.promise(() =>
    fetch(`http://simulator.test${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  )
  const lines = (yield* Effect.promise(() => response.text())).split("\n").filter((line) => line !== "")
  return { lines, type: response.headers.get("content-type"), status: response.status, entry: (yield* requests)[0] }
})

describe("server-sent events", () => {
  it.effect("are unnamed chunks and [DONE] on OpenAI Chat, with what they cost only where it is asked for", () =>
    Effect.gen(function*() {
      const { lines, type } = yield* linesOf("/v1/chat/completions", chat)
      assert.strictEqual(type, "text/event-stream")
      assert.isTrue(lines.every((line) => line.startsWith("data: ")))
      assert.strictEqual(lines.at(-1), "data: [DONE]")
      assert.notInclude(lines.join(), "usage")
      const asked = yield* linesOf("/v1/chat/completions", { ...chat, stream_options: { include_usage: true } })
      assert.include(asked.lines.at(-2), "\"choices\":[],\"usage\":{\"prompt_tokens\":")
      assert.isTrue(asked.lines.slice(0, -2).every((line) => line.endsWith("\"usage\":null}")))
    }))

  it.effect("are numbered and named like their types on OpenAI Responses", () =>
    Effect.gen(function*() {
      const { messages: input, model, stream } = chat
      const tools = [{ type: "function", name: "weather", parameters: null, strict: false }]
      const { lines } = yield* linesOf("/v1/responses", { model, stream, input, tools })
      const names = lines.filter((_, at) => at % 2 === 0)
      const events = lines.filter((_, at) => at % 2 === 1).map((line) => JSON.parse(line.slice("data: ".length)))
      assert.deepStrictEqual(names, events.map(({ type }) => `event: ${type}`))
      assert.deepStrictEqual(events.map((event) => event.sequence_number), events.map((_, at) => at))
      assert.strictEqual(names.at(-1), "event: response.completed")
    }))

  it.effect("come in this order on Anthropic", () =>
    Effect.gen(function*() {
      const body = {
        model: "claude-opus-5-5",
        max_tokens: 99,
        messages: chat.messages,
        stream: true,
        thinking: { type: "adaptive", display: "omitted" },
        tools: [{ name: "weather", input_schema: { type: "object" } }]
      }
      const { lines } = yield* linesOf("/v1/messages", body, { fragment: 99 })
      assert.deepStrictEqual(lines.filter((line) => line.startsWith("event: ")).map((line) => line.slice(7)), [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop"
      ])
      assert.include(lines.join(), "{\"type\":\"signature_delta\",\"signature\":")
    }))

  it.effect("are whole responses on Google, and are all that it streams", () =>
    Effect.gen(function*() {
      const path = "/v1/models/gemini-3.8-flash:streamGenerateContent"
      const { lines } = yield* linesOf(`${path}?alt=sse`, google)
      assert.lengthOf(lines, 2)
      assert.deepStrictEqual(lines.map((line) => line.includes("\"finishReason\":\"STOP\"")), [false, true])
      assert.deepStrictEqual(lines.map((line) => line.includes("usageMetadata")), [false, true])
      const array = yield* linesOf(path, google)
      assert.deepStrictEqual([array.status, array.entry?.row], [400, "stream"])
    }))
})
