/**
 * How servers of Responses speak it.
 */
import type { ResponseFunctionToolCall as Call, ResponseOutputItem } from "openai/resources/responses/responses"
import type { Frame } from "../../Frame.ts"
import { get, isObject, parse } from "../json.ts"
import {
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
  several,
  signed,
  tooMany,
  unsigned,
  uses,
  where
} from "../manner.ts"
import type { Body } from "../openAiResponsesBody.ts"

type Responses = Manner<Body>

const isCall = (item: unknown): boolean => get(item, "type") === "function_call"

/** Another turn of calls in place of one; answers stay. */
const calling =
  (change: (calls: ReadonlyArray<Call>) => ReadonlyArray<ResponseOutputItem>, more: Partial<Body> = {}) =>
  (body: Body): Body => {
    const calls = body.output.flatMap((item) => item.type === "function_call" ? [item] : [])
    return calls.length === 0
      ? body
      : { ...body, ...more, output: [...body.output.filter((item) => item.type !== "function_call"), ...change(calls)] }
  }

const ending = (reason: "max_output_tokens" | "content_filter"): Responses => ({
  turn: calling((calls) => calls, { status: "incomplete", incomplete_details: { reason } })
})

const adding = (change: (call: Call) => Partial<Call>) =>
  calling((calls) =>
    calls.flatMap((call, at) =>
      at < calls.length - 1
        ? [call]
        : [call, { ...call, id: nextItem(call), call_id: nextId(call.call_id), ...change(call) }]
    )
  )

/** The id of an item tells after which reasoning it was said. */
const nextItem = ({ id = "fc_0" }: Call): string =>
  id.replace(/^fc_(\d+)/, (_, number: string) => `fc_${Number(number) + 1}`)

const wrapped = calling((calls) =>
  calls.slice(0, 1).map((call) => ({
    ...call,
    name: several,
    arguments: JSON.stringify(
      uses(calls.map(({ arguments: text, name }) => ({ name, arguments: parse(text) ?? {} })))
    )
  }))
)

/** Changes the items of a call, wherever events and bodies have them. */
const itemsOfCalls = (change: Change) => {
  const ofCall = where(isCall, change)
  return {
    body: at("output.*", ofCall),
    frames: events(inTurn(at("item", ofCall), at("response.output.*", ofCall)))
  }
}

/** Arguments in another form, once they are whole. */
const argued = (change: Change): Responses => {
  const { body, frames } = itemsOfCalls(at("arguments", change))
  return {
    body,
    frames: (of) => events(at("arguments", change))(frames(of)),
    refuses: refuseTexts("input.*.arguments")
  }
}

const valueOf: Change = (text) => typeof text === "string" && text !== "" ? parse(text) ?? text : text

const none = (value: null | undefined): Change => where((text) => text === "{}", () => value)

/** Every event calls its item something else; the last word is the true one. */
const shifting = (frames: Frames): Frames =>
  frames.map((frame, place) => {
    const shifted: Change = (id) => typeof id === "string" ? id.replace(/^[a-z]+_/, `$&${place}x`) : id
    const [changed = frame] = events(inTurn(at("item_id", shifted), at("item.id", shifted)))([frame])
    return changed
  })

const ended = (change: Change) => (frames: Frames): Frames =>
  frames.map((frame, place): Frame => {
    const [changed = frame] = place === frames.length - 1 ? events(at("response", change))([frame]) : [frame]
    return changed
  })

const unknownEnd: Change = (response) => isObject(response) ? { ...response, status: "abandoned" } : response

const nameRules = refuseNames("input.*.name")

/** What there is, by the name of its dialect. */
export const openAiResponses: Readonly<Record<string, Responses>> = {
  "blocked-after-calls": ending("content_filter"),
  "cut-after-calls": ending("max_output_tokens"),
  "broken-arguments": { turn: adding(() => ({ arguments: broken })), refuses: refuseTexts("input.*.arguments") },
  "invented-name": { turn: adding(() => ({ name: invented })), refuses: nameRules },
  "several-in-one": { turn: wrapped, refuses: nameRules },
  "arguments-as-value": argued(valueOf),
  "arguments-null": argued(none(null)),
  "arguments-missing": argued(none(undefined)),
  "empty-call": {
    turn: adding(() => ({ call_id: "", name: "", arguments: "" })),
    refuses: nameRules
  },
  "error-as-answer": {
    body: () => ({ error: tooMany }),
    frames: () => [{ data: { error: tooMany } }]
  },
  "unknown-finish": { body: unknownEnd, frames: ended(unknownEnd) },
  "own-signatures": {
    body: at("output.*.encrypted_content", signed),
    frames: events(inTurn(at("item.encrypted_content", signed), at("response.output.*.encrypted_content", signed))),
    takes: at("input.*.encrypted_content", unsigned),
    refuses: [
      refuse("A15", "input.*.encrypted_content", isOwn, "The encrypted content could not be verified.")
    ]
  },
  "ids-of-events": { frames: shifting }
}
