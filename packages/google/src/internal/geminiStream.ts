/**
 * Gathers the chunks of a streamed turn, each a response of its own, into the body that it has when it is not streamed.
 */
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ownCall, partsOf, provenCalls } from "./callIds.ts"
import { isBlocked, isOpen } from "./finish.ts"
import type { Part as ApiPart } from "./read.ts"
import { errorIn } from "./refusal.ts"
import { maybe, readResponse, Turn } from "./wholeResponse.ts"

type Fields = Readonly<Record<string, unknown>>
type Part = NonNullable<(typeof Turn.Type)["parts"]>[number]

/**
 * What came so far.
 *
 * - `head`, `candidate`, `content`: what stands beside the candidates, the content and its parts, of all chunks
 * - `calls`: the parts that are calls
 */
export interface State {
  readonly head: Fields
  readonly candidate: Fields | undefined
  readonly content: Fields | undefined
  readonly parts: ReadonlyArray<Part>
  readonly calls: ReadonlyArray<ApiPart>
  readonly told: ChatModel.Told
}

type Step = Result.Result<readonly [State, ReadonlyArray<ChatModel.Text | ChatModel.Call>], ChatModelError.Reason>

const Candidate = Schema.Struct({
  index: maybe(Schema.Int),
  content: maybe(Turn),
  finishReason: maybe(Schema.String)
})

const readChunk = ChatModel.eventOf(Schema.Struct({
  candidates: maybe(Schema.Array(Candidate)),
  promptFeedback: Schema.optional(Schema.Unknown),
  sdkHttpResponse: Schema.optional(Schema.Unknown)
}))

export const initial: State = {
  head: {},
  candidate: undefined,
  content: undefined,
  parts: [],
  calls: [],
  told: ChatModel.nothingTold
}

/** Takes a chunk, of which the first candidate alone counts; a call comes whole, and so is proven at once. */
export const next = (state: State, event: unknown): Step => {
  const error = errorIn(event)
  if (error !== undefined) return Result.fail(error)
  return Result.flatMap(readChunk(event), ({ candidates, sdkHttpResponse: _http, ...head }): Step => {
    const headed: State = { ...state, head: { ...state.head, ...present(head) } }
    const candidate = candidates?.find(({ index }) => (index ?? 0) === 0)
    if (candidate === undefined) return Result.succeed([headed, []])
    const problem = misplaced(state, candidate)
    return problem === undefined ? take(headed, candidate) : ChatModel.notAnEvent(problem)
  })
}

/**
 * What is wrong with a candidate after those before it. The SDK goes on of itself where a turn is to be continued, and
 * there are servers that have the reason of the end in every chunk.
 */
const misplaced = (
  { candidate: before }: State,
  { content, finishReason }: typeof Candidate.Type
): string | undefined => {
  const parts = content?.parts ?? []
  if (parts.some(isFragment)) return "a call comes in pieces, which is not asked for"
  const finish = before?.["finishReason"]
  if (isOpen(finish) || finishReason === finish) return undefined
  const isNew = parts.some((part) => !isText(part) || part.text !== "") || !isOpen(finishReason)
  return isNew ? "a chunk goes on after finishReason" : undefined
}

const isFragment = ({ functionCall }: Part): boolean =>
  Json.isObject(functionCall) && ("partialArgs" in functionCall || "willContinue" in functionCall)

const take = (state: State, { content, finishReason, ...candidate }: typeof Candidate.Type): Step => {
  const { parts: written, ...rest } = content ?? {}
  const parts = written ?? []
  const reason = isOpen(finishReason) && !isOpen(state.candidate?.["finishReason"]) ? undefined : finishReason
  const taken: State = {
    ...state,
    candidate: { ...state.candidate, ...present({ ...candidate, finishReason: reason }) },
    content: content ? { ...state.content, ...rest } : state.content,
    parts: parts.reduce(joined, state.parts)
  }
  const texts = parts.flatMap((part) => isThought(part) ? [] : ChatModel.textPart(part.text ?? ""))
  return Result.map(ChatModel.orUnusable(readResponse({ parts })), ({ candidates }) => {
    const more = partsOf(candidates?.[0]?.content).filter(({ functionCall }) => functionCall)
    const calls = [...state.calls, ...more]
    const own = more.map(({ functionCall }, at) => ownCall(functionCall ?? {}, state.told.count + at))
    const [told, news] = ChatModel.tell(state.told, own, () => provenCalls(calls))
    return [{ ...taken, calls, told }, [...texts, ...news]]
  })
}

/** Parts stay as they came, but for plain text that another one goes on with. */
const joined = (parts: ReadonlyArray<Part>, part: Part): ReadonlyArray<Part> => {
  const last = parts.at(-1)
  return last && isText(last) && isText(part) && isThought(last) === isThought(part)
    ? [...parts.slice(0, -1), { ...last, text: `${last.text}${part.text}` }]
    : [...parts, part]
}

/** True for a part that has nothing but a text, and no signature above all. */
const isText = (part: Part): boolean =>
  typeof part.text === "string" && Object.keys(part).every((key) => key === "text" || key === "thought")

const isThought = (part: Part): boolean => "thought" in part && part.thought === true

const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))

/** The body of the whole turn, where the chunks have its end, or say that the prompt was blocked. */
export const body = ({ candidate, content, head, parts }: State): Result.Result<unknown, ChatModelError.Reason> => {
  const isOver = (candidate?.["finishReason"] ?? "") !== ""
  if (!isOver && !isBlocked(head)) return Result.fail(ChatModelError.fromCutStream("finishReason"))
  if (!isOver && content === undefined) return Result.succeed(head)
  return Result.succeed({ ...head, candidates: [{ ...candidate, ...(content && { content: { ...content, parts } }) }] })
}
