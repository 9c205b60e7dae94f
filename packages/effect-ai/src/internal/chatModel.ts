/** A `ChatModel` from any `LanguageModel`. */
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Thrown from "@volley/core/Thrown"
import * as Toolkit from "@volley/core/Toolkit"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as AiTool from "effect/ai/Tool"
import * as AiToolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { fromAiError } from "./errors.ts"
import { ParallelToolCalls } from "./languageModel.ts"
import { promptOf, wire } from "./prompt.ts"
import { callOf, isCall, type Part, turnOf } from "./turn.ts"

/**
 * Has the `LanguageModel` of the program be its `ChatModel`.
 *
 * - tools are described to it and run by Volley; a call of a streamed turn is told when it comes
 * - `output` is asked for in words, since `effect/ai` refuses a turn of calls where it asks by a schema
 * - `parallelToolCalls` reaches `languageModel` alone: `effect/ai` has no such switch
 */
export const chatModel: Layer.Layer<ChatModel.ChatModel, never, LanguageModel.LanguageModel> = Layer.effect(
  ChatModel.ChatModel,
  LanguageModel.LanguageModel.useSync((model) => {
    const optionsOf = asking()
    return {
      generate: (request) =>
        model.generateText(optionsOf(request)).pipe(
          Effect.mapBoth({ onFailure: fromAiError, onSuccess: ({ content }) => turnOf(content) }),
          Effect.provideService(ParallelToolCalls, request.parallelToolCalls)
        ),
      stream: (request) =>
        told(Stream.suspend(() => model.streamText(optionsOf(request)))).pipe(
          Stream.provideService(ParallelToolCalls, request.parallelToolCalls)
        )
    }
  })
)

/** Writes requests; a toolkit is described once. */
const asking = () => {
  const known = new WeakMap<Toolkit.Any, ReturnType<typeof described>>()
  const toolsOf = (toolkit: Toolkit.Any) => {
    const tools = known.get(toolkit) ?? described(toolkit)
    known.set(toolkit, tools)
    return tools
  }
  const none = Toolkit.make()
  return (request: ChatModel.Request) => {
    const { toolChoice = "auto", toolkit = none } = request
    return {
      prompt: promptOf(request),
      toolkit: toolsOf(toolkit),
      toolChoice: choiceOf(toolChoice, toolkit),
      disableToolCallResolution: true,
      toolCallValidation: "deferred"
    } as const
  }
}

const choiceOf = (choice: ChatModel.ToolChoice, { wireNames }: Toolkit.Any) =>
  typeof choice === "string" ? choice : { tool: wireNames.get(choice.tool) ?? choice.tool }

const described = ({ tools, wireNames }: Toolkit.Any) =>
  AiToolkit.make(
    ...tools.map(({ description, idempotent, jsonSchema, name, readOnly, strict }) =>
      AiTool.dynamic(wireNames.get(name) ?? name, { description, parameters: jsonSchema })
        .annotate(AiTool.Readonly, readOnly)
        .annotate(AiTool.Idempotent, readOnly || idempotent)
        .annotate(AiTool.Destructive, !readOnly)
        .annotate(AiTool.Strict, strict ? true : undefined)
    )
  )

/** What has come of a streamed turn, which grows as it is read: its parts, the ids of its calls, and of those that were told. */
interface Reading {
  readonly parts: Array<Part>
  readonly asked: Array<string>
  readonly calls: Set<string>
}

type Answer = readonly [Reading, ReadonlyArray<ChatModel.Part>]

const told = (
  parts: Stream.Stream<Part, AiError.AiError>
): Stream.Stream<ChatModel.Part, ChatModelError.ChatModelError> =>
  parts.pipe(
    Stream.mapError(fromAiError),
    Stream.map(Option.some),
    Stream.concat(Stream.succeed(Option.none())),
    Stream.mapAccumEffect(
      (): Reading => ({ parts: [], asked: [], calls: new Set() }),
      (reading, part) => Option.isSome(part) ? next(reading, part.value) : end(reading)
    )
  )

/** A call whose id is there already, or that has none, waits for the end, which tells them apart; and so do those behind it. */
const next = (reading: Reading, part: Part): Effect.Effect<Answer, ChatModelError.ChatModelError> => {
  const { asked, calls, parts } = reading
  if (part.type === "error") {
    return failWith(new ChatModelError.ProviderFailed({ message: Thrown.told(part.error) }))
  }
  parts.push(part)
  if (part.type === "text-delta") return Effect.succeed([reading, ChatModel.textPart(part.delta)])
  if (!isCall(part)) return Effect.succeed([reading, []])
  const index = asked.push(part.id) - 1
  if (part.id === "" || calls.has(part.id) || calls.size < index) return Effect.succeed([reading, []])
  calls.add(part.id)
  return Effect.succeed([reading, [{ _tag: "Call", call: callOf(part, index) }]])
}

const end = (reading: Reading): Effect.Effect<Answer, ChatModelError.ChatModelError> => {
  const { calls: told, parts } = reading
  if (!parts.some(({ type }) => type === "finish")) return failWith(ChatModelError.fromCutStream("a finish part"))
  const turn = turnOf(parts)
  const { calls } = turn.message
  const revoked = calls.filter(({ id, status }) => told.has(id) && status === "truncated").toReversed()
  return Effect.succeed([reading, [
    ...[...revoked, ...calls.filter(({ id }) => !told.has(id))].map((call) => ({ _tag: "Call" as const, call })),
    { _tag: "Turn", turn, response: parts }
  ]])
}

const failWith = (reason: ChatModelError.Reason) =>
  Effect.fail(ChatModelError.shown({})(new ChatModelError.ChatModelError({ wire, reason })))
