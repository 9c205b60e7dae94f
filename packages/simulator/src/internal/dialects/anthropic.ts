/**
 * How servers of Messages speak it.
 */
import type { ContentBlock, Message, ToolUseBlock } from "@anthropic-ai/sdk/resources/messages"
import type { Frame } from "../../Frame.ts"
import { get, isObject } from "../json.ts"
import {
  all,
  at,
  broken,
  type Change,
  events,
  type Frames,
  invented,
  isOwn,
  type Manner,
  nextId,
  refuse,
  refuseNames,
  set,
  several,
  signed,
  tooMany,
  unsigned,
  uses,
  where,
  without
} from "../manner.ts"

type Messages = Manner<Message>

const isUse = (block: unknown): boolean => get(block, "type") === "tool_use"

/** Another turn of calls in place of one; answers stay. */
const calling = (
  change: (calls: ReadonlyArray<ToolUseBlock>) => ReadonlyArray<ContentBlock>,
  stop?: Message["stop_reason"]
) =>
(body: Message): Message => {
  const calls = body.content.flatMap((block) => block.type === "tool_use" ? [block] : [])
  if (calls.length === 0) return body
  const before = body.content.filter(({ type }) => type !== "tool_use")
  return { ...body, stop_reason: stop ?? body.stop_reason, content: [...before, ...change(calls)] }
}

const ending = (stop: Message["stop_reason"]): Messages => ({ turn: calling((calls) => calls, stop) })

const adding = (change: (call: ToolUseBlock) => Partial<ToolUseBlock>) =>
  calling((calls) =>
    calls.flatMap((call, at) =>
      at < calls.length - 1 ? [call] : [call, { ...call, id: nextId(call.id), ...change(call) }]
    )
  )

const wrapped = calling((calls) =>
  calls.slice(0, 1).map((call) => ({
    ...call,
    name: several,
    input: uses(calls.map(({ input, name }) => ({ name, arguments: input })))
  }))
)

/** Calls in another form; `ofStart` is that of the block as it begins. */
const written = (change: Change, ofStart: Change): Messages => ({
  body: at("content.*", where(isUse, change)),
  frames: events(at("content_block", where(isUse, ofStart)))
})

const withoutInput = where((block) => JSON.stringify(get(block, "input")) === "{}", without("input"))
const nullInput = where((block) => JSON.stringify(get(block, "input")) === "{}", set("input", null))

/** The input of the call that was added is text that stops in the middle. */
const brokenLast: Messages = {
  turn: adding(() => ({ input: broken })),
  frames: (frames) => {
    const last = Math.max(...frames.map(({ call = -1 }) => call))
    const cut = frames.findLastIndex(({ call, completes, data }) =>
      call === last && call >= 0 && completes === undefined && all("delta.partial_json", data).length > 0
    )
    return frames.flatMap((frame, place): Frames => {
      if (frame.call !== last || all("delta.partial_json", frame.data).length === 0) return [frame]
      if (frame.completes !== undefined) return events(at("delta.partial_json", () => broken))([frame])
      return place === cut ? events(at("delta.partial_json", () => ""))([frame]) : []
    })
  }
}

/** What behind each event of a kind comes besides. */
const behind = (type: string, more: (frame: Frame) => Frames) => (frames: Frames): Frames =>
  frames.flatMap((frame) => frame.event === type ? [frame, ...more(unplaced(frame))] : [frame])

const unplaced = ({ data, event }: Frame): Frame => ({ data, event })

const again = (frame: Frame): Frames => [frame]

const unknown = (frame: Frame): Frames => [
  ...events(set("delta", { type: "shimmer_delta", shimmer: "*" }))([
    { event: "content_block_delta", data: { type: "content_block_delta", ...placeOf(frame) } }
  ]),
  { event: "content_block_glow", data: { type: "content_block_glow", ...placeOf(frame) } },
  { event: "ping", data: { type: "ping" } }
]

const placeOf = ({ data }: Frame) => ({ index: isObject(data) ? data["index"] : 0 })

const stopping = (stop: string): Messages => {
  const said = where((reason) => reason !== null, () => stop)
  return { body: at("stop_reason", said), frames: events(at("delta.stop_reason", said)) }
}

const error = { type: "error", error: { type: "rate_limit_error", message: tooMany.message } }

const nameRules = refuseNames("messages.*.content.*.name")

/** What there is, by the name of its dialect. */
export const anthropic: Readonly<Record<string, Messages>> = {
  "blocked-after-calls": ending("refusal"),
  "cut-after-calls": ending("max_tokens"),
  "broken-arguments": brokenLast,
  "invented-name": { turn: adding(() => ({ name: invented })), refuses: nameRules },
  "several-in-one": { turn: wrapped, refuses: nameRules },
  "arguments-as-text": written(
    (block) => isObject(block) ? { ...block, input: JSON.stringify(block["input"]) } : block,
    set("input", "")
  ),
  "arguments-null": written(nullInput, set("input", null)),
  "arguments-missing": written(withoutInput, without("input")),
  "empty-call": { turn: adding(() => ({ id: "", name: "", input: {} })), refuses: nameRules },
  "error-as-answer": { body: () => error, frames: () => [{ event: "error", data: error }] },
  "unknown-finish": stopping("abort"),
  "own-signatures": {
    body: at("content.*.signature", signed),
    frames: events(at("delta.signature", signed)),
    takes: at("messages.*.content.*.signature", unsigned),
    refuses: [refuse("A15", "messages.*.content.*.signature", isOwn, "Invalid `signature` in `thinking` block")]
  },
  "start-twice": { frames: behind("message_start", again) },
  "ends-twice": {
    frames: (frames) => behind("message_delta", again)(behind("content_block_stop", again)(frames))
  },
  "unknown-deltas": { frames: behind("content_block_start", unknown) }
}
