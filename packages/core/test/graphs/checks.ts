/**
 * What holds for any graph, as a check of any runner.
 */
import { assert } from "@effect/vitest"
import { Access } from "@volley/core"
import { Data, Effect, Exit, References } from "effect"
import { TestClock } from "effect/testing"
import { accessOf, beat, evaluate, type GraphPlan, kindOf, reachable, timeout } from "./graphs.ts"
import { type Ended, type Note, Probe, type Runner } from "./runners.ts"

/** Something that does not hold, and how one can tell. */
export class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

interface Played {
  readonly notes: ReadonlyArray<Note>
  readonly exit: Exit.Exit<ReadonlyArray<Ended>> | undefined
}

/** Longer than any graph takes. */
const horizon = "10 minutes"

/** Runs a graph in virtual time; it starts at an alarm of the clock, which goes on only when all that follows happened. */
const play = (runner: Runner, graph: GraphPlan): Effect.Effect<Played> =>
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
      assert.isFalse(intervals.has(at), `node ${at} ran twice`)
      intervals.set(at, { start: time, end: Infinity })
    } else intervals.set(at, { start: intervals.get(at)!.start, end: time })
  }
  for (const [at, { end }] of intervals) assert.isBelow(end, Infinity, `node ${at} never ended`)
  return intervals
}

/** Every node ends as it does one by one, its outcome stands in the order of the graph, and it ran once or not at all. */
const checkEnds = (runner: Runner, graph: GraphPlan, { exit }: Played, intervals: ReadonlyMap<number, Interval>) => {
  assert(exit !== undefined, "the graph never ended")
  assert(Exit.isSuccess(exit), `the graph failed: ${exit}`)
  const nodes = runner.whole ? new Set(graph.nodes.keys()) : reachable(graph)
  const idOf = (index: number) => runner.idOf(graph, index)
  const ends = evaluate(graph, { idOf, unresolved: runner.unresolved })
  assert.deepEqual(
    exit.value,
    ends.flatMap((end, index) => nodes.has(index) ? [{ id: idOf(index), end }] : [])
  )
  for (const [index, node] of graph.nodes.entries()) {
    const runs = nodes.has(index) && ends[index]!._tag !== "Blocked" && kindOf(node) !== "unresolved"
    assert.strictEqual(intervals.has(index), runs, `node ${index} ${runs ? "did not run" : "ran"}`)
  }
}

/** When all that a node needs has ended, counted from the start of the graph. */
const readyAt = ({ nodes }: GraphPlan, intervals: ReadonlyMap<number, Interval>, at: number): number =>
  Math.max(0, ...nodes[at]!.needs.map(({ index }) => intervals.get(index)?.end ?? Infinity))

const checkStarts = (graph: GraphPlan, { notes }: Played, intervals: ReadonlyMap<number, Interval>) => {
  const limit = graph.concurrency === 0 ? Infinity : graph.concurrency
  const open = new Map<number, number>()
  for (const { at, time, what } of notes) {
    if (what === "end") open.delete(at)
    else open.set(at, time + timeout)
    for (const [other, settled] of open) if (settled <= time) open.delete(other)
    assert.isAtMost(open.size, limit, "too many at once")
  }
  for (const [at, { start }] of intervals) {
    assert.isAtLeast(start, readyAt(graph, intervals, at), `node ${at} started before what it needs had ended`)
  }
}

/** A node that is ready starts at once, or all room is taken; the lowest goes first. */
const checkWork = (graph: GraphPlan, intervals: ReadonlyMap<number, Interval>) => {
  const limit = graph.concurrency === 0 ? Infinity : graph.concurrency
  const all = Array.from(intervals, ([at, interval]) => ({ at, ready: readyAt(graph, intervals, at), ...interval }))
  const runningAt = (time: number) => all.filter(({ end, start }) => start <= time && time < end).length
  for (const { at, ready, start } of all) {
    if (start === ready) continue
    const instants = [ready, ...all.map(({ end }) => end).filter((end) => end > ready && end < start)]
    for (const instant of instants) assert.strictEqual(runningAt(instant), limit, `node ${at} waits for nothing`)
    for (const other of all) {
      const overtakes = other.at > at && other.start > ready && other.start < start
      assert.isFalse(overtakes, `node ${other.at} overtakes node ${at}`)
    }
  }
}

/** Nodes that touch the same thing run one after the other, in the order of the graph. */
const checkAccess = ({ nodes }: GraphPlan, intervals: ReadonlyMap<number, Interval>) => {
  for (const [later, { start }] of intervals) {
    for (const [earlier, { end }] of intervals) {
      if (earlier >= later || start >= end) continue
      const conflict = accessOf(nodes[earlier]!).some((a) =>
        accessOf(nodes[later]!).some((b) => Access.conflicts(a, b))
      )
      assert.isFalse(conflict, `node ${later} started while node ${earlier}, which touches the same, was not over`)
    }
  }
}

const judge = (check: () => void): Effect.Effect<void, Broken> =>
  Effect.try({ try: check, catch: (error) => new Broken({ message: error instanceof Error ? error.message : "" }) })

/** A graph whose nodes touch nothing ends as it should, as early as it can. */
export const holds = (runner: Runner, graph: GraphPlan): Effect.Effect<void, Broken> =>
  Effect.flatMap(play(runner, graph), (played) =>
    judge(() => {
      const intervals = intervalsOf(played)
      checkEnds(runner, graph, played, intervals)
      checkStarts(graph, played, intervals)
      checkWork(graph, intervals)
    }))

/** A graph whose nodes touch things ends as it should, with what conflicts in order. */
export const holdsInOrder = (runner: Runner, graph: GraphPlan): Effect.Effect<void, Broken> =>
  Effect.flatMap(play(runner, graph), (played) =>
    judge(() => {
      const intervals = intervalsOf(played)
      checkEnds(runner, graph, played, intervals)
      checkStarts(graph, played, intervals)
      checkAccess(graph, intervals)
    }))
