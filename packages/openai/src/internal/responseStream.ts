/**
 * Gathers the events of a streamed response into the body that it has when it is not streamed.
 */
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { done } from "./client.ts"
import { nullable } from "./fields.ts"
import { errorIn, type ProviderError, reasonOfError } from "./providerError.ts"
import { type Call, callsAmong, ownCalls, provenCalls, readResponse } from "./responseItems.ts"

/**
 * What came so far.
 *
 * - `items`: in order, each as the latest event has it, with what came of its arguments
 * - `read`: how many items were looked at for calls
 * - `calls`: those of them that are done
 * - `response`: that of the last event
 */
export interface State {
  readonly last: Event | undefined
  readonly items: ReadonlyArray<Gathered>
  readonly hasText: boolean
  readonly read: number
  readonly calls: ReadonlyArray<Call>
  readonly told: ChatModel.Told
  readonly response: typeof Ended.Type | undefined
}

interface Gathered {
  readonly index: number
  readonly item: typeof Item.Type
  readonly isDone: boolean
  readonly text: string
}

type Step = Result.Result<readonly [State, ReadonlyArray<ChatModel.Text | ChatModel.Call>], ChatModelError.Reason>

const Item = Schema.Struct({ type: Schema.String })

const Failure = Schema.Struct({ code: Schema.optional(Schema.Unknown), message: nullable(Schema.String) })

const Ended = Schema.Struct({
  status: nullable(Schema.String),
  output: nullable(Schema.Array(Schema.Unknown)),
  error: nullable(Failure)
})

const Any = Schema.Struct({
  type: Schema.String,
  sequence_number: nullable(Schema.Int),
  output_index: nullable(Schema.Int)
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

/**
 * Takes an event; those of other types than the contract knows are let pass. An item that is done proves its call.
 *
 * - items are told apart by their place alone: some servers give them another id in every event
 */
export const next = (state: State, event: unknown): Step => {
  const error = errorIn(event)
  if (error !== undefined) return failed(error)
  if (event === done) return Result.succeed([state, []])
  return Result.flatMap(readAny(event), (known): Step => {
    if (known.type === "error") return Result.flatMap(readError(event), failed)
    if (!known.type.startsWith("response.")) return Result.succeed([state, []])
    if (isRepeat(state.last, known)) return Result.succeed([state, []])
    const problem = misplaced(state, known)
    return problem === undefined ? take({ ...state, last: known }, known) : ChatModel.notAnEvent(problem)
  })
}

/** The number of an event; some servers write 0 where they have none. */
const numberOf = (event: Event | undefined): number | undefined => event?.sequence_number || undefined

/** The same event once more, as it comes where a connection was taken up again. */
const isRepeat = (last: Event | undefined, event: Event): boolean =>
  numberOf(event) !== undefined && numberOf(event) === numberOf(last) && JSON.stringify(event) === JSON.stringify(last)

/** What is wrong with an event here, after those before it. */
const misplaced = ({ items, last, response }: State, event: Event): string | undefined => {
  const { output_index: index, type } = event
  const [number = Infinity, before = -1] = [numberOf(event), numberOf(last)]
  if (response !== undefined) return `${type} comes after the end`
  if (number <= before) return `sequence number ${number} comes after ${before}`
  if (index === undefined || index === null || type === added || !/\.(delta|done)$/.test(type)) return undefined
  const open = items[placeOf(items, index)]
  if (open === undefined) return `${type} of item ${index}, which has not begun`
  return open.isDone ? `${type} of item ${index}, which is done` : undefined
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
    case "response.function_call_arguments.delta":
    case "response.custom_tool_call_input.delta":
      return Result.map(readDelta(event), ({ delta }) => [withText(state, event.output_index, delta), []])
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
      return Result.flatMap(readEnd(event), (event) => end(state, event))
    default:
      return Result.succeed([state, []])
  }
}

/** Where the item is that has this index; the last one, as some servers give every item the same. */
const placeOf = (items: State["items"], index: number | null | undefined): number =>
  items.findLastIndex((item) => item.index === index)

const withText = (state: State, index: number | null | undefined, delta: string): State => ({
  ...state,
  items: state.items.map((open, at, all) => at === placeOf(all, index) ? { ...open, text: open.text + delta } : open)
})

interface ItemEvent {
  readonly output_index: number
  readonly item: typeof Item.Type
}

const begin = (state: State, { item, output_index: index }: ItemEvent): Step =>
  index === state.items.length || state.items[placeOf(state.items, index)]?.isDone
    ? Result.succeed([{ ...state, items: [...state.items, { index, item, isDone: false, text: "" }] }, []])
    : ChatModel.notAnEvent(`item ${index} begins where item ${state.items.length} should`)

/** A call is told once all before it are done, so that its place among them is known. */
const finish = (state: State, { item: written, output_index: index }: ItemEvent): Step => {
  const at = placeOf(state.items, index)
  const text = state.items[at]?.text ?? ""
  const item = withArguments(written, text)
  const items = state.items.with(at, { index, item, isDone: true, text })
  const unread = items.slice(state.read)
  const open = unread.findIndex(({ isDone }) => !isDone)
  const output = (open < 0 ? unread : unread.slice(0, open)).map(({ item }) => item)
  const read = state.read + output.length
  return Result.map(ChatModel.orUnusable(readResponse({ output })), (response) => {
    const more = callsAmong(response.output)
    const calls = [...state.calls, ...more]
    const [told, parts] = ChatModel.tell(state.told, more.flatMap(ownCalls), () => provenCalls(calls))
    return [{ ...state, items, read, calls, told }, parts]
  })
}

/** An item that leaves its arguments out has those that came before it was done. */
const withArguments = <A extends object>(item: A, text: string): A => {
  if (text === "" || !("type" in item)) return item
  const key = item.type === "function_call" ? "arguments" : item.type === "custom_tool_call" ? "input" : undefined
  return key === undefined || Reflect.get(item, key) ? item : { ...item, [key]: text }
}

/** An event that says that the response is incomplete counts for more than a status that does not. */
const end = (
  state: State,
  { response, type }: { readonly type: string; readonly response: typeof Ended.Type }
): Step => {
  if (type === "response.failed" || response.status === "failed") return failed(response.error ?? {})
  const status = type === "response.incomplete" && (response.status ?? "completed") === "completed"
    ? "incomplete"
    : response.status ?? "completed"
  return Result.succeed([{ ...state, response: { ...response, status } }, []])
}

const failed = (error: ProviderError): Result.Result<never, ChatModelError.Reason> =>
  Result.fail(reasonOfError({ ...error, message: error.message || "the response failed" }))

/** The body of the whole turn, where the events have its end; some servers leave the items out of that one. */
export const body = ({ items, response }: State): Result.Result<unknown, ChatModelError.Reason> => {
  if (response === undefined) return Result.fail(ChatModelError.fromCutStream("response.completed"))
  const { output } = response
  if (output && output.length > 0) return Result.succeed({ ...response, output: output.map(whole(items)) })
  const open = items.findIndex(({ isDone }) => !isDone)
  if (open >= 0 && response.status === "completed") return ChatModel.notAnEvent(`item ${open} was never done`)
  return Result.succeed({ ...response, output: items.flatMap(({ isDone, item }) => isDone ? [item] : []) })
}

const whole = (items: State["items"]) => (item: unknown, at: number): unknown =>
  typeof item === "object" && item !== null ? withArguments(item, items[at]?.text ?? "") : item
