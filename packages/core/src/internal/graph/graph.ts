import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Reason } from "../../CallError.ts"
import type * as Tool from "../../Tool.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { guarded } from "../guarded.ts"
import { dependencyFailed } from "../runner/record.ts"
import { changed } from "../tool/changed.ts"
import { compile } from "../tool/compile.ts"
import type { AnyDefinition } from "../tool/definition.ts"
import { fill } from "./references.ts"
import { type Base, type Calls, type EachSource, type Root, rootOf, type Source, valueOf } from "./source.ts"

/** Calls that can be run. */
export interface Graph extends Calls {
  readonly nodes: ReadonlyArray<Tool.Node>
}

/** How the call ended that a source is, or is made of. */
export const outcomeOf = <O>({ position }: Calls, source: Source, outcomes: ReadonlyArray<O>): O =>
  outcomes[position.get(rootOf(source)) ?? -1]!

type Values = (root: Root) => unknown

/** Calls as the runner takes them; `around` has the values of what they need from outside. */
export const nodesOf = (
  { bases, position }: Calls,
  idOf: (base: Base) => string,
  around: Values = () => undefined,
  first = 0
): ReadonlyArray<Tool.Node> =>
  bases.map((base, index) => {
    const needed = base.needs.filter((root) => position.has(root))
    return {
      call: { id: idOf(base), name: toolOf(base).name, arguments: {}, index: first + index, status: "complete" },
      needs: needed.map((root) => first + (position.get(root) ?? 0)),
      resolve: (answers) =>
        guarded(() => {
          const own = new Map(needed.map((root, n) => [root, answers[n]?.value]))
          return argumentsOf(base, (root) => own.has(root) ? own.get(root) : around(root))
        })
    }
  })

const argumentsOf = (base: Base, values: Values): ReturnType<Tool.Any["encode"]> => {
  if (base._tag === "Step") return base.tool.encode(fill(base.args, values))
  const list = valueOf(base.list, values)
  if (Array.isArray(list)) return Effect.succeed(itemsOf(base, list, values))
  throw new Error("Pipeline.each: what it is to go over is no list.")
}

/** The arguments of a fan-out. */
class Items {
  readonly expand: (id: string) => Tool.Expansion

  constructor(expand: (id: string) => Tool.Expansion) {
    this.expand = expand
  }
}

const itemsOf = ({ calls, item }: EachSource, list: ReadonlyArray<unknown>, values: Values): Items => {
  const { bases: { length }, toolkit } = calls
  const last = calls.bases[length - 1]
  const isLast = (_: unknown, n: number) => n % length === length - 1
  const assemble = unlessFailed((outcomes) => listOf(outcomes.filter(isLast)))
  return new Items((id) => {
    const nodes = list.flatMap((value, n) => {
      const idOf = (base: Base) => base === last ? `${id}/${n}` : `${id}/${n}/${base.id}`
      return nodesOf(calls, idOf, (root) => root === item ? value : values(root), n * length)
    })
    return { toolkit, nodes, assemble }
  })
}

type Outcomes = Parameters<Tool.Expansion["assemble"]>[0]

/** Makes an answer of outcomes, or names the first failure among them. */
export const unlessFailed = (
  make: (outcomes: Outcomes) => ReturnType<Tool.Expansion["assemble"]>
): Tool.Expansion["assemble"] =>
(outcomes) => {
  const failed = outcomes.find(({ result }) => Result.isFailure(result))
  return failed === undefined ? guarded(() => make(outcomes)) : Effect.fail(dependencyFailed(failed))
}

const listOf = (outcomes: Outcomes): Effect.Effect<Tool.Answer<unknown>> =>
  Effect.succeed({
    value: outcomes.map(({ result }) => Result.getOrUndefined(result)),
    json: outcomes.map(({ json }) => json ?? null)
  })

/** Makes a tool whose calls become several others; it never runs itself. */
export function composite<P extends Schema.Constraint>(
  name: string,
  definition: Omit<Tool.Definition<P, Schema.Constraint, typeof Schema.Never, boolean>, "repeat">,
  expand: (parameters: P["Type"], call: ToolCall) => Effect.Effect<Tool.Expansion, Reason, unknown>
): Tool.Any
export function composite(name: string, definition: AnyDefinition, expand: NonNullable<Tool.Any["expand"]>): Tool.Any {
  const tool = compile(name, { ...definition, execute: () => Effect.die(`"${name}" is not executed`) })
  return changed(tool, () => ({ expand }))
}

const fanOut: Tool.Any = {
  ...composite(
    "Pipeline.each",
    { description: "", parameters: Schema.Unknown, success: Schema.Unknown, jsonSchema: { type: "object" } },
    (items, { id }) =>
      items instanceof Items ? Effect.succeed(items.expand(id)) : Effect.die("a fan-out is not called by others")
  ),
  decode: Effect.succeed
}

/** The tool of a call; a fan-out is a call as well. */
export const toolOf = (base: Base): Tool.Any => base._tag === "Step" ? base.tool : fanOut
