/**
 * Random acyclic graphs as plain data, and what they come to when their nodes are evaluated one by one.
 */
import { Access } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import { oneOf, upTo } from "./internal/choices.ts"

/** How a node ends when nothing that it needs has failed; `unresolved` ones cannot even get their arguments. */
export type Kind = "success" | "failure" | "defect" | "hangs" | "unresolved"

/** How a node refers to what it needs: a part of a result, the whole of it, or a part deep inside the arguments. */
export type Form = "part" | "whole" | "deep"

/**
 * - `needs`: earlier nodes, by index
 * - `after`: beats until its tool ends
 * - `key`, `writes`: what it touches, in graphs whose nodes touch anything
 * - `kept`: in a pipeline, whether the record of steps has it
 */
export interface NodeCase {
  readonly kind: Kind
  readonly needs: ReadonlyArray<{ readonly index: number; readonly form: Form }>
  readonly after: number
  readonly key: string | undefined
  readonly writes: boolean
  readonly kept: boolean
}

/** `concurrency`: 0 is unbounded. */
export interface GraphCase {
  readonly nodes: ReadonlyArray<NodeCase>
  readonly concurrency: number
}

/** How long a beat is, in milliseconds. */
export const beat = 64
/** How long a call may take, in milliseconds. */
export const timeout = 20 * beat
/** The most nodes of a graph. */
export const most = 200

const times = (count: number) => <A>(value: A): ReadonlyArray<A> => Array.from({ length: count }, () => value)

/** Mostly short. */
const distance = Arbitrary.flatMap(oneOf(upTo(2), upTo(8), upTo(20)), (some) => some)

/** Needs are drawn as distances, which `linked` makes indices of. */
const node = Arbitrary.all({
  kind: oneOf<Kind>(...times(36)<Kind>("success"), "failure", "defect", "hangs", "unresolved"),
  needs: Arbitrary.array(Arbitrary.all({ distance, form: oneOf<Form>("part", "whole", "deep") }), {
    maxLength: 4
  }),
  after: upTo(7),
  key: oneOf(undefined, undefined, "a", "a/1", "a/2", "b"),
  writes: oneOf(false, true),
  kept: oneOf(true, true, false)
})

interface Drawn extends Omit<NodeCase, "needs"> {
  readonly needs: ReadonlyArray<{ readonly distance: number; readonly form: Form }>
}

const linked = (drawn: ReadonlyArray<Drawn>): ReadonlyArray<NodeCase> =>
  drawn.map((node, index) => ({
    ...node,
    needs: node.needs.flatMap(({ distance, form }) => {
      const needed = index - 1 - distance
      return needed < 0 ? [] : [{ index: needed, form }]
    })
  }))

const concurrency = oneOf(0, 0, 1, 2, 3, 4, 7, 10)

/** Mostly small; one in forty may grow to the most. Give `size: 200` to a check of your own, or they stay smaller. */
export const cases: Arbitrary.Arbitrary<GraphCase> = Arbitrary.flatMap(
  oneOf(...times(30)(8), ...times(8)(25), 60, most),
  (longest) =>
    Arbitrary.all({
      nodes: Arbitrary.map(Arbitrary.array(node, { minLength: longest >> 2, maxLength: longest }), linked),
      concurrency
    })
)

/**
 * The same graph with nodes that touch nothing.
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * const node = { kind: "success", needs: [], after: 0, key: "a", writes: true, kept: true } as const
 * console.log(GraphCase.untouching({ nodes: [node], concurrency: 0 }).nodes[0]?.key) // => undefined
 * ```
 */
export const untouching = ({ concurrency, nodes }: GraphCase): GraphCase => ({
  concurrency,
  nodes: nodes.map((node) => ({ ...node, key: undefined }))
})

/**
 * The same graph without timeouts, after which it is unknown what was written.
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * const node = { kind: "hangs", needs: [], after: 0, key: "a", writes: true, kept: true } as const
 * console.log(GraphCase.certain({ nodes: [node], concurrency: 0 }).nodes[0]?.kind) // => success
 * ```
 */
export const certain = ({ concurrency, nodes }: GraphCase): GraphCase => ({
  concurrency,
  nodes: nodes.map((node) => ({ ...node, kind: node.kind === "hangs" ? "success" : node.kind }))
})

/**
 * What a node touches.
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * console.log(GraphCase.accessOf({ key: "a", writes: true })) // => [ { mode: 'write', key: 'a' } ]
 * ```
 */
export const accessOf = (
  { key, writes }: { readonly key?: string | undefined; readonly writes: boolean }
): ReadonlyArray<Access.Access> => key === undefined ? [] : writes ? [Access.write(key)] : [Access.read(key)]

/**
 * What a node makes of what it needs; the order of its inputs matters.
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * console.log(GraphCase.valueOf(0, [1, 2]) === GraphCase.valueOf(0, [2, 1])) // => false
 * ```
 */
export const valueOf = (at: number, inputs: ReadonlyArray<number>): number =>
  inputs.reduce((sum, input) => (sum * 31 + input) % 1_000_003, at + 1)

/** How a node ended: with a value, a failure of its own, or because of the failure of another. */
export type End =
  | { readonly _tag: "Value"; readonly value: number }
  | { readonly _tag: "Failed"; readonly type: string }
  | { readonly _tag: "Blocked"; readonly root: string; readonly type: string }

const typeOf = (kind: Exclude<Kind, "success">, unresolved: string): string =>
  ({ failure: "Broke", defect: "Defect", hangs: "Timeout", unresolved })[kind]

/**
 * A node that needs nothing has nothing to resolve.
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * const node = { kind: "unresolved", needs: [], after: 0, key: undefined, writes: false, kept: true } as const
 * console.log(GraphCase.kindOf(node)) // => success
 * ```
 */
export const kindOf = ({ kind, needs }: NodeCase): Kind =>
  kind === "unresolved" && needs.length === 0 ? "success" : kind

/**
 * Evaluates the nodes one by one, in their own order, which is topological.
 *
 * - `unresolved`: what the runner calls arguments that cannot be made
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * const node = { kind: "failure", needs: [], after: 0, key: undefined, writes: false, kept: true } as const
 * const behind = { ...node, kind: "success", needs: [{ index: 0, form: "part" }] } as const
 * const naming = { idOf: (index: number) => `n${index}`, unresolved: "Defect" }
 * const ends = GraphCase.evaluate({ nodes: [node, behind], concurrency: 0 }, naming)
 * console.log(ends.map(({ _tag }) => _tag).join()) // => Failed,Blocked
 * ```
 */
export const evaluate = (
  { nodes }: GraphCase,
  { idOf, unresolved }: { readonly idOf: (index: number) => string; readonly unresolved: string }
): ReadonlyArray<End> => {
  const ends: Array<End> = []
  for (const [at, node] of nodes.entries()) {
    const needed = node.needs.map(({ index }) => ({ index, end: ends[index]! }))
    const failed = needed.find(({ end }) => end._tag !== "Value")
    const kind = kindOf(node)
    if (failed !== undefined) {
      const { end, index } = failed
      ends.push(
        end._tag === "Failed" ? { _tag: "Blocked", root: idOf(index), type: end.type } : end
      )
    } else if (kind === "success") {
      ends.push({
        _tag: "Value",
        value: valueOf(at, needed.map(({ end }) => end._tag === "Value" ? end.value : 0))
      })
    } else {
      ends.push({ _tag: "Failed", type: typeOf(kind, unresolved) })
    }
  }
  return ends
}

/**
 * The nodes that are kept, and those that they need.
 *
 * @example
 * ```ts
 * import { GraphCase } from "@volley/testing"
 *
 * const node = { kind: "success", needs: [], after: 0, key: undefined, writes: false, kept: false } as const
 * const kept = { ...node, needs: [{ index: 0, form: "part" }], kept: true } as const
 * console.log(GraphCase.reachable({ nodes: [node, kept, node], concurrency: 0 })) // => Set(2) { 1, 0 }
 * ```
 */
export const reachable = ({ nodes }: GraphCase): ReadonlySet<number> => {
  const reached = new Set<number>()
  const visit = (index: number): void => {
    if (reached.has(index)) return
    reached.add(index)
    for (const need of nodes[index]!.needs) visit(need.index)
  }
  for (const [index, { kept }] of nodes.entries()) if (kept) visit(index)
  return reached
}
