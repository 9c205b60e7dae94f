/**
 * What the tests of odd servers arrange: one shape, read by the codec and by the Layer, whole and streamed.
 */
import { Batch, ChatModel, type ChatModelError, Conversation } from "@volley/core"
import { Effect, type Layer, Result, Stream } from "effect"
import { answering, canned, generate, type LayerOf, reach } from "../../simulator/test/ChatModelSuite.ts"
import { toolkit } from "./support.ts"

/** A `fetch` that streams events, and says `[DONE]` unless told otherwise. */
export const streaming = (events: ReadonlyArray<unknown>, end = "data: [DONE]\n\n") => {
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") + end
  return canned(() => new Response(text, { headers: { "content-type": "text/event-stream" } }))
}

type Asked = Effect.Effect<Result.Result<ChatModel.Turn, ChatModelError.ChatModelError>>

const ask = (layer: Layer.Layer<ChatModel.ChatModel>): Asked => Effect.result(generate()).pipe(Effect.provide(layer))

const askStreamed = (layer: Layer.Layer<ChatModel.ChatModel>): Asked =>
  Effect.result(turnIn(ChatModel.ChatModel.use((model) => Stream.runCollect(model.stream(request))))).pipe(
    Effect.provide(layer)
  )

const request = { conversation: Conversation.make("Go."), toolkit }

const turnIn = <E, R>(parts: Effect.Effect<ReadonlyArray<ChatModel.Part>, E, R>) =>
  Effect.map(parts, (parts) => {
    const whole = parts.at(-1)
    if (whole?._tag !== "Turn") throw new Error("no turn")
    return whole.turn
  })

/** What a Layer makes of a body, and of the events of a stream. */
export const whole = (layerOf: LayerOf, body: unknown): Asked =>
  ask(layerOf({ ...reach, maxRetries: 0, fetch: answering(body).fetch }))

export const streamed = (layerOf: LayerOf, events: ReadonlyArray<unknown>, end?: string): Asked =>
  askStreamed(layerOf({ ...reach, maxRetries: 0, fetch: streaming(events, end).fetch }))

/** A turn in short: how it ended, its text, and its calls as `id name arguments status`. */
export const short = (asked: Result.Result<ChatModel.Turn, ChatModelError.ChatModelError>) =>
  Result.match(asked, {
    onFailure: ({ isRetryable, message, reason }) => ({ reason: reason._tag, isRetryable, message }),
    onSuccess: ({ finish, message: { calls, text } }) => ({ finish, text, calls: calls.map(shortCall) })
  })

/** A call in short, so that one status more or less is seen at once. */
export const shortCall = ({ arguments: args, id, name, status }: Batch.Settled<never>["outcomes"][number]["call"]) =>
  `${id} ${name} ${typeof args === "string" ? args : JSON.stringify(args)}${status === "complete" ? "" : " truncated"}`
