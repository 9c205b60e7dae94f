/**
 * A runner of graphs written by hand, and the same with one fault each, to show that the checks would notice.
 */
import { GraphCase, GraphRunner, Laws } from "@volley/testing"
import { Deferred, Effect, Option } from "effect"

type End = GraphCase.End

type Fault =
  | "startsTooEarly"
  | "runsTwice"
  | "stopsIndependentBranches"
  | "blamesTheDirectDependency"
  | "ignoresTheCap"
  | "ordersByCompletion"
  | "waitsForTheWholeLayer"
  | "startsTheLastFirst"
  | "mixesInputsUp"
  | "runsWhatIsBlocked"
  | "forgetsANode"

const idOf = (_graph: GraphCase.GraphCase, at: number): string => `n${at}`

const typeOf = (kind: string): string => ({ failure: "Broke", defect: "Defect", hangs: "Timeout" })[kind] ?? "Defect"

/** How many steps stand before a node. */
const layersOf = ({ nodes }: GraphCase.GraphCase): ReadonlyArray<number> => {
  const layers: Array<number> = []
  for (const { needs } of nodes) layers.push(Math.max(0, ...needs.map(({ index }) => layers[index]! + 1)))
  return layers
}

/** Waits for what each node needs, then for room, of which the lowest in order is given first. */
const byHand = (fault?: Fault): GraphRunner.GraphRunner => ({
  whole: true,
  unresolved: "Defect",
  idOf,
  run: (graph) =>
    Effect.gen(function*() {
      const { concurrency, nodes } = graph
      const layers = layersOf(graph)
      const ended = nodes.map(() => Deferred.makeUnsafe<End>())
      const order: Array<GraphRunner.Ended> = []
      const waiting = new Map<number, () => void>()
      let room = concurrency === 0 || fault === "ignoresTheCap" ? Infinity : concurrency
      let stopped = false
      const pump = () => {
        const sorted = Array.from(waiting.keys()).sort((a, b) => fault === "startsTheLastFirst" ? b - a : a - b)
        for (const at of sorted) {
          if (room === 0) return
          room -= 1
          const wake = waiting.get(at)
          waiting.delete(at)
          wake?.()
        }
      }
      const turn = (at: number) =>
        Effect.callback<void>((resume) => {
          waiting.set(at, () => resume(Effect.void))
          pump()
        })
      const leave = Effect.sync(() => {
        room += 1
        pump()
      })
      const settle = Effect.fnUntraced(function*(at: number) {
        const node = nodes[at]!
        if (fault === "waitsForTheWholeLayer") {
          for (const [other, layer] of layers.entries()) if (layer < layers[at]!) yield* Deferred.await(ended[other]!)
        }
        const early = fault === "startsTooEarly" && node.needs.length > 1
        const ends = yield* Effect.forEach(node.needs, ({ index }, n): Effect.Effect<End> =>
          early && n === 1
            ? Effect.map(
              Effect.timeoutOption(Deferred.await(ended[index]!), 1),
              (end) => Option.getOrElse(end, () => ({ _tag: "Value", value: 0 } as const))
            )
            : Deferred.await(ended[index]!))
        const blocked = ends.findIndex(({ _tag }) => _tag !== "Value")
        const end = ends[blocked]
        if (end !== undefined && end._tag !== "Value" && fault !== "runsWhatIsBlocked") {
          const direct = end._tag === "Failed" || fault === "blamesTheDirectDependency"
          const root = direct ? idOf(graph, node.needs[blocked]!.index) : end.root
          return { _tag: "Blocked", root, type: end.type } satisfies End
        }
        if (stopped) return { _tag: "Failed", type: "Interrupted" } satisfies End
        if (GraphCase.kindOf(node) === "unresolved") return { _tag: "Failed", type: "Defect" } satisfies End
        yield* turn(at)
        const inputs = ends.map((end) => end._tag === "Value" ? end.value : 0)
        const once = GraphRunner.act(at, fault === "mixesInputsUp" ? inputs.toSorted((a, b) => a - b) : inputs)
        const work = fault === "runsTwice" && at === 2 ? Effect.andThen(once, once) : once
        const end_ = yield* work.pipe(
          Effect.map(({ value }): End => ({ _tag: "Value", value })),
          Effect.timeoutOption(GraphCase.timeout),
          Effect.map(Option.getOrElse((): End => ({ _tag: "Failed", type: "Timeout" }))),
          Effect.catchCause(() => Effect.succeed<End>({ _tag: "Failed", type: typeOf(GraphCase.kindOf(node)) }))
        )
        if (end_._tag === "Failed" && fault === "stopsIndependentBranches") stopped = true
        yield* leave
        return end_
      })
      const all = yield* Effect.forEach(nodes, (_node, at) =>
        Effect.gen(function*() {
          const end = yield* settle(at)
          order.push({ id: idOf(graph, at), end })
          Deferred.doneUnsafe(ended[at]!, Effect.succeed(end))
          return { id: idOf(graph, at), end }
        }), { concurrency: "unbounded" })
      if (fault === "forgetsANode") return all.slice(0, 6)
      return fault === "ordersByCompletion" ? order : all
    })
})

/** Which law each fault breaks. */
const faults: ReadonlyArray<readonly [Laws.GraphLaw, Fault]> = [
  [Laws.serializable, "startsTooEarly"],
  [Laws.total, "runsTwice"],
  [Laws.total, "stopsIndependentBranches"],
  [Laws.total, "blamesTheDirectDependency"],
  [Laws.bounded, "ignoresTheCap"],
  [Laws.matched, "ordersByCompletion"],
  [Laws.workConserving, "waitsForTheWholeLayer"],
  [Laws.workConserving, "startsTheLastFirst"],
  [Laws.total, "mixesInputsUp"],
  [Laws.total, "runsWhatIsBlocked"],
  [Laws.total, "forgetsANode"]
]

export const correct = byHand()
export const broken = faults.map(([law, fault]) => ({ law, name: law.name, fault, runner: byHand(fault) }))

/** Runs every node as if it touched nothing. */
export const forgetsWhatNodesTouch: GraphRunner.GraphRunner = {
  ...GraphRunner.asPlan,
  run: (graph) => GraphRunner.asPlan.run(GraphCase.untouching(graph))
}
