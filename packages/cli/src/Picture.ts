/**
 * What a person sees of a demo: the exchange, a waterfall of the calls, and the figures side by side.
 */
import type { Conversation, Message } from "@volley/core/Conversation"
import { type Play, type Progress, type Span, spanOf } from "./Play.ts"
import { make, millis, type Plays, type Side } from "./Report.ts"
import { shorten, visible } from "./Screen.ts"

const width = 56

/** Draws the plays of one wire. */
export const draw = (plays: Plays): string => {
  const shown = plays.parallel ?? plays.serial
  if (shown === undefined) return ""
  const sides = [["parallel", plays.parallel], ["serial", plays.serial]] as const
  const scale = Math.max(...sides.map(([, play]) => play ? millis(play) : 0))
  return [
    `${plays.scenario} on ${plays.wire}`,
    "",
    ...exchange(shown.ended.conversation),
    ...sides.flatMap(([name, play]) => play ? ["", ...waterfall(name, play, barsOf(play), scale)] : []),
    "",
    ...figures(plays),
    ""
  ].join("\n")
}

const exchange = (conversation: Conversation): ReadonlyArray<string> =>
  conversation.messages.flatMap((message) => lines(message).map((line) => `  ${line}`))

/** What somebody said under a column of its own, so that no line of it looks like another message. */
const said = (role: string, text: string): ReadonlyArray<string> =>
  text.split("\n").map((line, index) => `${(index === 0 ? role : "").padEnd(9)} ${visible(line)}`)

const lines = (message: Message): ReadonlyArray<string> => {
  switch (message.role) {
    case "system":
    case "user":
      return said(message.role, message.text)
    case "assistant":
      return message.calls.length === 0
        ? said("assistant", message.text)
        : message.calls.map(({ arguments: args, id, name }, index) =>
          `${index === 0 ? "assistant" : "         "} ${visible(id)} ${visible(name)} ${
            visible(typeof args === "string" ? args : JSON.stringify(args))
          }`
        )
    case "tool":
      return message.results.map(({ callId, text }, index) =>
        `${index === 0 ? "tool     " : "         "} ${visible(callId)} ${shorten(visible(text), 88)}`
      )
  }
}

/** A label, and when something went on under it. */
type Bars = readonly [label: string, spans: ReadonlyArray<Span>]

const barsOf = ({ ended, turns }: Play): ReadonlyArray<Bars> => [
  ["model", turns],
  ...ended.rounds.flatMap(({ settled }) =>
    settled.outcomes.map((outcome): Bars => [visible(outcome.call.name), [outcome]])
  )
]

/** One row for the model and one for every call, all on the same scale of time. */
const waterfall = (name: string, span: Span, rows: ReadonlyArray<Bars>, scale: number): ReadonlyArray<string> => {
  const column = Math.max(...rows.map(([label]) => label.length))
  return [
    `  ${name}: ${seconds(millis(span))}`,
    ...rows.map(([label, spans]) => `  ${label.padEnd(column)} ${bars(spans, span.startedAt, scale)}`)
  ]
}

/** Draws how far plays are, by their names. */
export const drawLive = (plays: ReadonlyMap<string, Progress>, now: number): ReadonlyArray<string> => {
  const spans = new Map(Array.from(plays, ([name, { endedAt = now, startedAt }]) => [name, { startedAt, endedAt }]))
  const scale = Math.max(1000, ...Array.from(spans.values(), millis))
  return Array.from(plays).flatMap(([name, { calls, turns }]) => {
    const rows: ReadonlyArray<Bars> = [
      ["model", turns.map((turn) => spanOf(turn, now))],
      ...calls.map((call): Bars => [visible(call.label), [spanOf(call, now)]])
    ]
    return waterfall(name, spans.get(name) ?? { startedAt: now, endedAt: now }, rows, scale)
  })
}

const bars = (spans: ReadonlyArray<Span>, zero: number, scale: number): string => {
  const at = (time: number) => scale === 0 ? 0 : Math.round(((time - zero) / scale) * width)
  const cells = Array.from({ length: width + 1 }, () => " ")
  for (const { endedAt, startedAt } of spans) {
    cells.fill("█", at(startedAt), Math.max(at(startedAt) + 1, at(endedAt)))
  }
  return cells.join("").trimEnd()
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

const figures = (plays: Plays): ReadonlyArray<string> => {
  const { parallel, serial } = make(plays)
  const row = (label: string, of: (side: Side) => string) =>
    `  ${label.padEnd(18)}${(serial ? of(serial) : "–").padStart(10)}${(parallel ? of(parallel) : "–").padStart(10)}`
  const faster = serial && parallel ? [`  ${(serial.wallMs / parallel.wallMs).toFixed(1)} times faster`] : []
  return [
    `  ${"".padEnd(18)}${"serial".padStart(10)}${"parallel".padStart(10)}`,
    row("round trips", ({ trips }) => String(trips)),
    row("wall time", ({ wallMs }) => seconds(wallMs)),
    row("waiting for model", ({ modelMs }) => seconds(modelMs)),
    row("calls", ({ calls }) => String(calls)),
    row("most at once", ({ maxInFlight }) => String(maxInFlight)),
    row("tokens", ({ tokens }) => String(tokens)),
    ...faster
  ]
}
