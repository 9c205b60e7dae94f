import type {
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseReasoningItem
} from "openai/resources/responses/responses"
import * as Frame from "../Frame.ts"
import type { Body } from "./openAiResponsesBody.ts"

type Cut = (text: string) => ReadonlyArray<string>

/** An event before it is numbered. */
interface Event {
  readonly type: string
  readonly [key: string]: unknown
}

/**
 * Cuts a body into events that are numbered in order.
 *
 * - an item is proven complete by its `response.output_item.done`, which stands right behind what completes it
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
 * const frames = OpenAiResponsesWire.frames(answer, { fragment: 3 })
 * console.log(frames.length, frames[0]?.event) // => 10 response.created
 * ```
 */
export const frames = (body: Body, { fragment }: Frame.Options = {}): ReadonlyArray<Frame.Frame> => {
  const cut = Frame.cutter(fragment)
  const response = { ...body, status: "in_progress", output: [], usage: null, error: null, incomplete_details: null }
  const calls = body.output.filter(isCall)
  return numbered([
    unmarked({ type: "response.created", response }),
    unmarked({ type: "response.in_progress", response }),
    ...body.output.flatMap((item, at) => itemFrames(item, at, calls.indexOf(item), cut)),
    unmarked({ type: `response.${body.status ?? "completed"}`, response: body })
  ])
}

const unmarked = (data: Event): Frame.Frame => ({ event: data.type, data })

/** Gives every event its number, in the order of the list. */
export const numbered = (frames: ReadonlyArray<Frame.Frame>): ReadonlyArray<Frame.Frame> =>
  frames.map((frame, at) =>
    typeof frame.data === "string" ? frame : { ...frame, data: { ...frame.data, sequence_number: at } }
  )

const isCall = ({ type }: ResponseOutputItem): boolean => type === "function_call" || type === "custom_tool_call"

const itemFrames = (item: ResponseOutputItem, at: number, call: number, cut: Cut): ReadonlyArray<Frame.Frame> => {
  const within = partFrames(item, { item_id: item.id, output_index: at }, cut).map(unmarked)
  const added = unmarked({ type: "response.output_item.added", output_index: at, item: begun(item) })
  const done = unmarked({ type: "response.output_item.done", output_index: at, item })
  return call < 0 ? [added, ...within, done] : [...Frame.ofCall(call, [added, ...within]), { ...done, call }]
}

/** What there is of an item at its beginning; what a reasoning item has encrypted is not whole yet. */
const begun = (item: ResponseOutputItem): object => {
  switch (item.type) {
    case "message":
      return { ...item, status: "in_progress", content: [] }
    case "reasoning":
      return { ...item, summary: [], encrypted_content: item.encrypted_content?.slice(0, 8) ?? null }
    case "function_call":
      return { ...item, status: "in_progress", arguments: "" }
    case "custom_tool_call":
      return { ...item, input: "" }
    default:
      return item
  }
}

const partFrames = (item: ResponseOutputItem, place: object, cut: Cut): ReadonlyArray<Event> => {
  switch (item.type) {
    case "message":
      return item.content.flatMap((part, at) => contentFrames(part, { ...place, content_index: at }, cut))
    case "reasoning":
      return item.summary.flatMap((part, at) => summaryFrames(part, { ...place, summary_index: at }, cut))
    case "function_call":
      return [
        ...cut(item.arguments).map((delta) => ({ type: "response.function_call_arguments.delta", ...place, delta })),
        { type: "response.function_call_arguments.done", ...place, arguments: item.arguments }
      ]
    case "custom_tool_call":
      return [
        ...cut(item.input).map((delta) => ({ type: "response.custom_tool_call_input.delta", ...place, delta })),
        { type: "response.custom_tool_call_input.done", ...place, input: item.input }
      ]
    default:
      return []
  }
}

const contentFrames = (
  part: ResponseOutputMessage["content"][number],
  place: object,
  cut: Cut
): ReadonlyArray<Event> => [
  {
    type: "response.content_part.added",
    ...place,
    part: part.type === "refusal" ? { ...part, refusal: "" } : { ...part, text: "" }
  },
  ...(part.type === "refusal"
    ? [
      ...cut(part.refusal).map((delta) => ({ type: "response.refusal.delta", ...place, delta })),
      { type: "response.refusal.done", ...place, refusal: part.refusal }
    ]
    : [
      ...cut(part.text).map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
      { type: "response.output_text.done", ...place, text: part.text, logprobs: [] }
    ]),
  { type: "response.content_part.done", ...place, part }
]

const summaryFrames = (
  part: ResponseReasoningItem["summary"][number],
  place: object,
  cut: Cut
): ReadonlyArray<Event> => [
  { type: "response.reasoning_summary_part.added", ...place, part: { ...part, text: "" } },
  ...cut(part.text).map((delta) => ({ type: "response.reasoning_summary_text.delta", ...place, delta })),
  { type: "response.reasoning_summary_text.done", ...place, text: part.text },
  { type: "response.reasoning_summary_part.done", ...place, part }
]
