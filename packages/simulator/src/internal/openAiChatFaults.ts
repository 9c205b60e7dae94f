import type { ChatCompletion, ChatCompletionMessageToolCall } from "openai/resources/chat/completions"
import type { Fault } from "../Fault.ts"
import type * as Frame from "../Frame.ts"
import { frames } from "./openAiChatFrames.ts"
import { half, interleaved, mapLast, type Spoiled, spoilFrames, textLast } from "./spoil.ts"

type Choice = ChatCompletion.Choice
type Call = ChatCompletionMessageToolCall

/**
 * What a fault makes of a body, and of the stream of it.
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
 * const spoiled = OpenAiChatWire.spoil({ _tag: "Truncated" }, answer, {})
 * console.log(Object.keys(spoiled).join()) // => body,frames
 * ```
 */
export const spoil = (fault: Fault, body: ChatCompletion, options: Frame.Options): Spoiled<ChatCompletion> => {
  const spoiled = { ...body, choices: body.choices.map((choice) => spoilChoice(fault, choice)) }
  const streamed = frames(spoiled, options)
  const moved = fault._tag === "Interleaved"
    ? interleaved(streamed)
    : fault._tag === "TextAfterCalls"
    ? textLast(streamed)
    : streamed
  return { body: spoiled, frames: spoilFrames(fault, moved, error) }
}

const spoilChoice = (fault: Fault, choice: Choice): Choice => {
  const { message } = choice
  const { content, tool_calls: calls } = message
  switch (fault._tag) {
    case "Truncated":
      return {
        ...choice,
        finish_reason: "length",
        message: calls
          ? { ...message, tool_calls: lastCall(calls, (name, text) => [name, half(text)]) }
          : { ...message, content: half(content ?? "") }
      }
    case "InventedTool":
      return calls
        ? { ...choice, message: { ...message, tool_calls: lastCall(calls, (_, text) => [fault.name, text]) } }
        : choice
    case "TextAfterCalls":
      return calls ? { ...choice, message: { ...message, content: fault.text } } : choice
    default:
      return choice
  }
}

const lastCall = (
  calls: ReadonlyArray<Call>,
  f: (name: string, text: string) => readonly [string, string]
): Array<Call> =>
  mapLast(calls, () => true, (call) => {
    if (call.type === "custom") {
      const [name, input] = f(call.custom.name, call.custom.input)
      return { ...call, custom: { name, input } }
    }
    const [name, args] = f(call.function.name, call.function.arguments)
    return { ...call, function: { name, arguments: args } }
  })

const error: Frame.Frame = {
  data: {
    error: {
      message: "The server had an error while processing your request.",
      type: "server_error",
      param: null,
      code: null
    }
  }
}
