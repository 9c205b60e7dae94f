/**
 * Gathers the events of a streamed message into the body that it has when it is not streamed.
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { jsonOf, objectOf, ownCall, provenCalls, readMessage } from "./messageBlocks.ts"

type Fields = Readonly<Record<string, unknown>>

/**
 * A block of content.
 *
 * - `json`: the text of its input, so far
 * - `isProven`: nothing of it was cut off, since something else came after it
 */
interface Block {
  readonly content: Fields
  readonly json: string
  readonly isStopped: boolean
  readonly isProven: boolean
}

/**
 * What came so far.
 *
 * - `message`: what stands beside the content; none before the first event
 * - `read`: how many blocks were looked at for calls
 * - `calls`: those of them that are proven complete
 */
export interface State {
  readonly message: Fields | undefined
  readonly blocks: ReadonlyArray<Block>
  readonly read: number
  readonly calls: ReadonlyArray<Anthropic.ToolUseBlock>
  readonly told: ChatModel.Told
  readonly isOver: boolean
}

type Step = Result.Result<readonly [State, ReadonlyArray<ChatModel.Text | ChatModel.Call>], ChatModelError.Reason>

const Fields = Schema.Record(Schema.String, Schema.Unknown)

const Delta = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text_delta"), text: Schema.String }),
  Schema.Struct({ type: Schema.Literal("input_json_delta"), partial_json: Schema.String }),
  Schema.Struct({ type: Schema.Literal("thinking_delta"), thinking: Schema.String }),
  Schema.Struct({ type: Schema.Literal("signature_delta"), signature: Schema.String }),
  Schema.Struct({ type: Schema.Literal("citations_delta"), citation: Schema.Unknown })
])

const Known = Schema.Union([
  Schema.Struct({ type: Schema.Literal("message_start"), message: Fields }),
  Schema.Struct({ type: Schema.Literal("content_block_start"), index: Schema.Int, content_block: Fields }),
  Schema.Struct({ type: Schema.Literal("content_block_delta"), index: Schema.Int, delta: Delta }),
  Schema.Struct({ type: Schema.Literal("content_block_stop"), index: Schema.Int }),
  Schema.Struct({
    type: Schema.Literal("message_delta"),
    delta: Fields,
    usage: Schema.optional(Schema.NullOr(Fields))
  }),
  Schema.Struct({ type: Schema.Literal("message_stop") }),
  Schema.Struct({
    type: Schema.Literal("error"),
    error: Schema.Struct({ type: Schema.optional(Schema.Unknown), message: Schema.String })
  })
])

type Event = typeof Known.Type

const types: ReadonlySet<string> = new Set(Known.members.map(({ fields }) => fields.type.literal))

const readAny = ChatModel.eventOf(Schema.Struct({ type: Schema.String }))
const readKnown = ChatModel.eventOf(Known)

export const initial: State = {
  message: undefined,
  blocks: [],
  read: 0,
  calls: [],
  told: ChatModel.nothingTold,
  isOver: false
}

/** Takes an event; those of types that the contract does not know are let pass, as it demands. */
export const next = (state: State, event: unknown): Step =>
  Result.flatMap(readAny(event), ({ type }) =>
    types.has(type)
      ? Result.flatMap(readKnown(event), (event) => take(state, event))
      : Result.succeed([state, []]))

const take = (state: State, event: Event): Step => {
  const problem = misplaced(state, event)
  if (problem !== undefined) return ChatModel.notAnEvent(problem)
  switch (event.type) {
    case "message_start":
      return Result.succeed([{ ...state, message: event.message }, []])
    case "content_block_start":
      return start(state, event.content_block)
    case "content_block_delta":
      return extend(state, event)
    case "content_block_stop":
      return Result.succeed([withBlock(state, event.index, { isStopped: true }), []])
    case "message_delta":
      return amend(state, event)
    case "message_stop":
      return Result.succeed([{ ...state, isOver: true }, []])
    case "error":
      return failed(event.error)
  }
}

/** What is wrong with an event here, after those before it. */
const misplaced = ({ blocks, isOver, message }: State, event: Event): string | undefined => {
  if (event.type === "error") return undefined
  if (isOver) return `${event.type} comes after the end`
  if (event.type === "message_start") return message && "message_start comes twice"
  if (message === undefined) return `${event.type} comes before message_start`
  if (!("index" in event)) return undefined
  if (message["stop_reason"]) return `${event.type} comes after the stop_reason`
  if (event.type === "content_block_start") {
    return event.index === blocks.length ? undefined : `block ${event.index} starts where block ${blocks.length} should`
  }
  const isOpen = blocks[event.index]?.isStopped === false
  return isOpen ? undefined : `${event.type} of block ${event.index}, which is not open`
}

/** What starts after a block has stopped proves that block complete: of a turn that is cut off the last one stops too. */
const start = (state: State, content: Fields): Step => {
  const { text } = content
  const block: Block = { content, json: "", isStopped: false, isProven: false }
  return tell(
    { ...state, blocks: [...proven(state), block] },
    typeof text === "string" ? ChatModel.textPart(text) : []
  )
}

const proven = ({ blocks, read }: State): ReadonlyArray<Block> =>
  blocks.slice(0, read).concat(
    blocks.slice(read).map((block) =>
      block.isStopped && !block.isProven ? { ...block, content: contentOf(block), json: "", isProven: true } : block
    )
  )

const extend = (state: State, { delta, index }: Extract<Event, { readonly type: "content_block_delta" }>): Step => {
  const block = state.blocks[index]
  const more = block && grown(block, delta)
  if (more === undefined) return ChatModel.notAnEvent(`block ${index} takes no ${delta.type}`)
  const parts = delta.type === "text_delta" ? ChatModel.textPart(delta.text) : []
  return Result.succeed([withBlock(state, index, more), parts])
}

/** What a delta makes of a block; nothing where such a block takes none of its kind. */
const grown = ({ content, json }: Block, delta: typeof Delta.Type): Partial<Block> | undefined => {
  const { citations, input, text, thinking } = content
  switch (delta.type) {
    case "text_delta":
      return typeof text === "string" ? { content: { ...content, text: text + delta.text } } : undefined
    case "thinking_delta":
      return typeof thinking === "string" ? { content: { ...content, thinking: thinking + delta.thinking } } : undefined
    case "signature_delta":
      return typeof thinking === "string" ? { content: { ...content, signature: delta.signature } } : undefined
    case "citations_delta": {
      const earlier: ReadonlyArray<unknown> = Array.isArray(citations) ? citations : []
      return typeof text === "string" ? { content: { ...content, citations: [...earlier, delta.citation] } } : undefined
    }
    case "input_json_delta":
      return input === undefined ? undefined : { json: json + delta.partial_json }
  }
}

const withBlock = (state: State, index: number, change: Partial<Block>): State => ({
  ...state,
  blocks: state.blocks.with(index, { ...state.blocks[index]!, ...change })
})

/** What the usage says is of the whole turn so far, and so takes the place of what it said before. */
const amend = (state: State, { delta, usage }: Extract<Event, { readonly type: "message_delta" }>): Step => {
  const earlier = state.message?.["usage"]
  const message = {
    ...state.message,
    ...present(delta),
    usage: { ...(Schema.is(Fields)(earlier) && earlier), ...present(usage ?? {}) }
  }
  const amended: State = { ...state, message }
  return delta["stop_reason"] === "tool_use"
    ? tell({ ...amended, blocks: proven(state) }, [])
    : Result.succeed([amended, []])
}

const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))

/** The calls that are proven complete, as far as those before them are too, so that their places are known. */
const tell = (state: State, text: ReadonlyArray<ChatModel.Text>): Step => {
  const unread = state.blocks.slice(state.read)
  const open = unread.findIndex((block) => isCall(block) && !block.isProven)
  const known = open < 0 ? unread : unread.slice(0, open)
  const read = state.read + known.length
  const content = known.filter(isCall).map(contentOf)
  return Result.map(ChatModel.orUnusable(readMessage({ role: "assistant", content })), (message) => {
    const more = message.content.filter((block) => block.type === "tool_use")
    const calls = [...state.calls, ...more]
    const [told, parts] = ChatModel.tell(state.told, more.map(ownCall), () => provenCalls(calls))
    return [{ ...state, read, calls, told }, [...parts, ...text]]
  })
}

const isCall = ({ content }: Block): boolean => content["type"] === "tool_use"

/** Input that is no JSON stays a text where a call of the caller's can be answered for it. */
const contentOf = ({ content, json }: Block): Fields => {
  if (json.trim() === "") return content
  return { ...content, input: content["type"] === "tool_use" ? jsonOf(json) : objectOf(json) }
}

const failed = ({ message, type }: { readonly message: string; readonly type?: unknown }): Step => {
  const status = statusOf(type)
  return Result.fail(ChatModelError.fromStatus({ status, message: `${status} ${message}` }))
}

/** The HTTP status that an error of this type comes with when it does not come in the middle of a stream. */
export const statusOf = (type: unknown): number => statuses.get(type) ?? 500

const statuses: ReadonlyMap<unknown, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["conflict_error", 409],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["api_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529]
])

/** The body of the whole turn, where the events have its end. */
export const body = ({ blocks, isOver, message }: State): Result.Result<unknown, ChatModelError.Reason> => {
  if (!isOver || !message?.["stop_reason"]) {
    return Result.fail(ChatModelError.fromCutStream(message?.["stop_reason"] ? "message_stop" : "a stop_reason"))
  }
  const open = blocks.findIndex(({ isStopped }) => !isStopped)
  if (open >= 0) return ChatModel.notAnEvent(`block ${open} was never stopped`)
  return Result.succeed({ ...message, content: blocks.map(contentOf) })
}
