import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { check } from "recheck"
import { isNode, nodesOf } from "../scripts/syntax.ts"

interface Expression {
  readonly file: string
  readonly source: string
  readonly flags: string
}

interface Found {
  readonly literals: ReadonlyArray<Expression>
  /** Where an expression is made of text that is only known when the program runs. */
  readonly made: ReadonlyArray<string>
}

const root = dirname(import.meta.dirname)

/** Each with the reason why it cannot take long. */
const known: Readonly<Record<string, string>> = {
  "core/src/internal/schema/words.ts: new RegExp(source, \"u\")": "is compiled to see whether it can be, never matched",
  "core/src/internal/tool/lint.ts: new RegExp(`(?<![A-Za-z0-9_])${words}(?![A-Za-z0-9_])`, \"i\")":
    "has no part that repeats, and is made of a name of at most 128 letters",
  "json-schema/src/Checks.ts: new RegExp(source, \"u\")":
    "is what somebody asks for who trusts a server, by `trustPatterns`",
  "simulator/src/internal/sample.ts: new RegExp(pattern, \"u\")":
    "is matched by the few letters that a local server for tests draws, of the schemas of the program that it serves"
}

describe("Regular expressions of the packages", () => {
  const all = globSync("packages/*/src/**/*.ts", { cwd: root, exclude: ["packages/benchmark/**"] }).sort().map((path) =>
    expressionsIn(path.replaceAll("\\", "/").slice("packages/".length), readFileSync(join(root, path), "utf8"))
  )

  it("take time in proportion to the text, each of them, as an automaton proves", { timeout: 300_000 }, async () => {
    const literals = all.flatMap(({ literals }) => literals)
    assert.isAbove(literals.length, 80)
    assert.deepStrictEqual(await slow(literals), [])
  })

  it("are written out, but for those that have a reason here", () => {
    assert.deepStrictEqual(all.flatMap(({ made }) => made).sort(), Object.keys(known).sort())
  })

  it("are found wherever they stand, and refused where they are quadratic or worse", async () => {
    const { literals, made } = expressionsIn(
      "core/src/Planted.ts",
      `const folded = (text: string) => text.replace(/\\s*\\n\\s*/g, " ")
       const unfenced = (text: string): boolean => [/^\\s*\`\`\`\\s*\\n([^]*)\\n\\s*$/i].some((one) => one.test(text))
       const fine = /^[a-z]+$/u
       const given = (source: string) => [new RegExp(source), RegExp("a+"), new globalThis.RegExp(source)]`
    )
    assert.deepStrictEqual(await slow(literals), [
      "core/src/Planted.ts: /\\s*\\n\\s*/g: 2nd degree polynomial",
      "core/src/Planted.ts: /^\\s*```\\s*\\n([^]*)\\n\\s*$/i: 3rd degree polynomial"
    ])
    assert.deepStrictEqual(made, [
      "core/src/Planted.ts: new RegExp(source)",
      "core/src/Planted.ts: RegExp(\"a+\")",
      "core/src/Planted.ts: new globalThis.RegExp(source)"
    ])
  })
})

/** What is not proven to be linear; nothing is taken for fine because it was tried. */
const slow = async (expressions: ReadonlyArray<Expression>): Promise<ReadonlyArray<string>> => {
  const proven = new Map<string, string | undefined>()
  for (const { flags, source } of expressions) {
    const text = `/${source}/${flags}`
    if (!proven.has(text)) proven.set(text, await problemOf(source, flags))
  }
  return expressions.flatMap(({ file, flags, source }) => {
    const problem = proven.get(`/${source}/${flags}`)
    return problem === undefined ? [] : [`${file}: /${source}/${flags}: ${problem}`]
  })
}

const problemOf = async (source: string, flags: string): Promise<string | undefined> => {
  const found = await check(source, flags, { checker: "automaton", timeout: 120_000 })
  if (found.status === "safe") return undefined
  return found.status === "vulnerable" ? found.complexity.summary : found.error.kind
}

const expressionsIn = (file: string, code: string): Found => {
  const nodes = nodesOf(code)
  const literals = nodes.flatMap(({ regex }): ReadonlyArray<Expression> =>
    typeof regex === "object" && regex !== null && "pattern" in regex && "flags" in regex
      ? [{ file, source: String(regex.pattern), flags: String(regex.flags) }]
      : []
  )
  const made = nodes.filter(({ callee }) => isNode(callee) && /\bRegExp$/.test(code.slice(callee.start, callee.end)))
  return { literals, made: made.map(({ end, start }) => `${file}: ${code.slice(start, end)}`) }
}
