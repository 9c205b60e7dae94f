import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Api from "../scripts/api.ts"

const sources = {
  "index.ts": `export * as A from "./A.ts"`,
  "A.ts": `/** What A is. */
import type { Fruit } from "./B.ts"

export { inner as outer, type Hidden } from "./internal/hidden.ts"

/**
 * Counts.
 *
 * - from 1
 *
 * @example
 * \`\`\`ts
 * count(1) // => 1
 * \`\`\`
 */
export function count(n: number): number
export function count(n: string): number
export function count(n: unknown): number {
  return Number(n)
}

export const curried = (a: number) => <B>(b: B = never()): [number, B] => [a, b]

export const generated = Effect.fnUntraced(function*(fruit: Fruit): Effect.fn.Return<void> {
  return yield* fruit
})

/** A schema. */
export const Pear = /*@__PURE__*/ (() =>
  Schema.Struct({
    ripe: Schema.Boolean
  }))()
export type Pear = typeof Pear.Type

export class Apple extends Fruit<Apple> {
  readonly ripe = true
}`,
  "B.ts": `/** What B is. */
export interface Fruit {}`,
  "internal/hidden.ts": `/** Hidden. */
export const inner: (a: string) => void = other
export interface Hidden {}`
}

const read = (): ReadonlyArray<Api.Module> => {
  const root = mkdtempSync(join(tmpdir(), "volley-api-"))
  for (const [name, code] of Object.entries(sources)) {
    const file = join(root, "packages/fruits/src", name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, code)
  }
  const modules = Api.modulesOf(root, "fruits")
  rmSync(root, { recursive: true })
  return modules
}

const [a, b] = read()
const signatures = new Map(a?.names.map(({ name, signature }) => [name, signature]))

describe("modulesOf", () => {
  it("tells what a module is, and from where it is imported", () => {
    assert.deepStrictEqual([a?.doc.text, a?.from], ["What A is.", "@volley/fruits"])
    assert.deepStrictEqual([b?.doc.text, b?.from], ["What B is.", "@volley/fruits/B"])
  })

  it("has every public name with its kind, those of other files too", () => {
    assert.deepStrictEqual(a?.names.map(({ kind, name }) => `${kind} ${name}`), [
      "function count",
      "function curried",
      "function generated",
      "constant Pear",
      "class Apple",
      "function outer",
      "type Hidden"
    ])
  })

  it("takes the docstring of the first overload apart", () => {
    assert.deepStrictEqual(a?.names[0]?.doc, { text: "Counts.\n\n- from 1", examples: ["count(1) // => 1\n"] })
  })

  it("leaves out what a name does, and how it is written", () => {
    assert.strictEqual(signatures.get("count"), "function count(n: number): number\nfunction count(n: string): number")
    assert.strictEqual(signatures.get("curried"), "const curried = (a: number) => <B>(b: B = never()): [number, B]")
    assert.strictEqual(
      signatures.get("generated"),
      "function generated(fruit: Fruit): Effect.Effect<void>"
    )
    assert.strictEqual(signatures.get("Apple"), "class Apple extends Fruit<Apple> {}")
  })

  it("shows a schema as it would be written without a bundler in mind", () => {
    assert.strictEqual(
      signatures.get("Pear"),
      "const Pear = Schema.Struct({\n  ripe: Schema.Boolean\n})\ntype Pear = typeof Pear.Type"
    )
  })
})
