/**
 * How servers of Chat Completions speak it.
 */
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageFunctionToolCall as Call
} from "openai/resources/chat/completions"
import { get, isObject, parse } from "../json.ts"
import {
  all,
  at,
  broken,
  type Change,
  events,
  type Frames,
  inTurn,
  invented,
  isOwn,
  type Manner,
  nextId,
  refuse,
  refuseNames,
  refuseTexts,
  set,
  several,
  signed,
  tooMany,
  uses,
  where,
  without
} from "../manner.ts"
import { interleaved } from "../spoil.ts"

type Chat = Manner<ChatCompletion>

const inMessage = "choices.*.message"
const inDelta = "choices.*.delta"
const inCall = `${inMessage}.tool_calls.*`
const inFragment = `${inDelta}.tool_calls.*`
const argumentsOf = "function.arguments"
const names = ["messages.*.tool_calls.*.function.name", "messages.*.name"]

/** The same change of each message, and of each part of one that is streamed. */
const everywhere = (change: Change): Chat => ({ body: at(inMessage, change), frames: events(at(inDelta, change)) })

/** Another turn of calls in place of one; answers stay. */
const calling = (
  change: (calls: ReadonlyArray<Call>) => ReadonlyArray<Call>,
  finish?: ChatCompletion.Choice["finish_reason"]
) =>
(body: ChatCompletion): ChatCompletion => ({
  ...body,
  choices: body.choices.map((choice) => {
    const calls = (choice.message.tool_calls ?? []).flatMap((call) => call.type === "function" ? [call] : [])
    if (calls.length === 0) return choice
    const message: ChatCompletionMessage = { ...choice.message, tool_calls: [...change(calls)] }
    return { ...choice, finish_reason: finish ?? choice.finish_reason, message }
  })
})

const ending = (finish: ChatCompletion.Choice["finish_reason"]): Chat => ({ turn: calling((calls) => calls, finish) })

const adding = (name: string | undefined, text?: string) =>
  calling((calls) =>
    calls.flatMap((call, at) =>
      at < calls.length - 1 ? [call] : [call, {
        ...call,
        id: nextId(call.id),
        function: { name: name ?? call.function.name, arguments: text ?? call.function.arguments }
      }]
    )
  )

/** One call in place of all. */
const wrapped = calling((calls) => [{
  id: calls[0]?.id ?? "",
  type: "function",
  function: {
    name: several,
    arguments: JSON.stringify(
      uses(calls.map(({ function: { arguments: text, name } }) => ({ name, arguments: parse(text) ?? {} })))
    )
  }
}])

/** The fragments of a call brought into its first, with what `change` makes of the text of its arguments. */
const collapsed = (change: Change) => (frames: Frames): Frames =>
  frames.flatMap((frame, place) => {
    const { call } = frame
    if (call === undefined) return [frame]
    if (frames.findIndex((other) => other.call === call) !== place) return []
    const mine = frames.filter((other) => other.call === call)
    const text = mine.flatMap(({ data }) => all(`${inFragment}.${argumentsOf}`, data)).join("")
    const written = at(`${inFragment}.${argumentsOf}`, () => change(text))
    return events(written)([{ ...frame, completes: mine.at(-1)?.completes }])
  })

const argued = (change: Change): Chat => ({
  body: at(`${inCall}.${argumentsOf}`, change),
  frames: collapsed(change)
})

const valueOf: Change = (text) => typeof text === "string" ? parse(text) ?? text : text

/** A call without arguments has this in place of them. */
const none = (value: null | undefined): Change => where((text) => text === "{}", () => value)

/** Every fragment has the id of its call, which is all that tells whose it is. */
const byId = (frames: Frames): Frames =>
  frames.flatMap((frame) => {
    const opening = frames.find(({ call }) => call !== undefined && call === frame.call)
    const [id] = all(`${inFragment}.id`, opening?.data)
    return id === undefined ? [frame] : events(at(inFragment, inTurn(set("id", id), set("index", null))))([frame])
  })

/** Says behind the first event, and again before the last, what has no choice. */
const withEmpty = (frames: Frames): Frames => {
  const [first, ...rest] = frames
  if (first === undefined || typeof first.data === "string") return frames
  const { completes: _, call: __, ...plain } = first
  const empty = [
    ...events(set("choices", null))([plain]),
    ...events(without("choices"))([plain]),
    ...events(set("choices", []))([plain])
  ]
  return [first, ...empty, ...rest.slice(0, -1), ...empty, ...rest.slice(-1)]
}

const finishIn = "choices.*.finish_reason"

const finishOf = (frames: Frames): unknown =>
  frames.flatMap(({ data }) => all(finishIn, data)).find((finish) => finish !== null)

/** The end is said once more beside what the turn cost, where that is said. */
const finishAgain = (frames: Frames): Frames => {
  const choice = { index: 0, delta: { role: "assistant", content: "" }, finish_reason: finishOf(frames) }
  return events(where((data) => get(data, "usage") != null, set("choices", [choice])))(frames)
}

/** Nothing says that a turn of calls is over; half a text might be an answer. */
const unfinished = {
  body: at("choices.*", where((choice) => all("message.tool_calls", choice).length > 0, set("finish_reason", null))),
  frames: (frames: Frames): Frames =>
    frames.some(({ call }) => call !== undefined) ? events(at(finishIn, () => null))(frames) : frames
}

const finishing = (finish: string): Chat => {
  const said = at(finishIn, where((reason) => reason !== null, () => finish))
  return { body: said, frames: events(said) }
}

/** Ids of more characters than OpenAI takes. */
const long = "chatcmpl-tool-"
const lengthened: Change = (id) => typeof id === "string" ? id.replace(/^call_(\d+)$/, longOf) : id
const longOf = (_: string, number: string): string => `${long}${number.padStart(32, "0")}`
const shortened: Change = (id) =>
  typeof id === "string" && id.startsWith(long) ? `call_${Number(id.slice(long.length))}` : id

const nine: Change = (id) =>
  typeof id === "string" ? id.replace(/^call_(\d+)$/, (_, number: string) => `sim${number.padStart(6, "0")}`) : id

const signatureOf = "extra_content.google.thought_signature"
const reasoning = {
  reasoning_content: "I should look.",
  reasoning_details: [{ type: "reasoning.encrypted", data: signed("sim"), index: 0 }]
}

/** Says beside the first thing what it thinks; the calls of a turn are signed. */
const withReasoning = (frames: Frames): Frames =>
  frames.map((frame, place) => {
    const [changed = frame] = place === 0
      ? events(at(inDelta, (delta) => isObject(delta) ? { ...delta, ...reasoning } : delta))([frame])
      : events(at(inFragment, where((call) => get(call, "id") !== undefined, signedCall)))([frame])
    return changed
  })

const signedCall: Change = (call) =>
  isObject(call) ? { ...call, extra_content: { google: { thought_signature: signed("sim") } } } : call

const known = new Set(["role", "content", "name", "tool_calls", "tool_call_id"])

const thinking = { type: "thinking", thinking: [{ type: "text", text: "I should look." }] }
const asParts = (text: unknown) => typeof text === "string" && text !== "" ? [{ type: "text", text }] : []

/** Says all of a message in parts, what it thinks first. */
const inParts: Chat = {
  body: at(
    inMessage,
    (message) => isObject(message) ? { ...message, content: [thinking, ...asParts(message["content"])] } : message
  ),
  frames: (frames) =>
    frames.map((frame, place) => {
      const [changed = frame] = events(at(inDelta, (delta) => {
        if (!isObject(delta)) return delta
        if (place === 0) return { ...delta, content: [thinking] }
        return delta["content"] === undefined ? delta : { ...delta, content: asParts(delta["content"]) }
      }))([frame])
      return changed
    }),
  takes: at("messages.*.content.*", where((part) => get(part, "type") === "thinking", () => undefined))
}

const nameRules = refuseNames(...names)
const textRules = refuseTexts(`messages.*.tool_calls.*.${argumentsOf}`)

/** What there is, by the name of its dialect. */
export const openAiChat: Readonly<Record<string, Chat>> = {
  "shared-index": { frames: events(at(`${inFragment}.index`, () => 0)) },
  "no-index": { frames: events(at(inFragment, without("index"))) },
  "index-by-id": { frames: (frames) => byId(interleaved(frames)) },
  "blocked-after-calls": ending("content_filter"),
  "cut-after-calls": ending("length"),
  "broken-arguments": { turn: adding(undefined, broken), refuses: textRules },
  "invented-name": { turn: adding(invented), refuses: nameRules },
  "several-in-one": { turn: wrapped, refuses: nameRules },
  "no-type": everywhere(at("tool_calls.*", without("type"))),
  "null-type": everywhere(at("tool_calls.*", set("type", null))),
  "arguments-as-value": { ...argued(valueOf), refuses: textRules },
  "arguments-null": { ...argued(none(null)), refuses: textRules },
  "arguments-missing": { ...argued(none(undefined)), refuses: textRules },
  "empty-call": {
    turn: calling((calls) => [...calls, { id: "", type: "function", function: { name: "", arguments: "" } }]),
    refuses: nameRules
  },
  "content-in-parts": inParts,
  "empty-choices": { frames: withEmpty },
  "finish-again": { frames: finishAgain },
  "finish-everywhere": {
    frames: (frames) => events(at(finishIn, () => finishOf(frames)))(frames)
  },
  "error-as-answer": {
    body: () => ({ error: tooMany }),
    frames: () => [{ data: { error: tooMany } }]
  },
  "unknown-finish": finishing("abort"),
  "error-finish": finishing("error"),
  "own-reasoning": {
    body: inTurn(
      at(inMessage, (message) => isObject(message) ? { ...message, ...reasoning } : message),
      at(inCall, signedCall),
      at(`${inCall}.id`, lengthened)
    ),
    frames: (frames) => events(at(`${inFragment}.id`, lengthened))(withReasoning(frames)),
    takes: inTurn(
      at("messages.*.tool_calls.*.id", shortened),
      at("messages.*.tool_call_id", shortened)
    ),
    refuses: [
      refuse("A15", "messages.*.reasoning_details.*.data", isOwn, "Reasoning of another server."),
      refuse("A15", `messages.*.tool_calls.*.${signatureOf}`, isOwn, "Thought signature is not valid.")
    ]
  },
  "nine-letter-ids": {
    body: inTurn(at(inMessage, without("refusal")), at(`${inCall}.id`, nine)),
    frames: events(inTurn(at(inDelta, without("refusal")), at(`${inFragment}.id`, nine))),
    refuses: [
      ...["messages.*.tool_calls.*.id", "messages.*.tool_call_id"].map((path) =>
        refuse(
          "A15",
          path,
          (id) => typeof id === "string" && /^[a-zA-Z0-9]{9}$/.test(id),
          "Tool call id must be a-z, A-Z, 0-9, with a length of 9."
        )
      ),
      refuse(
        "A15",
        "messages.*",
        (message) => isObject(message) && Object.keys(message).every((key) => known.has(key)),
        "Extra inputs are not permitted."
      )
    ]
  },
  "no-finish": unfinished,
  "no-end": { ...unfinished, frames: (frames) => unfinished.frames(frames).filter(({ data }) => data !== "[DONE]") }
}
