/**
 * What a person sees of durable runs: a list, and what one of them did as a timeline.
 */
import * as AgentRecorder from "@volley/core/AgentRecorder"
import * as Recorder from "@volley/core/Recorder"
import type { Entry, Status, Waiting } from "@volley/durable/Journal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { shorten, visible } from "./Screen.ts"

/** A run with the calls that it waits for, as `--json` prints it. */
export interface Listed extends Status {
  readonly waiting: ReadonlyArray<Waiting>
}

/** Runs, each with the calls that it waits for. */
export const listed = (runs: ReadonlyArray<Status>, waiting: ReadonlyArray<Waiting>): ReadonlyArray<Listed> =>
  runs.map((run) => ({ ...run, waiting: waiting.filter(({ runId }) => runId === run.runId) }))

/** Draws a line a run, and two below it for each call that it waits for. */
export const drawList = (runs: ReadonlyArray<Status>, waiting: ReadonlyArray<Waiting>): string => {
  const all = listed(runs, waiting)
  const rows = [
    ["run", "agent", "state", "since"],
    ...all.map((run) => [visible(run.runId), visible(run.name), run.state, time(sinceOf(run))])
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const [head = "", ...lines] = rows.map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  "))
  return [
    head,
    ...lines.flatMap((
      line,
      index
    ) => [line, ...drawTrouble(all[index]), ...(all[index]?.waiting ?? []).flatMap(drawWaiting)])
  ].join(
    "\n"
  )
}

const drawTrouble = (run: Status | undefined): ReadonlyArray<string> =>
  run?.trouble === undefined ? [] : [`  ${visible(run.trouble.message)}`]

/** When a run came into its state, as far as that is known: one that goes on has been begun then. */
const sinceOf = ({ endedAt, startedAt, state, waiting }: Listed): number =>
  endedAt ?? (state === "waiting" ? Math.max(startedAt, ...waiting.map(({ since }) => since)) : startedAt)

const drawWaiting = ({ key, parameters, since, tool }: Waiting): ReadonlyArray<string> => [
  `  waits for ${visible(tool)} ${cut(parameters)}, since ${time(since)}`,
  `  key ${visible(key)}`
]

/** Draws what a run did; times are seconds since it was begun. */
export const drawRun = (run: Status, entries: ReadonlyArray<Entry>): string => {
  const often = run.epoch > 1 ? `, begun ${run.epoch} times` : ""
  const ended = run.endedAt === undefined ? "" : `, until ${time(run.endedAt)}`
  return [
    `${visible(run.runId)}: ${visible(run.name)}, ${run.state}${often}, from ${time(run.startedAt)}${ended}`,
    ...drawTrouble(run),
    ...entries.map((entry) => `${seconds(entry.at - run.startedAt)}  ${entry.kind.padEnd(5)}  ${said(entry)}`)
  ].join("\n")
}

const About = Schema.Struct({ tool: Schema.String })
const Wait = Schema.Struct({
  ...About.fields,
  parameters: Schema.Unknown,
  decision: Schema.optionalKey(Schema.Unknown)
})
const Round = Schema.Struct({ spent: AgentRecorder.Spent })

/** What an entry says; one of another form is shown as it is. */
const said = (entry: Entry): string => Option.getOrElse(readers[entry.kind](entry), () => cut(entry.value))

const reading = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  say: (value: S["Type"], entry: Entry) => string
) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (entry: Entry) => Option.map(decode(entry.value), (value) => say(value, entry))
}

const readers: Readonly<Record<Entry["kind"], (entry: Entry) => Option.Option<string>>> = {
  turn: reading(AgentRecorder.Turn, ({ millis, turn: { message: { calls, text } } }) => {
    const asked = calls.map(({ arguments: args, name }) => `${visible(name)} ${cut(args)}`)
    return [`took ${took(millis)}`, ...(text === "" ? [] : [cut(text)]), ...asked].join("  ")
  }),
  call: (entry) => {
    const tool = Option.match(decodeAbout(entry.value), { onNone: () => "", onSome: ({ tool }) => visible(tool) })
    return entry.ended
      ? ended(tool)(entry)
      : Option.some(`${tool} begun, and its end is not kept: it may have taken effect`)
  },
  round: reading(
    Round,
    ({ spent: { calls, rounds, usage } }) =>
      `all answered; so far turns: ${rounds}, calls: ${calls}, tokens: ${usage.input + usage.output}`
  ),
  wait: reading(
    Wait,
    ({ decision, parameters, tool }, { ended }) =>
      `${visible(tool)} ${cut(parameters)}  ${ended ? `decided: ${cut(decision)}` : "waits for a decision"}`
  )
}

const decodeAbout = Schema.decodeUnknownOption(About)

const ended = (tool: string) =>
  reading(Recorder.Written, ({ attempts, end, endedAt, startedAt }) => {
    const often = attempts > 1 ? `, ${attempts} attempts` : ""
    const what = "json" in end
      ? `done  ${cut(end.json)}`
      : `failed  ${cut("failure" in end ? end.failure : end.reason)}`
    return `${tool} took ${took(endedAt - startedAt)}${often}, ${what}`
  })

const cut = (value: unknown): string =>
  shorten(visible(typeof value === "string" ? value : JSON.stringify(value) ?? ""), 88)

const time = (millis: number): string => new Date(millis).toISOString().replace(/\.\d+Z$/, "Z")

const seconds = (millis: number): string => `${(millis / 1000).toFixed(3).padStart(9)} s`

const took = (millis: number): string => `${Math.round(millis)} ms`
