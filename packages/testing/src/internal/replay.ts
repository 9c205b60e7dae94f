import type { AgentEvent } from "@volley/core/AgentEvent"
import type * as ChatModel from "@volley/core/ChatModel"
import type { Conversation } from "@volley/core/Conversation"
import * as ToolCall from "@volley/core/ToolCall"
import * as Usage from "@volley/core/Usage"
import * as Arr from "effect/Array"

/** A recorded run, such as `Run.decode` of `@volley/telemetry` reads. */
export interface Recorded {
  readonly events: ReadonlyArray<AgentEvent>
}

/** The turns of one agent, and how many of them have been said again. */
interface Track {
  readonly turns: ReadonlyArray<ChatModel.Turn>
  said: number
}

/** Gives the turn that comes next in the recorded run for whom has this conversation; undefined where there is none. */
export const replay = (run: Recorded): (conversation: Conversation) => ChatModel.Turn | undefined => {
  const tracks = tracksOf(run).map((turns): Track => ({ turns, said: 0 }))
  return ({ messages }) => {
    const heard = messages.flatMap((message) => message.role === "assistant" ? [wordsOf(message)] : [])
    const under = tracks.filter((track) => track.said > 0 && isHeard(track, heard)).toSorted((a, b) => b.said - a.said)
    const track = under[0] ?? tracks.find(({ said }) => said === 0)
    return track?.turns[track.said++]
  }
}

const isHeard = ({ said, turns }: Track, heard: ReadonlyArray<string>): boolean =>
  heard.length >= said &&
  turns.slice(0, said).every(({ message }, n) => wordsOf(message) === heard[heard.length - said + n])

const wordsOf = ({ calls, text }: ChatModel.Turn["message"]): string =>
  JSON.stringify([text, calls.map((call) => [call.name, call.arguments])])

/** The turns of each agent, in the order in which the agents began. */
const tracksOf = ({ events }: Recorded): ReadonlyArray<ReadonlyArray<ChatModel.Turn>> => {
  const agents = Arr.groupBy(events, (event) => JSON.stringify(event._tag === "Nested" ? event.path : []))
  return Object.values(agents).map((own) => turnsOf(own.map((event) => event._tag === "Nested" ? event.event : event)))
    .filter(({ length }) => length > 0)
}

type Own = Exclude<AgentEvent, { readonly _tag: "Nested" }>

const turnsOf = (events: ReadonlyArray<Own>): ReadonlyArray<ChatModel.Turn> =>
  events.flatMap((event, place) => {
    if (event._tag !== "TurnEnded") return []
    const { calls, finish, model, text } = event
    const around = events.slice(Math.max(0, events.slice(0, place).findLastIndex(isStart)), nextStart(events, place))
    const cut = around.flatMap((event) =>
      event._tag === "CallSettled" && event.error === "Truncated" ? [event.call.id] : []
    )
    const usage = around.find((event) => event._tag === "Usage")?.turn ?? Usage.none
    const said = { role: "assistant" as const, text, calls: calls.map((call, index) => callOf(call, index, cut)) }
    return [{ message: said, finish, usage, model }]
  })

const isStart = ({ _tag }: Own): boolean => _tag === "TurnStarted"

const nextStart = (events: ReadonlyArray<Own>, place: number): number => {
  const next = events.slice(place).findIndex(isStart)
  return next === -1 ? events.length : place + next
}

type Call = Extract<Own, { readonly _tag: "TurnEnded" }>["calls"][number]

/** Arguments that a record could not keep were no JSON, as an empty text is none. */
const callOf = (
  { arguments: args = "", id, name }: Call,
  index: number,
  cut: ReadonlyArray<string>
): ToolCall.ToolCall => ({
  ...ToolCall.make({ id, name, arguments: args, index }),
  status: cut.includes(id) ? "truncated" : "complete"
})
