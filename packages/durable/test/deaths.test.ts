/**
 * A run whose process dies at any of its statements, once or twice.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fatesOf, faultsOf, lifeOf, type Options, unknownOf } from "./support/life.ts"
import type { Fate } from "./support/world.ts"

/** What is wrong with runs that die so, each with where it died. */
const sweep = Effect.fnUntraced(function*(options: Options, more: (fate: Fate, n: number) => ReadonlyArray<Fate>) {
  const whole = yield* lifeOf([], options)
  const faults: Array<readonly [ReadonlyArray<Fate>, ReadonlyArray<string>]> = []
  const unknown = new Set<string>()
  for (const [n, fate] of fatesOf(whole.statements).entries()) {
    const fates = more(fate, n)
    const life = yield* lifeOf(fates, options)
    const found = faultsOf(life, whole)
    if (found.length > 0) faults.push([fates, found])
    for (const what of unknownOf(life)) unknown.add(what)
  }
  return { faults, unknown: Array.from(unknown).sort() }
})

/** Somewhere among so many, the same one for each `n`. */
const somewhere = (n: number, most: number): number => 1 + (Math.imul(n + 1, 2654435761) >>> 0) % most

describe("a run", () => {
  it.effect("keeps its law wherever its process dies", () =>
    Effect.gen(function*() {
      const { faults, unknown } = yield* sweep({}, (fate) => [fate])
      assert.deepStrictEqual(faults, [])
      assert.deepStrictEqual(unknown, ["pay 0", "pay 1", "pay 2"])
    }))

  it.effect("keeps its law where the next process dies too, and the one after that", () =>
    Effect.gen(function*() {
      const { faults } = yield* sweep({}, (fate, n) => [
        fate,
        { at: somewhere(n, 20), when: n % 4 < 2 ? "before" : "after" },
        { at: somewhere(n + 1000, 12), when: n % 3 === 0 ? "before" : "after" }
      ])
      assert.deepStrictEqual(faults, [])
    }))

  it.effect("runs each write once where the world can say what became of it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sweep({ canAsk: true }, (fate) => [fate]), { faults: [], unknown: [] })
    }))

  it.effect("would write twice if nothing were kept before a write runs", () =>
    Effect.gen(function*() {
      const { faults } = yield* sweep({ lies: true }, (fate) => [fate])
      const twice = new Set(faults.flatMap(([, found]) => found))
      assert.deepStrictEqual(Array.from(twice).sort(), [0, 1, 2].map((n) => `pay ${n} ran 2 times`))
    }))
})
