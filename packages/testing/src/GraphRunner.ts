/**
 * What runs a graph: a pipeline, or a plan in a batch; and the tools that both call.
 */
import { Batch, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { accessOf, type End, type GraphCase, kindOf, most, type NodeCase, timeout, valueOf } from "./GraphCase.ts"

/** What a tool noted: the node that it ran for, and the virtual instant. */
export interface Note {
  readonly what: "start" | "end"
  readonly at: number
  readonly time: number
}

/** The running graph, and what its tools noted so far. */
export class Probe extends Context.Service<Probe, {
  readonly nodes: ReadonlyArray<NodeCase>
  readonly notes: Array<Note>
  readonly now: () => number
}>()("@volley/testing/GraphRunner/Probe") {}

/** How a node ended, under the name of its outcome. */
export interface Ended {
  readonly id: string
  readonly end: End
}

/**
 * - `whole`: runs every node, not only those that are kept and what they need
 * - `idOf`: what a node's outcome is called
 * - `unresolved`: how a call fails whose arguments cannot be made
 */
export interface GraphRunner {
  readonly whole: boolean
  readonly idOf: (graph: GraphCase, index: number) => string
  readonly unresolved: "Defect" | "InvalidArguments"
  readonly run: (graph: GraphCase) => Effect.Effect<ReadonlyArray<Ended>, never, Probe>
}

/** The failure of a node. */
export class Broke extends Schema.TaggedError<Broke>()("Broke", { at: Schema.Int }) {}

const Answer = Schema.Struct({ value: Schema.Finite })
const Input = Schema.Union([Schema.Finite, Answer])
const Parameters = Schema.Struct({
  at: Schema.Int,
  inputs: Schema.Array(Schema.Struct({
    plain: Schema.optionalKey(Input),
    deep: Schema.optionalKey(Schema.Tuple([Schema.Null, Input]))
  })),
  key: Schema.optionalKey(Schema.String),
  writes: Schema.Boolean
})

const numberOf = (input: typeof Input.Type): number => typeof input === "number" ? input : input.value

const inputsOf = ({ inputs }: typeof Parameters.Type): ReadonlyArray<number> =>
  inputs.map(({ deep, plain }) => numberOf(plain ?? deep?.[1] ?? NaN))

/**
 * What the tool of a node does.
 *
 * @example
 * ```ts
 * import { GraphRunner } from "@volley/testing"
 * import { Effect } from "effect"
 *
 * const node = { kind: "success", needs: [], after: 0, key: undefined, writes: false, kept: true } as const
 * const notes: Array<GraphRunner.Note> = []
 * const acted = Effect.provideService(GraphRunner.act(0, []), GraphRunner.Probe, { nodes: [node], notes, now: () => 0 })
 * console.log(await Effect.runPromise(acted), notes.length) // => { value: 1 } 2
 * ```
 */
export const act = (
  at: number,
  inputs: ReadonlyArray<number>
): Effect.Effect<{ readonly value: number }, Broke, Probe> =>
  Probe.use(({ nodes, notes, now }) => {
    const node = nodes[at]!
    const note = (what: Note["what"]) => Effect.sync(() => void notes.push({ what, at, time: now() }))
    const ending = () => {
      const kind = kindOf(node)
      if (kind === "failure") return Effect.fail(new Broke({ at }))
      return kind === "defect" ? Effect.die(new Error("a bug")) : Effect.succeed({ value: valueOf(at, inputs) })
    }
    const work = kindOf(node) === "hangs" ? Effect.never : Effect.andThen(Effect.sleep(node.after * 64), ending)
    return Effect.acquireUseRelease(note("start"), () => work, () => note("end"))
  })

const common = { description: "For tests.", parameters: Parameters, success: Answer, failure: Broke }
const execute = (parameters: typeof Parameters.Type) => act(parameters.at, inputsOf(parameters))
const work = Tool.make("work", { ...common, execute })
const touch = Tool.make("touch", { ...common, access: accessOf, execute })
const tools = Toolkit.make(work, touch)
/** What a plan calls, and the tool that runs it; they need the `Probe`. */
export const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools, { maxSteps: most })))

const optionsOf = ({ concurrency }: GraphCase): Batch.Options => ({
  concurrency: concurrency === 0 ? "unbounded" : concurrency,
  timeout,
  maxCalls: "unbounded",
  maxResultBytes: "unbounded",
  maxMessageBytes: "unbounded"
})

const fixed = ({ key, writes }: NodeCase, at: number) => ({ at, writes, ...key === undefined ? {} : { key } })

const Shown = Schema.fromJsonString(Schema.Struct({
  error: Schema.Struct({ type: Schema.String, data: Schema.Json })
}))
const BlockedBy = Schema.Struct({ root: Schema.String, type: Schema.String })

const endOf = ({ encoded, result }: { readonly encoded: string; readonly result: Result.Result<unknown, unknown> }) => {
  if (Result.isSuccess(result)) {
    return { _tag: "Value", ...Schema.decodeUnknownSync(Answer)(JSON.parse(encoded)) } satisfies End
  }
  const { error: { data, type } } = Schema.decodeSync(Shown)(encoded)
  if (type !== "DependencyFailed") return { _tag: "Failed", type } satisfies End
  return { _tag: "Blocked", ...Schema.decodeUnknownSync(BlockedBy)(data) } satisfies End
}

const thrown = (): never => {
  throw new Error("nothing can be made of it")
}

/**
 * The pipeline that a case is.
 *
 * @example
 * ```ts
 * import { GraphRunner } from "@volley/testing"
 *
 * const node = { kind: "success", needs: [], after: 0, key: undefined, writes: false, kept: true } as const
 * console.log(Object.keys(GraphRunner.pipelineOf({ nodes: [node], concurrency: 0 }).steps)) // => [ 'n0' ]
 * ```
 */
export const pipelineOf = (
  { nodes }: GraphCase
): Pipeline.Pipeline<Readonly<Record<string, Pipeline.Ref<typeof Answer.Type, Probe>>>> =>
  Pipeline.make((call) => {
    type Answers = Pipeline.Ref<typeof Answer.Type, Probe>
    const steps: Array<Answers> = []
    for (const [at, node] of nodes.entries()) {
      const inputs = node.needs.map(({ form, index }, n) => {
        const step = steps[index]!
        const part = step.pipe(
          Pipeline.map(({ value }) => n === 0 && kindOf(node) === "unresolved" ? thrown() : value)
        )
        const whole = step.pipe(Pipeline.map((all) => n === 0 && kindOf(node) === "unresolved" ? thrown() : all))
        return form === "deep" ? { deep: [null, part] as const } : { plain: form === "part" ? part : whole }
      })
      steps.push(call(node.key === undefined ? work : touch, { ...fixed(node, at), inputs }))
    }
    return Object.fromEntries(steps.flatMap((step, at) => nodes[at]!.kept ? [[`n${at}`, step]] : []))
  })

/** The graph as a pipeline. */
export const asPipeline: GraphRunner = {
  whole: false,
  unresolved: "Defect",
  idOf: ({ nodes }, at) => nodes[at]!.kept ? `n${at}` : `${nodes[at]!.key === undefined ? "work" : "touch"}_${at}`,
  run: (graph) =>
    Effect.map(
      Pipeline.run(pipelineOf(graph), optionsOf(graph)),
      ({ outcomes }) => outcomes.map((outcome) => ({ id: outcome.call.id, end: endOf(outcome) }))
    )
}

/**
 * The step of a plan that a node is.
 *
 * @example
 * ```ts
 * import { GraphRunner } from "@volley/testing"
 *
 * const node = { kind: "success", needs: [], after: 0, key: undefined, writes: false, kept: true } as const
 * console.log(GraphRunner.stepOf(node, 3).id) // => n3
 * ```
 */
export const stepOf = (node: NodeCase, at: number): typeof Plan.Step.Type => {
  const refTo = ({ form, index }: NodeCase["needs"][number], n: number) => {
    const nothing = n === 0 && kindOf(node) === "unresolved" ? "/nothing" : ""
    const ref = { $ref: form === "whole" ? `n${index}${nothing}` : `n${index}/value${nothing}` }
    return form === "deep" ? { deep: [null, ref] } : { plain: ref }
  }
  return {
    id: `n${at}`,
    tool: node.key === undefined ? "work" : "touch",
    arguments: { ...fixed(node, at), inputs: node.needs.map(refTo) }
  }
}

const Steps = Schema.fromJsonString(Schema.Struct({
  steps: Schema.Array(Schema.Struct({
    id: Schema.String,
    ok: Schema.optionalKey(Answer),
    error: Schema.optionalKey(Schema.Json)
  }))
}))

/** The graph as a plan, the one call of a batch. */
export const asPlan: GraphRunner = {
  whole: true,
  unresolved: "InvalidArguments",
  idOf: (_graph, at) => `n${at}`,
  run: (graph) => {
    const call = ToolCall.make({ id: "p", name: "plan", arguments: { steps: graph.nodes.map(stepOf) } })
    return Effect.map(
      Batch.run(toolkit, [call], optionsOf(graph)),
      ({ outcomes }) =>
        Schema.decodeSync(Steps)(outcomes[0]!.encoded).steps.map(({ error, id, ok }) => {
          const result = ok === undefined ? Result.fail(error) : Result.succeed(ok)
          const end = endOf({ result, encoded: JSON.stringify(ok ?? { error }) })
          return { id, end: end._tag === "Blocked" ? { ...end, root: end.root.replace(/^p\//, "") } : end }
        })
    )
  }
}
