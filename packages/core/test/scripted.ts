/**
 * Models that say what a test wants them to say.
 */
import { Agent, ChatModel, type ChatModelError, type Tool, ToolCall } from "@volley/core"
import { Effect, Layer, Stream } from "effect"
import { assertEveryCallAnswered } from "./support.ts"

/** What every turn costs. */
export const usage = { input: 10, output: 1 }

/** A turn that answers. */
export const says = (text: string, finish: ChatModel.Turn["finish"] = "stop"): ChatModel.Turn => ({
  message: { role: "assistant", text, calls: [] },
  finish,
  usage
})

/** A turn that asks for tools; its call ids are the same in every turn, as some providers have it. */
export const asks = (
  ...calls: ReadonlyArray<Partial<ToolCall.ToolCall> & { readonly name: string }>
): ChatModel.Turn => ({
  message: {
    role: "assistant",
    text: "",
    calls: calls.map((call, index) => ({ ...ToolCall.make({ id: `call_${index + 1}`, ...call }), index, ...call }))
  },
  finish: "tool-calls",
  usage
})

/** A model that streams what it generates. */
export const modelOf = (
  generate: (request: ChatModel.Request) => Effect.Effect<ChatModel.Turn, ChatModelError.ChatModelError>
) =>
  Layer.succeed(ChatModel.ChatModel, {
    generate,
    stream: (request) => Stream.fromIterableEffect(Effect.map(generate(request), partsOf))
  })

/** A model that says one turn after the other, the last one for ever, and remembers what it was asked. */
export const scripted = (...turns: ReadonlyArray<ChatModel.Turn>) => {
  const requests: Array<ChatModel.Request> = []
  const generate = (request: ChatModel.Request) =>
    Effect.sync(() => turns[Math.min(requests.push(request), turns.length) - 1]!)
  return { requests, layer: modelOf(generate) }
}

/** A turn as it is streamed. */
export const partsOf = (turn: ChatModel.Turn): ReadonlyArray<ChatModel.Part> => [
  ...turn.message.text === "" ? [] : [{ _tag: "Text", text: turn.message.text } as const],
  ...turn.message.calls.map((call) => ({ _tag: "Call", call }) as const),
  { _tag: "Turn", turn, response: undefined }
]

/** Runs an agent against a script and sees to it that every call of the conversation is answered. */
export const run = Effect.fnUntraced(function*<T extends Tool.Any>(
  model: ReturnType<typeof scripted>,
  options: Agent.Options<T>
) {
  const ended = yield* Effect.provide(Agent.run(options), model.layer)
  assertEveryCallAnswered(ended.conversation)
  for (const { conversation } of model.requests) assertEveryCallAnswered(conversation)
  return ended
})
