/**
 * What holds for any graph, as a check of any runner.
 */
import { Access } from "@volley/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import { accessOf, beat, evaluate, type GraphCase, kindOf, reachable, timeout } from "../GraphCase.ts"
import { type Ended, type GraphRunner, type Note, Probe } from "../GraphRunner.ts"
import * as Timeline from "../Timeline.ts"
import { type Broken, equal, judge, ok } from "./broken.ts"

interface Played {
  readonly notes: ReadonlyArray<Note>
  readonly exit: Exit.Exit<ReadonlyArray<Ended>> | undefined
}

/** Longer than any graph takes. */
const horizon = "10 minutes"

/** Runs a graph in virtual time; it starts at an alarm of the clock, which goes on only when all that follows happened. */
const play = (runner: GraphRunner, graph: GraphCase): Effect.Effect<Played> =>
  Effect.clockWith((clock) =>
    Effect.gen(function*() {
      const began = clock.currentTimeMillisUnsafe() + beat
      const now = () => clock.currentTimeMillisUnsafe() - began
      const notes: Array<Note> = []
      const run = runner.run(graph).pipe(
        Effect.provideService(Probe, { nodes: graph.nodes, notes, now }),
        Effect.provideService(References.CurrentLoggers, new Set())
      )
      const fiber = yield* Effect.forkDetach(Effect.delay(run, beat), { startImmediately: true })
      yield* TestClock.adjust(horizon)
      const exit = fiber.pollUnsafe()
      fiber.interruptUnsafe()
      return { notes, exit }
    })
  )

interface Interval {
  readonly start: number
  readonly end: number
}

/** From when to when each node ran; every tool that started has ended, and started once. */
const intervalsOf = ({ notes }: Played): ReadonlyMap<number, Interval> => {
  const intervals = new Map<number, Interval>()
  for (const { at, time, what } of notes) {
    if (what === "start") {
      ok(!intervals.has(at), `Node ${at} ran twice.`)
      intervals.set(at, { start: time, end: Infinity })
    } else intervals.set(at, { start: intervals.get(at)!.start, end: time })
  }
  for (const [at, { end }] of intervals) ok(end < Infinity, `Node ${at} never ended.`)
  return intervals
}

const endedOf = ({ exit }: Played): ReadonlyArray<Ended> => {
  ok(exit !== undefined, "The graph never ended.")
  ok(Exit.isSuccess(exit), `The graph failed: ${String(exit)}`)
  return exit.value
}

type Look = (seen: {
  readonly runner: GraphRunner
  readonly graph: GraphCase
  readonly played: Played
  readonly intervals: ReadonlyMap<number, Interval>
}) => void

type Check = (runner: GraphRunner, graph: GraphCase) => Effect.Effect<void, Broken>

/** Runs the graph, and looks at what it came to. */
const afterwards = (look: Look): Check => (runner, graph) =>
  Effect.flatMap(
    play(runner, graph),
    (played) => judge(() => look({ runner, graph, played, intervals: intervalsOf(played) }), () => drawing(played))
  )

const drawing = ({ notes }: Played): string =>
  Timeline.render(
    notes.filter(({ what }) => what === "start").map(({ at, time }) => ({
      id: `n${at}`,
      what: "",
      start: time,
      end: notes.find((note) => note.what === "end" && note.at === at)?.time ?? time,
      how: "ran"
    }))
  )

/** Every node ends as it does one by one, and it ran once or not at all. */
export const total = afterwards(({ graph, intervals, played, runner }) => {
  const nodes = runner.whole ? new Set(graph.nodes.keys()) : reachable(graph)
  const idOf = (index: number) => runner.idOf(graph, index)
  const expected = evaluate(graph, { idOf, unresolved: runner.unresolved })
  const ends = new Map(endedOf(played).map(({ end, id }) => [id, end]))
  equal(ends.size, nodes.size, "Nodes that ended")
  for (const [index, node] of graph.nodes.entries()) {
    if (nodes.has(index)) equal(ends.get(idOf(index)), expected[index], `The end of node ${index}`)
    const runs = nodes.has(index) && expected[index]!._tag !== "Blocked" && kindOf(node) !== "unresolved"
    ok(intervals.has(index) === runs, `Node ${index} ${runs ? "did not run" : "ran"}.`)
  }
})

/** Outcomes stand in the order of the graph, each under its own id. */
export const matched = afterwards(({ graph, played, runner }) => {
  const nodes = runner.whole ? new Set(graph.nodes.keys()) : reachable(graph)
  const ids = [...graph.nodes.keys()].filter((index) => nodes.has(index)).map((index) => runner.idOf(graph, index))
  equal(endedOf(played).map(({ id }) => id), ids, "The ids of the outcomes")
})

/** When all that a node needs has ended, counted from the start of the graph. */
const readyAt = ({ nodes }: GraphCase, intervals: ReadonlyMap<number, Interval>, at: number): number =>
  Math.max(0, ...nodes[at]!.needs.map(({ index }) => intervals.get(index)?.end ?? Infinity))

const limitOf = ({ concurrency }: GraphCase): number => concurrency === 0 ? Infinity : concurrency

/** Never more nodes are started and unsettled than may be. */
export const bounded = afterwards(({ graph, played }) => {
  const open = new Map<number, number>()
  for (const { at, time, what } of played.notes) {
    if (what === "end") open.delete(at)
    else open.set(at, time + timeout)
    for (const [other, settled] of open) if (settled <= time) open.delete(other)
    ok(open.size <= limitOf(graph), `${open.size} nodes run at once; ${limitOf(graph)} may.`)
  }
})

/** A node that is ready starts at once, or all room is taken; the lowest goes first. */
export const workConserving = afterwards(({ graph, intervals }) => {
  const all = Array.from(intervals, ([at, interval]) => ({ at, ready: readyAt(graph, intervals, at), ...interval }))
  const runningAt = (time: number) => all.filter(({ end, start }) => start <= time && time < end).length
  for (const { at, ready, start } of all) {
    if (start === ready) continue
    const instants = [ready, ...all.map(({ end }) => end).filter((end) => end > ready && end < start)]
    for (const instant of instants) ok(runningAt(instant) === limitOf(graph), `Node ${at} waits for nothing.`)
    for (const other of all) {
      const overtakes = other.at > at && other.start > ready && other.start < start
      ok(!overtakes, `Node ${other.at} overtakes node ${at}.`)
    }
  }
})

/** A node starts after what it needs, and nodes that touch the same thing run one after the other, in graph order. */
export const serializable = afterwards(({ graph, intervals }) => {
  for (const [later, { start }] of intervals) {
    ok(start >= readyAt(graph, intervals, later), `Node ${later} started before what it needs had ended.`)
    for (const [earlier, { end }] of intervals) {
      if (earlier >= later || start >= end) continue
      const conflict = accessOf(graph.nodes[earlier]!).some((a) =>
        accessOf(graph.nodes[later]!).some((b) => Access.conflicts(a, b))
      )
      ok(!conflict, `Node ${later} started while node ${earlier}, which touches the same, was not over.`)
    }
  }
})
