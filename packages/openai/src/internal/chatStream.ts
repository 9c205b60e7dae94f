/**
 * Gathers the chunks of a streamed Chat Completions turn into the body that it has when it is not streamed.
 */
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

type Step = Result.Result<readonly [State, ReadonlyArray<ChatModel.Text>], ChatModelError.Reason>

type Fields = Readonly<Record<string, unknown>>

/**
 * What came so far.
 *
 * - `head`: what stands beside the choices, of all chunks
 * - `calls`: the fragments of each call put together, with the index that they came with
 */
export interface State {
  readonly head: Fields
  readonly message: Fields
  readonly calls: ReadonlyArray<Fields>
  readonly logprobs: unknown
  readonly finish: string | undefined
}

const nullable = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

const Fragment = Schema.Struct({
  index: Schema.Int,
  id: nullable(Schema.String),
  type: nullable(Schema.String),
  function: nullable(Schema.Struct({ name: nullable(Schema.String), arguments: nullable(Schema.String) })),
  custom: nullable(Schema.Struct({ name: nullable(Schema.String), input: nullable(Schema.String) }))
})

const Delta = Schema.Struct({
  role: nullable(Schema.String),
  content: nullable(Schema.String),
  refusal: nullable(Schema.String),
  tool_calls: nullable(Schema.Array(Fragment))
})

const Choice = Schema.Struct({
  index: nullable(Schema.Int),
  delta: nullable(Delta),
  finish_reason: nullable(Schema.String),
  logprobs: Schema.optional(Schema.Unknown)
})

const readChunk = ChatModel.eventOf(Schema.Struct({
  choices: Schema.Array(Choice),
  object: Schema.optional(Schema.Unknown),
  obfuscation: Schema.optional(Schema.Unknown)
}))

export const initial: State = { head: {}, message: {}, calls: [], logprobs: null, finish: undefined }

/** Takes a chunk, of which the first choice alone counts; no call is proven complete before the end. */
export const next = (state: State, event: unknown): Step =>
  Result.flatMap(readChunk(event), ({ choices, object: _object, obfuscation: _padding, ...head }): Step => {
    const headed = { ...state, head: { ...state.head, ...present(head) } }
    const choice = choices.find(({ index }) => (index ?? 0) === 0)
    if (choice === undefined) return Result.succeed([headed, []])
    return isOver(state, choice)
      ? ChatModel.notAnEvent("a chunk goes on after finish_reason")
      : Result.succeed(take(headed, choice))
  })

/** Servers may say the end again beside the usage, but nothing else. */
const isOver = ({ finish }: State, { delta, finish_reason }: typeof Choice.Type): boolean =>
  finish !== undefined
  && ((delta?.content ?? "") !== "" || (delta?.refusal ?? "") !== "" || (delta?.tool_calls ?? []).length > 0
    || (finish_reason || finish) !== finish)

const take = (
  state: State,
  { delta, finish_reason, logprobs }: typeof Choice.Type
): readonly [State, ReadonlyArray<ChatModel.Text>] => {
  const { role, tool_calls: fragments, ...said } = delta ?? {}
  const taken: State = {
    ...state,
    message: { ...state.message, ...(role && { role }), ...grown(state.message, said) },
    calls: (fragments ?? []).reduce(joined, state.calls),
    logprobs: grow(state.logprobs, logprobs),
    finish: finish_reason || state.finish
  }
  const text = said.content || (taken.message["content"] ? "" : said.refusal) || ""
  return [taken, ChatModel.textPart(text)]
}

const joined = (
  calls: State["calls"],
  { custom, function: named, ...rest }: typeof Fragment.Type
): State["calls"] => {
  const at = calls.findLastIndex(({ index }) => index === rest.index)
  const before = calls[at] ?? {}
  const call = {
    ...before,
    ...present(rest),
    ...(named && { function: payload(before["function"], named, "arguments") }),
    ...(custom && { custom: payload(before["custom"], custom, "input") })
  }
  return at < 0 ? [...calls, call] : calls.with(at, call)
}

/** The text of the arguments grows; all else that a fragment says again takes the place of what was there. */
const payload = (before: unknown, fragment: Fields, text: string): Fields => {
  const earlier = isFields(before) ? before : {}
  return { ...earlier, ...present(fragment), [text]: grow(earlier[text] ?? "", fragment[text]) }
}

/** A fragment says nothing with `null` or an empty text. */
const present = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== "")
  )

/** Texts and lists go on where they ended, objects field by field; of other values the last one counts. */
const grow = (before: unknown, more: unknown): unknown => {
  if (more === undefined || more === null) return before === undefined ? more : before
  if (typeof before === "string" && typeof more === "string") return before + more
  if (Array.isArray(before) && Array.isArray(more)) return [...before, ...more]
  return isFields(before) && isFields(more) ? { ...before, ...grown(before, more) } : more
}

const grown = (before: Fields, more: Fields): Fields =>
  Object.fromEntries(Object.entries(more).map(([key, value]) => [key, grow(before[key], value)]))

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The body of the whole turn, where the chunks have its end. */
export const body = (state: State): Result.Result<unknown, ChatModelError.Reason> => {
  const { calls, finish, head, logprobs, message } = state
  if (finish === undefined) return Result.fail(ChatModelError.fromCutStream("finish_reason"))
  const content = message["content"] || (message["refusal"] ? null : message["content"] ?? null)
  const toolCalls = calls.toSorted((a, b) => Number(a["index"]) - Number(b["index"])).map(unplaced)
  return Result.succeed({
    ...head,
    object: "chat.completion",
    choices: [{
      index: 0,
      finish_reason: finish,
      logprobs,
      message: { role: "assistant", ...message, content, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) }
    }]
  })
}

/** A call as it is in a turn that is not streamed, where its place is all that says which one it is. */
const unplaced = ({ index: _place, ...call }: Fields): Fields => call
