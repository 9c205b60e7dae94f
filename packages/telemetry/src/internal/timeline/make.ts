/** Rows, sums and the critical path of a run. */
import * as Predicate from "effect/Predicate"
import type { Run } from "../../Run.ts"
import { type Agent, type Call, read, type Round } from "./log.ts"
import { find } from "./path.ts"
import type { End, Interval, Row, Span, Timeline } from "./row.ts"

/** Makes the picture of a run, as data; one that goes on is drawn until a time, or until its last event. */
export const make = (run: Run, until = -Infinity): Timeline => {
  refuseNoRun(run)
  const { events, head } = run
  const agent = read(events)
  if (agent.end === "open" && events.length > 0) agent.last = Math.max(agent.last, until)
  const zero = Number.isFinite(agent.first) ? agent.first : head.at
  const last = Math.max(zero, agent.last)
  const path = events.length === 0 ? [] : find(agent).map((step) => shifted(step, zero))
  const critical = new Set(path.map(({ key }) => key))
  const rows = rowsOf(agent, 0, { zero, last, critical })
  const calls = rows.filter(({ composite, kind }) => kind === "call" && !composite)
  return {
    name: head.name ?? "",
    at: zero,
    length: last - zero,
    rows,
    path,
    turns: rows.filter(({ depth, kind }) => kind === "turn" && depth === 0).length,
    calls: calls.length,
    failed: calls.filter(({ end }) => end !== "ok" && end !== "open").length,
    callsMs: covered(calls.flatMap(({ spans }) => spans.filter(isOfCalls))),
    serialMs: calls.reduce((sum, call) => sum + ran(call), 0),
    modelMs: covered(rows.filter(({ depth, kind }) => kind === "turn" && depth === 0)),
    end: agent.end,
    message: agent.message,
    ...(agent.tokens !== undefined && { tokens: agent.tokens }),
    ...(agent.cost !== undefined && { cost: agent.cost })
  }
}

/** Throws for what is no run, such as the name of its file. */
const refuseNoRun = (given: unknown): void => {
  if (Predicate.hasProperty(given, "head") && Predicate.hasProperty(given, "events") && Array.isArray(given.events)) {
    return
  }
  throw new TypeError("Timeline: this is no run: give what Run.decode reads out of the text of a file.")
}

/** What the calls themselves took or waited for: neither the model that still writes, nor a person. */
const isOfCalls = (span: Span): boolean => span.kind !== "wait" || (span.why !== "turn" && span.why !== "approval")

interface Scale {
  readonly zero: number
  readonly last: number
  readonly critical: ReadonlySet<string>
}

const shifted = <A extends Interval>(interval: A, zero: number): A => ({
  ...interval,
  from: interval.from - zero,
  to: interval.to - zero
})

const rowsOf = (agent: Agent, depth: number, scale: Scale): ReadonlyArray<Row> =>
  agent.rounds.flatMap((round) => [
    ...(round.asked === undefined ? [] : [turnOf(round, round.asked, depth, scale, agent.end)]),
    ...Array.from(round.calls.values()).filter(({ parent }) => parent === undefined).flatMap((call) =>
      callRows(call, depth, scale)
    )
  ])

const turnOf = (round: Round, asked: number, depth: number, scale: Scale, ended: Agent["end"]): Row => {
  const time = shifted({ from: asked, to: Math.max(asked, round.ended ?? scale.last) }, scale.zero)
  const isOver = round.ended !== undefined
  return {
    ...time,
    kind: "turn",
    key: round.key,
    depth,
    name: round.model ?? "model",
    id: `turn ${round.number}`,
    spans: [{ kind: "model", ...time }],
    progress: [],
    end: isOver ? "ok" : ended === "failed" ? "failed" : "open",
    composite: false,
    critical: scale.critical.has(round.key),
    attempts: 1,
    text: round.text,
    ...(round.tokens !== undefined && { tokens: round.tokens })
  }
}

const callRows = (call: Call, depth: number, scale: Scale): ReadonlyArray<Row> => {
  const under = [
    ...call.steps.flatMap((step) => callRows(step, depth + 1, scale)),
    ...(call.agent === undefined ? [] : rowsOf(call.agent, depth + 1, scale))
  ]
  return [callOf(call, depth, scale, under), ...under]
}

const callOf = (call: Call, depth: number, scale: Scale, under: ReadonlyArray<Row>): Row => {
  const to = call.settled ?? scale.last
  const from = Math.min(to, call.waits[0]?.at ?? call.started ?? to, call.started ?? to)
  return {
    ...shifted({ from, to }, scale.zero),
    kind: "call",
    key: call.key,
    depth,
    name: call.name,
    id: call.id,
    spans: spansOf(call, to).map((span) => shifted(span, scale.zero)),
    progress: call.progress.map((at) => at - scale.zero),
    end: endOf(call),
    composite: under.length > 0,
    critical: scale.critical.has(call.key) || under.some(({ critical }) => critical),
    attempts: call.attempts,
    text: call.text,
    ...(call.error !== undefined && { error: call.error }),
    ...(call.sameAs !== undefined && { sameAs: call.sameAs }),
    ...(call.arguments !== undefined && { arguments: call.arguments })
  }
}

const endOf = ({ attempts, error, isError, settled, started }: Call): End => {
  if (settled === undefined) return "open"
  if (!isError) return "ok"
  if (error === "Timeout" || error === "DeadlineExceeded") return "timeout"
  return attempts === 0 && started === undefined ? "refused" : "failed"
}

const spansOf = (call: Call, to: number): ReadonlyArray<Span> => {
  const started = call.started ?? to
  const waits = call.waits.flatMap(({ at, behind, why }, index): ReadonlyArray<Span> => {
    const until = Math.min(started, call.waits[index + 1]?.at ?? started)
    return until > at ? [{ kind: "wait", why, from: at, to: until, ...(behind !== undefined && { behind }) }] : []
  })
  if (call.started === undefined) return waits
  const starts = [started, ...call.retries.filter((at) => at > started && at < to)]
  const runs = starts.map((from, index): Span => {
    const until = starts[index + 1] ?? Math.max(from, to)
    return { kind: "run", attempt: index + 1, failed: index + 1 < starts.length, from, to: until }
  })
  return [...waits, ...runs, ...call.hedges.map((at): Span => ({ kind: "hedge", from: at, to: Math.max(at, to) }))]
}

/** How long a call ran, its waiting left out. */
const ran = ({ spans }: Row): number =>
  spans.reduce((sum, { from, kind, to }) => kind === "run" ? sum + to - from : sum, 0)

/** How long at least one of them went on. */
const covered = (intervals: ReadonlyArray<Interval>): number => {
  let sum = 0
  let until = -Infinity
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return sum
}
