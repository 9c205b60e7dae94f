import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionMessageToolCall
} from "openai/resources/chat/completions"
import * as Frame from "../Frame.ts"

type Choice = ChatCompletionChunk.Choice
type Delta = ChatCompletionChunk.Choice.Delta
type CallDelta = ChatCompletionChunk.Choice.Delta.ToolCall

/**
 * Cuts a body into chunks, and `[DONE]` behind them.
 *
 * - no call is proven complete before the chunk with the `finish_reason`
 *
 * @example
 * ```ts
 * import { OpenAiChatWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiChatWire.check(body, headers))
 * const { body: answer } = OpenAiChatWire.render(request, { _tag: "Answer", text: "Hello." })
 * const frames = OpenAiChatWire.frames(answer, { fragment: 3 })
 * console.log(frames.length, frames[0]?.event) // => 6 undefined
 * ```
 */
export const frames = (
  body: ChatCompletion,
  { fragment, usage = true }: Frame.Options = {}
): ReadonlyArray<Frame.Frame> => {
  const chunk = (choices: Array<Choice>, cost: ChatCompletion["usage"] | null = null): Frame.Frame => {
    const { created, id, model } = body
    const data = { id, object: "chat.completion.chunk", created, model, choices, ...(usage && { usage: cost }) }
    return { data }
  }
  return [
    ...body.choices.flatMap((choice) => choiceFrames(choice, Frame.cutter(fragment), (choice) => chunk([choice]))),
    ...(usage ? [chunk([], body.usage)] : []),
    { data: "[DONE]" }
  ]
}

const choiceFrames = (
  { finish_reason, index, message }: ChatCompletion.Choice,
  cut: (text: string) => ReadonlyArray<string>,
  chunk: (choice: Choice) => Frame.Frame
): ReadonlyArray<Frame.Frame> => {
  const frame = (delta: Delta, finish: Choice["finish_reason"] = null): Frame.Frame =>
    chunk({ index, delta, finish_reason: finish, logprobs: null })
  return [
    frame({ role: "assistant", content: message.content === null ? null : "", refusal: null }),
    ...cut(message.content ?? "").map((content) => frame({ content })),
    ...cut(message.refusal ?? "").map((refusal) => frame({ refusal })),
    ...(message.tool_calls ?? []).flatMap((call, at) =>
      Frame.ofCall(at, callDeltas(call, at, cut).map((part) => frame({ tool_calls: [part] })))
    ),
    frame({}, finish_reason)
  ]
}

const callDeltas = (
  call: ChatCompletionMessageToolCall,
  index: number,
  cut: (text: string) => ReadonlyArray<string>
): ReadonlyArray<CallDelta> => {
  if (call.type === "custom") {
    const { input, name } = call.custom
    return [
      { index, id: call.id, type: call.type, custom: { name, input: "" } },
      ...cut(input).map((input) => ({ index, custom: { input } }))
    ]
  }
  const { arguments: args, name } = call.function
  return [
    { index, id: call.id, type: "function", function: { name, arguments: "" } },
    ...cut(args).map((part) => ({ index, function: { arguments: part } }))
  ]
}
