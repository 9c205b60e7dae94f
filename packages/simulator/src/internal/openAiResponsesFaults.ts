import type { ResponseOutputItem } from "openai/resources/responses/responses"
import type { Fault } from "../Fault.ts"
import type * as Frame from "../Frame.ts"
import type { Body } from "./openAiResponsesBody.ts"
import { frames, numbered } from "./openAiResponsesFrames.ts"
import { half, interleaved, mapLast, type Spoiled, spoilFrames } from "./spoil.ts"

/**
 * What a fault makes of a body, and of the stream of it; an event that comes twice has the same number both times.
 *
 * @example
 * ```ts
 * import { OpenAiResponsesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "gpt-5.4", input: "Hello!" }
 * const headers = { authorization: "Bearer key" }
 * const request = Result.getOrThrow(OpenAiResponsesWire.check(body, headers))
 * const { body: answer } = OpenAiResponsesWire.render(request, { _tag: "Answer", text: "Hello." }, 1)
 * const spoiled = OpenAiResponsesWire.spoil({ _tag: "Truncated" }, answer, {})
 * console.log(Object.keys(spoiled).join()) // => body,frames
 * ```
 */
export const spoil = (fault: Fault, body: Body, options: Frame.Options): Spoiled<Body> => {
  const spoiled = spoilBody(fault, body)
  const streamed = frames(spoiled, options)
  const moved = fault._tag === "Interleaved" ? interleaved(streamed) : streamed
  const ended = spoilFrames(fault, moved, error)
  return { body: spoiled, frames: fault._tag === "Repeated" ? ended : numbered(ended) }
}

const spoilBody = (fault: Fault, body: Body): Body => {
  const { output } = body
  switch (fault._tag) {
    case "Truncated":
      return {
        ...body,
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: mapLast(output, () => true, cutShort)
      }
    case "ResponseFailed":
      return { ...body, status: "failed", error: { code: "server_error", message: told }, output: output.slice(0, -1) }
    case "InventedTool":
      return {
        ...body,
        output: mapLast(
          output,
          ({ type }) => type === "function_call",
          (item) => item.type === "function_call" ? { ...item, name: fault.name } : item
        )
      }
    case "TextAfterCalls":
      return output.some(({ type }) => type === "function_call")
        ? { ...body, output: [...output, saying(fault.text, body.id)] }
        : body
    default:
      return body
  }
}

const cutShort = (item: ResponseOutputItem): ResponseOutputItem => {
  if (item.type === "function_call") return { ...item, arguments: half(item.arguments), status: "incomplete" }
  if (item.type !== "message") return item
  const content = item.content.map((part) => part.type === "output_text" ? { ...part, text: half(part.text) } : part)
  return { ...item, content, status: "incomplete" }
}

const saying = (text: string, response: string): ResponseOutputItem => ({
  type: "message",
  id: `msg_${response}`,
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [], logprobs: [] }]
})

const told = "The server had an error while processing your request."

const error: Frame.Frame = { event: "error", data: { type: "error", code: "server_error", message: told, param: null } }
