/**
 * Gathers the chunks of a streamed Chat Completions turn into the body that it has when it is not streamed.
 */
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { growContent, refusalIn, textIn } from "./chatContent.ts"
import { isGood } from "./chatEnd.ts"
import * as Fragments from "./chatFragments.ts"
import { withThought } from "./chatPieces.ts"
import { problemOf } from "./chatTurn.ts"
import { done } from "./client.ts"
import { type Fields, nullable, present } from "./fields.ts"
import { errorIn, reasonOfError } from "./providerError.ts"

type Step = Result.Result<readonly [State, ReadonlyArray<ChatModel.Text>], ChatModelError.Reason>

/**
 * What came so far.
 *
 * - `head`: what stands beside the choices, of all chunks
 * - `isDone`: the server said `[DONE]`
 */
export interface State {
  readonly head: Fields
  readonly message: Fields
  readonly calls: Fragments.Gathered
  readonly logprobs: unknown
  readonly finish: string | undefined
  readonly isDone: boolean
}

const Payload = Schema.Struct({
  name: nullable(Schema.String),
  arguments: Schema.optional(Schema.Unknown),
  input: Schema.optional(Schema.Unknown)
})

const Fragment = Schema.Struct({
  index: nullable(Schema.Int),
  id: nullable(Schema.String),
  type: nullable(Schema.String),
  function: nullable(Payload),
  custom: nullable(Payload)
})

const Delta = Schema.Struct({
  role: nullable(Schema.String),
  content: nullable(Schema.Union([Schema.String, Schema.Array(Schema.Unknown)])),
  refusal: nullable(Schema.String),
  tool_calls: nullable(Schema.Array(Fragment))
})

const Choice = Schema.Struct({
  index: nullable(Schema.Int),
  delta: nullable(Delta),
  message: nullable(Delta),
  finish_reason: nullable(Schema.String),
  logprobs: Schema.optional(Schema.Unknown),
  usage: Schema.optional(Schema.Unknown)
})

type Choice = typeof Choice.Type

const readChunk = ChatModel.eventOf(Schema.Struct({
  choices: nullable(Schema.Array(Choice)),
  object: Schema.optional(Schema.Unknown),
  usage: Schema.optional(Schema.Unknown),
  x_groq: Schema.optional(Schema.Unknown),
  obfuscation: Schema.optional(Schema.Unknown)
}))

export const initial: State = {
  head: {},
  message: {},
  calls: Fragments.nothing,
  logprobs: null,
  finish: undefined,
  isDone: false
}

/**
 * Takes a chunk, of which the first choice alone counts; no call is proven complete before the end.
 *
 * - `[DONE]` may stand in place of one, for those that read the lines themselves
 * - what has no choices and is no error says nothing of the turn
 */
export const next = (state: State, event: unknown): Step => {
  if (event === done) return Result.succeed([{ ...state, isDone: true }, []])
  const error = errorIn(event)
  if (error !== undefined) return Result.fail(reasonOfError(error))
  if (Json.isObject(event) && Object.keys(event).length === 0) return ChatModel.notAnEvent("an empty object")
  return Result.flatMap(readChunk(event), ({ choices, object, obfuscation: _padding, ...head }): Step => {
    const isChunk = choices !== undefined || object !== undefined || "usage" in head
    const choice = choices?.find(({ index }) => (index ?? 0) === 0)
    const usage = head.usage ?? choice?.usage ?? usageIn(head.x_groq)
    const headed = isChunk ? { ...state, head: { ...state.head, ...present({ ...head, usage }) } } : state
    return choice === undefined ? Result.succeed([headed, []]) : choose(headed, choice)
  })
}

/** Servers say the tokens in the chunk, in its choice, or in a field of their own. */
const usageIn = (own: unknown): unknown => Json.isObject(own) ? own["usage"] : undefined

const choose = (state: State, choice: Choice): Step => {
  const error = errorIn(choice)
  if (error !== undefined) {
    const finish = choice.finish_reason ? ` (finish_reason ${JSON.stringify(choice.finish_reason)})` : ""
    return Result.fail(reasonOfError(error, finish))
  }
  const delta = deltaOf(state, choice)
  return isOver(state, choice, delta)
    ? ChatModel.notAnEvent("a chunk goes on after finish_reason")
    : take(state, choice, delta)
}

/** Some servers send a turn in one piece, as a message; others the whole of it once more behind its pieces. */
const deltaOf = ({ calls, message }: State, choice: Choice): Partial<typeof Delta.Type> => {
  const isNew = calls.calls.length === 0 && !message["content"]
  return choice.delta ?? (isNew ? choice.message : undefined) ?? {}
}

/** Servers may say the end again, beside the usage or in every chunk; without that, nothing goes on behind it. */
const isOver = ({ finish }: State, { finish_reason: again }: Choice, delta: Partial<typeof Delta.Type>): boolean => {
  if (finish === undefined) return false
  if (again) return again !== finish && !(isGood(again) && isGood(finish))
  return (delta.content ?? "").length > 0 || (delta.refusal ?? "") !== "" || (delta.tool_calls ?? []).length > 0
}

const take = (state: State, { finish_reason, logprobs }: Choice, delta: Partial<typeof Delta.Type>): Step => {
  const { content, role, tool_calls: fragments, ...said } = delta
  const message = {
    ...state.message,
    ...(role && { role }),
    ...grown(state.message, said),
    ...("content" in delta && { content: growContent(state.message["content"], content) })
  }
  const calls = (fragments ?? []).reduce<Result.Result<Fragments.Gathered, string>>(
    (calls, fragment) => Result.flatMap(calls, (calls) => Fragments.joined(calls, fragment)),
    Result.succeed(state.calls)
  )
  if (Result.isFailure(calls)) return ChatModel.notAnEvent(calls.failure)
  const text = textIn(content) || (textIn(message["content"]) ? "" : refusalIn({ ...delta }))
  return Result.succeed([{
    ...state,
    message,
    calls: calls.success,
    logprobs: grow(state.logprobs, logprobs),
    finish: finish_reason || state.finish
  }, ChatModel.textPart(text)])
}

/** Texts and lists go on where they ended, objects field by field; of other values the last one counts. */
const grow = (before: unknown, more: unknown): unknown => {
  if (more === undefined || more === null) return before === undefined ? more : before
  if (typeof before === "string" && typeof more === "string") return before + more
  if (Array.isArray(before) && Array.isArray(more)) return more.reduce<ReadonlyArray<unknown>>(withThought, before)
  return Json.isObject(before) && Json.isObject(more) ? { ...before, ...grown(before, more) } : more
}

const grown = (before: Fields, more: Fields): Fields =>
  Object.fromEntries(Object.entries(more).map(([key, value]) => [key, grow(before[key], value)]))

/** The body of the whole turn, where the chunks have its end, or the server said at least that there are no more. */
export const body = (state: State): Result.Result<unknown, ChatModelError.Reason> => {
  const { calls, finish, head, isDone, logprobs, message } = state
  if (finish === undefined && !isDone) return Result.fail(ChatModelError.fromCutStream("finish_reason"))
  const content = message["content"] || (message["refusal"] ? null : message["content"] ?? null)
  const toolCalls = Fragments.ordered(calls)
  const problem = toolCalls.map(problemOf).find((problem) => problem !== undefined)
  if (problem !== undefined) return ChatModel.notAnEvent(problem)
  return Result.succeed({
    ...head,
    object: "chat.completion",
    choices: [{
      index: 0,
      finish_reason: finish ?? null,
      logprobs,
      message: { role: "assistant", ...message, content, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) }
    }]
  })
}
