import type * as Tool from "../../Tool.ts"
import * as Toolkit from "../../Toolkit.ts"
import { toolOf } from "./graph.ts"
import { rootsIn } from "./references.ts"
import { type Calls, type EachSource, Reference, type Root, rootOf, type Scope, type StepSource } from "./source.ts"

/** Declares the calls of a pipeline, each in the scope that is open at that time. */
export class Declarations {
  #order = 0
  readonly #top: Scope = { around: undefined, each: (list, callsFor) => this.#each(list, callsFor) }
  #scope = this.#top

  step(tool: Tool.Any, args: unknown): StepSource {
    const needs = this.#known(rootsIn(tool.name, args))
    const order = this.#order++
    return { _tag: "Step", scope: this.#scope, id: `${tool.name}_${order}`, order, needs, tool, args }
  }

  /** The calls that roots are, or need. */
  behind(roots: Iterable<Root>): Calls {
    return behind(this.#top, this.#known(roots))
  }

  readonly #each: Scope["each"] = (list, callsFor): EachSource => {
    const around = this.#scope
    const root = this.#known([rootOf(list)])
    const scope: Scope = { ...this.#top, around }
    const item = { _tag: "Item", scope } as const
    this.#scope = scope
    try {
      const { "~source": last } = callsFor(new Reference(item))
      if (last._tag !== "Step") throw new Error("Pipeline.each: return the call itself, not what is made of it.")
      if (last.scope !== scope) throw new Error("Pipeline.each: return a call that is declared for the item.")
      const calls = behind(scope, [last])
      const needs = Array.from(new Set([...root, ...calls.outside]))
      return { _tag: "Each", scope: around, id: last.id, order: last.order, needs, list, item, calls }
    } finally {
      this.#scope = around
    }
  }

  /** The roots themselves; throws for one of a scope that is not open. */
  #known(roots: Iterable<Root>): ReadonlyArray<Root> {
    const open = new Set<Scope>()
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.around) open.add(scope)
    return Array.from(roots, (root) => {
      if (open.has(root.scope)) return root
      throw new Error(
        root.scope.each === this.#top.each
          ? "Pipeline.each: an item cannot be used outside of its call, and no call that is declared for it either."
          : "Pipeline: a reference of one pipeline cannot be used in another."
      )
    })
  }
}

const behind = (scope: Scope, roots: ReadonlyArray<Root>): Calls => {
  const found = new Set(roots)
  // Goes on with what is added meanwhile.
  for (const root of found) {
    if (root._tag !== "Item" && root.scope === scope) { for (const needed of root.needs) found.add(needed) }
  }
  const bases = Array.from(found)
    .flatMap((root) => root._tag === "Item" || root.scope !== scope ? [] : [root])
    .sort((a, b) => a.order - b.order)
  return {
    toolkit: Toolkit.make(...new Set(bases.map(toolOf))),
    bases,
    position: new Map(bases.map((base, index) => [base, index])),
    outside: Array.from(found).filter((root) => root.scope !== scope)
  }
}
