/**
 * The same question on every wire, and answers to it as they stand in the bytes.
 */
import * as Effect from "effect/Effect"
import type { Script } from "../src/Script.ts"
import * as Simulator from "../src/Simulator.ts"

const prompt = "How is the weather?"

/** Wants these arguments for the weather, one call each, and then says that it saw the results. */
export const wanting = (...calls: ReadonlyArray<{ readonly city: string }>): Script => ({
  wants: () => calls.map((args) => ({ name: "weather", arguments: args })),
  answer: () => "I saw them all."
})

/**
 * One request of each wire.
 *
 * - `streamed`: the path and the body that ask for a stream
 */
export const wires = {
  "openai-chat": {
    path: "/v1/chat/completions",
    body: {
      model: "gpt-4.1",
      messages: [{ role: "user", content: prompt }],
      tools: [{ type: "function", function: { name: "weather" } }]
    },
    streamed: { stream: true, stream_options: { include_usage: true } }
  },
  "openai-responses": {
    path: "/v1/responses",
    body: {
      model: "gpt-5.4",
      input: prompt,
      tools: [{ type: "function", name: "weather", parameters: null, strict: false }]
    },
    streamed: { stream: true }
  },
  anthropic: {
    path: "/v1/messages",
    body: {
      model: "claude-opus-5-5",
      max_tokens: 1024,
      messages: [{ role: "user", content: prompt }],
      tools: [{ name: "weather", input_schema: { type: "object" } }]
    },
    streamed: { stream: true }
  },
  google: {
    path: "/v1/models/gemini-3.8-flash:generateContent",
    body: {
      contents: [{ role: "user", parts: [{ text: prompt }] }],
      tools: [{ functionDeclarations: [{ name: "weather" }] }]
    },
    streamed: {}
  }
} as const

export type Name = keyof typeof wires

export const names: ReadonlyArray<Name> = ["openai-chat", "openai-responses", "anthropic", "google"]

const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21", "x-goog-api-key": "key" }

/** Sends the request of a wire. */
export const send = (
  fetch: typeof globalThis.fetch,
  wire: Name,
  { root = "http://simulator.test", signal = null, stream = false }: {
    readonly root?: string
    readonly signal?: AbortSignal | null
    readonly stream?: boolean
  } = {}
) => {
  const { body, path, streamed } = wires[wire]
  const to = stream ? path.replace(":generateContent", ":streamGenerateContent?alt=sse") : path
  const sent = JSON.stringify(stream ? { ...body, ...streamed } : body)
  return fetch(`${root}${to}`, { method: "POST", headers: { ...headers }, body: sent, signal })
}

/** A simulator, and a `fetch` that leads straight into it. */
export const simulated = Effect.fnUntraced(function*(options: Simulator.Options) {
  const simulator = yield* Simulator.make(options)
  return { ...simulator, fetch: yield* Simulator.fetch(simulator.app) }
})

/** What is read of a body, and whether it ended or broke off. */
export const read = (response: Response) =>
  Effect.promise(async () => {
    const decoder = new TextDecoder()
    let text = ""
    try {
      for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true })
      return { text, end: "clean" }
    } catch {
      return { text, end: "broken" }
    }
  })

/** The data of server-sent events, as it was parsed. */
export const dataOf = (text: string): ReadonlyArray<{ readonly [key: string]: unknown }> =>
  text.split("\n").flatMap((line) => line.startsWith("data: {") ? [JSON.parse(line.slice("data: ".length))] : [])
