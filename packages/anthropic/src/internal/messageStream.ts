/**
 * Gathers the events of a streamed message into the body that it has when it is not streamed.
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { errorIn } from "./errorBody.ts"
import { blocksOf, jsonOf, ownCall, provenCalls, readMessage, typed } from "./messageBlocks.ts"

type Fields = Readonly<Record<string, unknown>>

/**
 * A block of content.
 *
 * - `at`: the place that its events give it; the last one that is open counts, since some servers give all the same
 * - `json`: the text of its input, so far
 * - `isProven`: nothing of it was cut off, since something else came after it
 */
interface Block {
  readonly at: number | undefined
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

const index = Schema.optional(Schema.NullOr(Schema.Int))
const Some = Schema.optional(Schema.NullOr(Fields))

const Known = Schema.Union([
  Schema.Struct({ type: Schema.Literal("message_start"), message: Fields }),
  Schema.Struct({ type: Schema.Literal("content_block_start"), index, content_block: Fields }),
  Schema.Struct({ type: Schema.Literal("content_block_delta"), index, delta: Delta }),
  Schema.Struct({ type: Schema.Literal("content_block_stop"), index }),
  Schema.Struct({ type: Schema.Literal("message_delta"), delta: Some, usage: Some }),
  Schema.Struct({ type: Schema.Literal("message_stop") })
])

type Event = typeof Known.Type

const types: ReadonlySet<string> = new Set(Known.members.map(({ fields }) => fields.type.literal))
const deltas: ReadonlySet<string> = new Set(Delta.members.map(({ fields }) => fields.type.literal))

const readAny = ChatModel.eventOf(Schema.Struct({ type: Schema.String, delta: Schema.optional(Schema.Unknown) }))
const readKnown = ChatModel.eventOf(Known)

export const initial: State = {
  message: undefined,
  blocks: [],
  read: 0,
  calls: [],
  told: ChatModel.nothingTold,
  isOver: false
}

/**
 * Takes an event; those of types that the contract does not know are let pass, as it demands, and so are unknown deltas
 * and what says once more what was said before.
 */
export const next = (state: State, event: unknown): Step => {
  const error = errorIn(event)
  if (error !== undefined) return Result.fail(error)
  return Result.flatMap(readAny(event), (any) =>
    isNews(any)
      ? Result.succeed([state, []])
      : Result.flatMap(readKnown(event), (event) =>
        isRepeat(state, event) ? Result.succeed([state, []]) : take(state, event)))
}

const isNews = ({ delta, type }: { readonly type: string; readonly delta?: unknown }): boolean => {
  if (type !== "content_block_delta" || !Json.isObject(delta)) return !types.has(type)
  return typeof delta["type"] === "string" && !deltas.has(delta["type"])
}

const isRepeat = (state: State, event: Event): boolean => {
  const { blocks, isOver, message } = state
  switch (event.type) {
    case "message_start":
      return message !== undefined && (Json.canonical(message) === Json.canonical(event.message)
        || (typeof message["id"] === "string" && message["id"] !== "" && message["id"] === event.message["id"]))
    case "content_block_stop":
      return !isOver && !message?.["stop_reason"] && openAt(state, event.index) < 0
        && blocks.findLast(({ at }) => at === event.index)?.isStopped === true
    case "message_delta":
      return isOver && (event.delta?.["stop_reason"] ?? message?.["stop_reason"]) === message?.["stop_reason"]
    default:
      return event.type === "message_stop" && isOver
  }
}

const take = (state: State, event: Event): Step => {
  const problem = misplaced(state, event)
  if (problem !== undefined) return ChatModel.notAnEvent(problem)
  switch (event.type) {
    case "message_start":
      // Nothing is over yet, though some servers say so here already.
      return Result.succeed([{ ...state, message: { ...event.message, stop_reason: null } }, []])
    case "content_block_start":
      return start(state, event.index ?? undefined, event.content_block)
    case "content_block_delta":
      return extend(state, openAt(state, event.index), event.delta)
    case "content_block_stop":
      return Result.succeed([withBlock(state, openAt(state, event.index), { isStopped: true }), []])
    case "message_delta":
      return amend(state, event)
    case "message_stop":
      return Result.succeed([{ ...state, isOver: true }, []])
  }
}

type Index = number | null | undefined

/** Where the open block is that an event means; without a place, the only one that there is. */
const openAt = ({ blocks }: State, index: Index): number => {
  if (typeof index === "number") return blocks.findLastIndex(({ at, isStopped }) => !isStopped && at === index)
  const open = blocks.flatMap(({ isStopped }, place) => isStopped ? [] : [place])
  return open.length === 1 ? open[0]! : -1
}

/** What is wrong with an event here, after those before it. */
const misplaced = (state: State, event: Event): string | undefined => {
  const { isOver, message } = state
  if (isOver) return `${event.type} comes after the end`
  if (event.type === "message_start") return message && "message_start comes twice"
  if (message === undefined) return `${event.type} comes before message_start`
  const { stop_reason: stop } = message
  if (event.type === "message_delta") {
    return stop && (event.delta?.["stop_reason"] ?? stop) !== stop ? "a second stop_reason" : undefined
  }
  if (event.type === "message_stop") return undefined
  if (stop) return `${event.type} comes after the stop_reason`
  if (event.type === "content_block_start") return misplacedStart(state, event.index)
  const block = state.blocks[openAt(state, event.index)]
  if (block === undefined) return `${event.type} of block ${event.index}, which is not open`
  return event.type === "content_block_stop" && hasTwoInputs(block) ? `block ${event.index} has two inputs` : undefined
}

/** Some servers have the input in the beginning of a block already, and say it once more. */
const hasTwoInputs = ({ content: { input }, json }: Block): boolean =>
  json.trim() !== "" && Json.isObject(input) && Object.keys(input).length > 0
  && Json.canonical(jsonOf(json)) !== Json.canonical(input)

/** Blocks come one behind the other, or each at a place of its own: what starts beside an open one has to be the next. */
const misplacedStart = ({ blocks }: State, index: Index): string | undefined => {
  const open = blocks.filter(({ isStopped }) => !isStopped)
  const isBehind = open.length === 0 && (index ?? 0) < blocks.length + 1
  const isBeside = index === blocks.length && !open.some(({ at }) => at === index)
  return isBehind || isBeside ? undefined : `block ${index} starts where block ${blocks.length} should`
}

/** What starts after a block has stopped proves that block complete: of a turn that is cut off the last one stops too. */
const start = (state: State, at: number | undefined, started: Fields): Step => {
  const content = wholeBlock(started)
  const block: Block = { at, content, json: "", isStopped: false, isProven: false }
  const { text, type } = content
  return tell(
    { ...state, blocks: [...proven(state), block] },
    type === "text" && typeof text === "string" ? ChatModel.textPart(text) : []
  )
}

/** Some servers leave out what is empty at the beginning. */
const wholeBlock = (started: Fields): Fields => {
  const block = typed(started)
  const content = Json.isObject(block) ? block : started
  switch (content["type"]) {
    case "text":
      return { ...content, text: content["text"] ?? "" }
    case "thinking":
      return { ...content, thinking: content["thinking"] ?? "" }
    case "tool_use":
    case "server_tool_use":
      return { ...content, input: content["input"] ?? {} }
    default:
      return content
  }
}

const proven = ({ blocks, read }: State): ReadonlyArray<Block> =>
  blocks.slice(0, read).concat(
    blocks.slice(read).map((block) =>
      block.isStopped && !block.isProven ? { ...block, content: contentOf(block), json: "", isProven: true } : block
    )
  )

const extend = (state: State, place: number, delta: typeof Delta.Type): Step => {
  const block = state.blocks[place]
  if (block === undefined || !isKnown(block)) return Result.succeed([state, []])
  const more = grown(block, delta)
  if (more === undefined) return ChatModel.notAnEvent(`block ${place} takes no ${delta.type}`)
  const parts = delta.type === "text_delta" ? ChatModel.textPart(delta.text) : []
  return Result.succeed([withBlock(state, place, more), parts])
}

const kinds: ReadonlySet<unknown> = new Set(["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"])

/** True for a block whose deltas are known; what others take is let pass. */
const isKnown = ({ content }: Block): boolean => kinds.has(content["type"]) || content["input"] !== undefined

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

/** What the usage says is of the whole turn so far, and so takes the place of what it said before; nothing counted says nothing. */
const amend = (state: State, { delta, usage }: Extract<Event, { readonly type: "message_delta" }>): Step => {
  const earlier = state.message?.["usage"]
  const message: Fields = {
    ...state.message,
    ...present(delta ?? {}),
    usage: { ...(Schema.is(Fields)(earlier) && earlier), ...counted(usage ?? {}) }
  }
  const amended: State = { ...state, message }
  return message["stop_reason"] === "tool_use"
    ? tell({ ...amended, blocks: proven(state) }, [])
    : Result.succeed([amended, []])
}

const counted = (usage: Fields): Fields =>
  Object.fromEntries(Object.entries(present(usage)).filter(([, count]) => count !== 0))

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
    const more = blocksOf(message).filter((block) => block.type === "tool_use")
    const calls = [...state.calls, ...more]
    const [told, parts] = ChatModel.tell(state.told, more.map(ownCall), () => provenCalls(calls))
    return [{ ...state, read, calls, told }, [...parts, ...text]]
  })
}

const isCall = ({ content }: Block): boolean => content["type"] === "tool_use"

/** Input that is no JSON stays a text where a call of the caller's can be answered for it. */
const contentOf = ({ content, json }: Block): Fields => {
  if (json.trim() === "") return content
  return { ...content, input: content["type"] === "tool_use" ? jsonOf(json) : Json.objectOf(json) }
}

/** The body of the whole turn, where the events have its end. */
export const body = ({ blocks, isOver, message }: State): Result.Result<unknown, ChatModelError.Reason> => {
  const stop = message?.["stop_reason"] ?? undefined
  if (!isOver || stop === undefined) {
    return Result.fail(ChatModelError.fromCutStream(stop === undefined ? "a stop_reason" : "message_stop"))
  }
  const open = blocks.findIndex(({ isStopped }) => !isStopped)
  if (open >= 0) return ChatModel.notAnEvent(`block ${open} was never stopped`)
  return Result.succeed({ ...message, content: blocks.map(contentOf) })
}
