import * as Effect from "effect/Effect"
import * as Pipeable from "effect/Pipeable"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Tool from "../../Tool.ts"
import * as Toolkit from "../../Toolkit.ts"
import type { Node } from "../runner/line.ts"
import { dependencyFailed, type Expansion } from "./expansion.ts"

/** A call that was declared, with references inside its arguments. */
interface StepSource {
  readonly _tag: "Step"
  readonly order: number
  readonly tool: Tool.Any
  readonly args: unknown
}

/** A call for every item of a list. */
interface EachSource {
  readonly _tag: "Each"
  readonly list: Source
  readonly item: Source
  readonly template: StepSource
}

/** What a reference stands for. */
export type Source =
  | StepSource
  | EachSource
  | { readonly _tag: "Mapped"; readonly from: Source; readonly f: (value: unknown) => unknown }
  | { readonly _tag: "Item" }

/** What stands in arguments for a value that is still to come; its types are those of `Pipeline.Ref` and `Step`. */
export class Reference extends Pipeable.Class {
  declare readonly "~value": never
  declare readonly "~requirements": never
  declare readonly "~tool": never
  readonly "~source": Source
  constructor(source: Source) {
    super()
    this["~source"] = source
  }
}

/** A pipeline as the runner takes it: nodes in the order of declaration, and which of them a source is. */
export interface Graph {
  readonly toolkit: Toolkit.Any
  readonly nodes: ReadonlyArray<Node>
  readonly indexOf: (source: Source) => number
}

/** Compiles the calls that the named sources are, or need. */
export const compile = (named: ReadonlyArray<readonly [string, Source]>): Graph => {
  const reached = new Set<Base>()
  for (const [, source] of named) reach(source, reached)
  const bases = Array.from(reached).sort((a, b) => orderOf(a) - orderOf(b))
  const ids = idsOf(bases, new Map(named.map(([name, source]) => [source, name] as const).toReversed()))
  const tools = new Set(bases.map((base) => base._tag === "Step" ? base.tool : eachTool(base)))
  const names = new Map(bases.map((base) => [base, base._tag === "Step" ? base.tool.name : eachName(base)]))
  return {
    toolkit: Toolkit.make(...tools),
    nodes: bases.map((base, index) =>
      nodeOf(base, { id: ids.get(base) ?? "", name: names.get(base) ?? "", index }, bases)
    ),
    indexOf: (source) => bases.indexOf(baseOf(source))
  }
}

type Base = StepSource | EachSource

/** A step that is returned has its name for an id; the others are called after their tools, apart from every name. */
const idsOf = (bases: ReadonlyArray<Base>, names: ReadonlyMap<Source, string>): ReadonlyMap<Base, string> => {
  const taken = new Set(names.values())
  return new Map(bases.map((base) => {
    const name = names.get(base)
    if (name !== undefined) return [base, name]
    let id = `${stepOf(base).tool.name}_${orderOf(base)}`
    while (taken.has(id)) id += "_"
    taken.add(id)
    return [base, id]
  }))
}

const stepOf = (base: Base): StepSource => base._tag === "Step" ? base : base.template

const orderOf = (base: Base): number => stepOf(base).order

const baseOf = (source: Source): Base => {
  if (source._tag === "Mapped") return baseOf(source.from)
  if (source._tag !== "Item") return source
  throw new Error("Pipeline.each: an item cannot be used outside of its call.")
}

const reach = (source: Source, into: Set<Base>): void => {
  if ((source._tag === "Step" || source._tag === "Each") && into.has(source)) return
  for (const needed of sourcesOf(source)) reach(needed, into)
  if (source._tag === "Step" || source._tag === "Each") into.add(source)
}

/** What a source is made of, an item of a list apart. */
const sourcesOf = (source: Source): ReadonlyArray<Source> => {
  switch (source._tag) {
    case "Item":
      return []
    case "Mapped":
      return [source.from]
    case "Step":
      return references(source.args)
    case "Each":
      return [source.list, ...references(source.template.args).filter((other) => rootOf(other) !== source.item)]
  }
}

const rootOf = (source: Source): Source => source._tag === "Mapped" ? rootOf(source.from) : source

const sourceOf = (value: unknown): Source | undefined => value instanceof Reference ? value["~source"] : undefined

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null &&
  (Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value)))

const references = (value: unknown): ReadonlyArray<Source> => {
  const source = sourceOf(value)
  if (source !== undefined) return [source]
  return isPlain(value) ? Object.values(value).flatMap(references) : []
}

type Values = ReadonlyMap<Source, unknown>

const valueOf = (source: Source, values: Values): unknown =>
  source._tag === "Mapped" ? source.f(valueOf(source.from, values)) : values.get(source)

/** Puts values in the place of references. */
const fill = (value: unknown, values: Values): unknown => {
  const source = sourceOf(value)
  if (source !== undefined) return valueOf(source, values)
  if (Array.isArray(value)) return value.map((item) => fill(item, values))
  return isPlain(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]))
    : value
}

const nodeOf = (
  base: Base,
  call: { readonly id: string; readonly name: string; readonly index: number },
  bases: ReadonlyArray<Base>
): Node => {
  const needed = Array.from(new Set(sourcesOf(base).map(baseOf)))
  return {
    call: { ...call, arguments: {}, status: "complete" },
    needs: needed.map((source) => bases.indexOf(source)),
    resolve: (answers) =>
      Effect.suspend(() => {
        const values = new Map<Source, unknown>(needed.map((source, index) => [source, answers[index]?.value]))
        return base._tag === "Step"
          ? base.tool.encode(fill(base.args, values))
          : Effect.succeed(new EachArguments(valueOf(base.list, values), values))
      })
  }
}

class EachArguments {
  readonly list: unknown
  readonly values: Values
  constructor(list: unknown, values: Values) {
    this.list = list
    this.values = values
  }
}

const eachName = ({ template }: EachSource): string => `each ${template.tool.name} ${template.order}`

/** A tool that stands for the calls of a fan-out; it never runs itself. */
const eachTool = (source: EachSource): Tool.Any => ({
  ...Tool.make(eachName(source), {
    description: "",
    parameters: Schema.Unknown,
    success: Schema.Unknown,
    jsonSchema: { type: "object" },
    execute: () => Effect.die("a fan-out is not executed")
  }),
  expand: (args, { id }) =>
    Effect.sync((): Expansion => {
      const { list, values } = args instanceof EachArguments ? args : new EachArguments([], new Map())
      const { args: template, tool } = source.template
      const items: ReadonlyArray<unknown> = Array.isArray(list) ? list : []
      const nodes = items.map((item, index): Node => ({
        call: { id: `${id}/${index}`, name: tool.name, arguments: {}, index, status: "complete" },
        needs: [],
        resolve: () => Effect.suspend(() => tool.encode(fill(template, new Map([...values, [source.item, item]]))))
      }))
      return { toolkit: Toolkit.make(tool), nodes, assemble: allOf }
    })
})

/** The list of what the calls gave back, or the first failure among them. */
const allOf: Expansion["assemble"] = (outcomes, _maxBytes, answers) => {
  const failed = outcomes.find(({ result }) => Result.isFailure(result))
  if (failed !== undefined) return Result.fail(dependencyFailed(failed))
  return Result.succeed({
    value: answers.map((answer) => answer?.value),
    json: answers.map((answer) => answer?.json ?? null)
  })
}
