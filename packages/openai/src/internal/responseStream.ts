/**
 * Gathers the events of a streamed response into the body that it has when it is not streamed.
 */
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { statusOf } from "./client.ts"
import { type Call, isCall, ownCall, provenCalls, readResponse } from "./responseItems.ts"

/**
 * What came so far.
 *
 * - `items`: by output index, each as the latest event has it
 * - `read`: how many items were looked at for calls
 * - `calls`: those of them that are done
 * - `response`: that of the last event
 */
export interface State {
  readonly last: Event | undefined
  readonly items: ReadonlyArray<{ readonly item: typeof Item.Type; readonly isDone: boolean }>
  readonly hasText: boolean
  readonly read: number
  readonly calls: ReadonlyArray<Call>
  readonly told: ChatModel.Told
  readonly response: typeof Ended.Type | undefined
}

type Step = Result.Result<readonly [State, ReadonlyArray<ChatModel.Text | ChatModel.Call>], ChatModelError.Reason>

const nullable = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

const Item = Schema.Struct({ type: Schema.String, id: nullable(Schema.String) })

const Failure = Schema.Struct({ code: Schema.optional(Schema.Unknown), message: nullable(Schema.String) })

const Ended = Schema.Struct({
  status: nullable(Schema.String),
  output: nullable(Schema.Array(Schema.Unknown)),
  error: nullable(Failure)
})

const Any = Schema.Struct({
  type: Schema.String,
  sequence_number: Schema.optional(Schema.Int),
  output_index: Schema.optional(Schema.Int),
  item_id: nullable(Schema.String)
})

type Event = typeof Any.Type

const readAny = ChatModel.eventOf(Any)
const readItem = ChatModel.eventOf(Schema.Struct({ output_index: Schema.Int, item: Item }))
const readDelta = ChatModel.eventOf(Schema.Struct({ delta: Schema.String }))
const readEnd = ChatModel.eventOf(Schema.Struct({ type: Schema.String, response: Ended }))
const readError = ChatModel.eventOf(Failure)

export const initial: State = {
  last: undefined,
  items: [],
  hasText: false,
  read: 0,
  calls: [],
  told: ChatModel.nothingTold,
  response: undefined
}

/** Takes an event; those of other types than the contract knows are let pass. An item that is done proves its call. */
export const next = (state: State, event: unknown): Step =>
  Result.flatMap(readAny(event), (known): Step => {
    if (known.type === "error") return Result.flatMap(readError(event), failed)
    if (!known.type.startsWith("response.")) return Result.succeed([state, []])
    if (isRepeat(state.last, known)) return Result.succeed([state, []])
    const problem = misplaced(state, known)
    return problem === undefined ? take({ ...state, last: known }, known) : ChatModel.notAnEvent(problem)
  })

/** The same event once more, as it comes where a connection was taken up again. */
const isRepeat = (last: Event | undefined, event: Event): boolean =>
  event.sequence_number !== undefined && event.sequence_number === last?.sequence_number
  && JSON.stringify(event) === JSON.stringify(last)

/** What is wrong with an event here, after those before it. */
const misplaced = ({ items, last, response }: State, event: Event): string | undefined => {
  const { item_id: id, output_index: index, sequence_number: number = Infinity, type } = event
  if (response !== undefined) return `${type} comes after the end`
  if (number <= (last?.sequence_number ?? -1)) return `sequence number ${number} comes after ${last?.sequence_number}`
  if (index === undefined || type === added || !/\.(delta|done)$/.test(type)) return undefined
  const open = items[index]
  if (open === undefined) return `${type} of item ${index}, which has not begun`
  if (open.isDone) return `${type} of item ${index}, which is done`
  return id && open.item.id && id !== open.item.id ? `${type} of item ${index} by the name of another` : undefined
}

const added = "response.output_item.added"

const take = (state: State, event: Event): Step => {
  switch (event.type) {
    case added:
      return Result.flatMap(readItem(event), (event) => begin(state, event))
    case "response.output_item.done":
      return Result.flatMap(readItem(event), (event) => finish(state, event))
    case "response.output_text.delta":
      return Result.map(readDelta(event), ({ delta }) => [{ ...state, hasText: true }, ChatModel.textPart(delta)])
    case "response.refusal.delta":
      return Result.map(readDelta(event), ({ delta }) => [state, state.hasText ? [] : ChatModel.textPart(delta)])
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
      return Result.flatMap(readEnd(event), (event) => end(state, event))
    default:
      return Result.succeed([state, []])
  }
}

interface ItemEvent {
  readonly output_index: number
  readonly item: typeof Item.Type
}

const begin = (state: State, { item, output_index: index }: ItemEvent): Step =>
  index === state.items.length
    ? Result.succeed([{ ...state, items: [...state.items, { item, isDone: false }] }, []])
    : ChatModel.notAnEvent(`item ${index} begins where item ${state.items.length} should`)

/** A call is told once all before it are done, so that its place among them is known. */
const finish = (state: State, { item, output_index: index }: ItemEvent): Step => {
  const items = state.items.with(index, { item, isDone: true })
  const unread = items.slice(state.read)
  const open = unread.findIndex(({ isDone }) => !isDone)
  const output = (open < 0 ? unread : unread.slice(0, open)).map(({ item }) => item)
  const read = state.read + output.length
  return Result.map(ChatModel.orUnusable(readResponse({ output })), (response) => {
    const more = response.output.filter(isCall)
    const calls = [...state.calls, ...more]
    const [told, parts] = ChatModel.tell(state.told, more.map(ownCall), () => provenCalls(calls))
    return [{ ...state, items, read, calls, told }, parts]
  })
}

const end = (state: State, { response, type }: { readonly type: string; readonly response: typeof Ended.Type }): Step =>
  type === "response.failed" || response.status === "failed"
    ? failed(response.error ?? {})
    : Result.succeed([{ ...state, response: { ...response, status: response.status ?? type.slice(9) } }, []])

const failed = (error: typeof Failure.Type): Result.Result<never, ChatModelError.Reason> => {
  const status = statusOf({ code: error.code })
  const message = `${status} ${error.message ?? "the response failed"}`
  return Result.fail(ChatModelError.fromStatus({ status, message }))
}

/** The body of the whole turn, where the events have its end; some servers leave the items out of that one. */
export const body = ({ items, response }: State): Result.Result<unknown, ChatModelError.Reason> => {
  if (response === undefined) return Result.fail(ChatModelError.fromCutStream("response.completed"))
  if ((response.output ?? []).length > 0) return Result.succeed(response)
  const open = items.findIndex(({ isDone }) => !isDone)
  if (open >= 0 && response.status === "completed") return ChatModel.notAnEvent(`item ${open} was never done`)
  return Result.succeed({ ...response, output: items.flatMap(({ isDone, item }) => isDone ? [item] : []) })
}
