import type Anthropic from "@anthropic-ai/sdk"
import type * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Usage from "@volley/core/Usage"
import * as Result from "effect/Result"
import { errorIn } from "./errorBody.ts"
import { finishOf, isProven } from "./finish.ts"
import { blocksIn, blocksOf, distinctCalls, isMessage, ownCall, readMessage } from "./messageBlocks.ts"
import type { Response, Whole } from "./read.ts"
import { wire } from "./wire.ts"

type Ended = Omit<ChatModel.Whole<Whole>, "_tag">

type Blocks = ReadonlyArray<Anthropic.ContentBlock>

/** The calls of a response, and the turn as it goes back. */
export const read = (
  response: Response,
  blocks: Blocks = blocksOf(response)
): { readonly calls: ReadonlyArray<ToolCall.ToolCall>; readonly echo: Array<Anthropic.MessageParam> } => {
  const distinct = distinctCalls(blocks)
  const status = distinct.length > 0 && isProven(response) ? "complete" : "truncated"
  return {
    calls: distinct.map(({ call, id }, index) => ({ ...ownCall(call, index), id, status })),
    echo: echo(blocks, distinct)
  }
}

/**
 * The API takes neither an empty text, nor a thought that was cut off before it was signed, nor a message without content,
 * and of a call nothing but an object and a name of its own spelling.
 */
const echo = (
  blocks: Blocks,
  calls: ReturnType<typeof distinctCalls>
): Array<Anthropic.MessageParam> => {
  const content: Array<Anthropic.ContentBlockParam> = []
  let next = 0
  for (const block of blocks) {
    if (block.type !== "tool_use") {
      if (!isNothing(block) && !(block === blocks.at(-1) && isUnsigned(block))) content.push(block)
    } else if (calls[next]?.call === block) {
      const { id } = calls[next++]!
      content.push(spelled(id === block.id ? block : { ...block, id }))
    }
  }
  const echoed: Array<Anthropic.MessageParam> = content.length === 0 ? [] : [{ role: "assistant", content }]
  echoes.add(echoed)
  return echoed
}

/** Turns that were written here: each request has all of them again, and they are not read anew. */
const echoes = new WeakSet<object>()

/** A turn as this wire writes it and the API takes it back; undefined for what is no such turn. */
export const echoOf = (native: unknown): Array<Anthropic.MessageParam> | undefined =>
  isEchoed(native) ? native : isTurns(native) ? native.map(mended) : undefined

const isEchoed = (native: unknown): native is Array<Anthropic.MessageParam> =>
  typeof native === "object" && native !== null && echoes.has(native)

const isTurns = (json: unknown): json is Array<Anthropic.MessageParam> => Array.isArray(json) && json.every(isMessage)

/** A turn where it can be sent back as it is, which one that was stored long ago may not. */
const mended = (turn: Anthropic.MessageParam): Anthropic.MessageParam => {
  if (turn.role === "system" || typeof turn.content === "string") return turn
  const content = turn.content.map(spelled)
  return content.every((block, at) => block === turn.content[at]) ? turn : { ...turn, content }
}

const spelled = (block: Anthropic.ContentBlockParam): Anthropic.ContentBlockParam => {
  if (block.type !== "tool_use") return block
  const input = Json.objectOf(block.input)
  const name = ToolCall.spelled(block.name)
  return input === block.input && name === block.name ? block : { ...block, name, input }
}

const isNothing = (block: Anthropic.ContentBlock): boolean => block.type === "text" && !block.text

const isUnsigned = (block: Anthropic.ContentBlock): boolean => block.type === "thinking" && !block.signature

/** The turn that a body is, or why it is none. */
export const wholeOf = (body: unknown, origin?: string): Result.Result<Ended, string | ChatModelError.Reason> => {
  const error = errorIn(body)
  if (error !== undefined) return Result.fail(error)
  return Result.flatMap(
    readMessage(body),
    (response) => Result.map(turnOf(response, origin), (turn) => ({ turn, response }))
  )
}

const turnOf = (
  response: Anthropic.Message,
  origin: string | undefined
): Result.Result<ChatModel.Turn, ChatModelError.Reason> => {
  const blocks = blocksIn(response)
  const { calls, echo: message } = read(response, blocks)
  const native = { wire, ...(origin !== undefined && { origin }), message }
  const text = textOf(blocks)
  return Result.map(finishOf(response, calls.length, text), (finish) => ({
    message: { role: "assistant", text, calls, native },
    ...finish,
    usage: usageOf(response.usage),
    model: response.model ?? undefined
  }))
}

const textOf = (blocks: Blocks): string =>
  blocks.reduce((said, block) => block.type === "text" ? `${said}${block.text ?? ""}` : said, "")

/** What came from the cache, or went to it, is not among the input that this API counts. */
const usageOf = (usage: Response["usage"]): Usage.Usage =>
  Usage.make({
    input: Usage.count(usage?.input_tokens, usage?.cache_creation_input_tokens, usage?.cache_read_input_tokens),
    output: usage?.output_tokens,
    cached: usage?.cache_read_input_tokens,
    cacheWrite: usage?.cache_creation_input_tokens,
    reasoning: usage?.output_tokens_details?.thinking_tokens
  })
