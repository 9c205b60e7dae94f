/**
 * What the compiler of a program that uses the packages has to do, and can name. Takes minutes: `npm run test:sdks` runs it.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll } from "vitest"

const root = dirname(import.meta.dirname)
const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-consumer-")))
afterAll(() => rmSync(folder, { recursive: true }))

// As a package manager that links has it: what a program does not ask for itself is out of its reach.
mkdirSync(join(folder, "node_modules"))
for (const name of ["@volley", "effect"]) {
  symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name))
}

const options = {
  module: "NodeNext",
  target: "ES2023",
  lib: ["ES2024", "DOM", "DOM.Iterable", "DOM.AsyncIterable", "ESNext.Disposable"],
  types: ["node"],
  typeRoots: [join(root, "node_modules/@types")],
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  noEmit: true
}

/** The compilers by their versions, beside the installed one those of the folder that `scripts/sdks.ts` makes. */
const others = process.env["VOLLEY_SDKS"]
const own = join(root, "node_modules/typescript/bin/tsc")
const compilers = [
  ["7", own],
  ...["5.9", "6"].map((version) => [version, join(others ?? "", `node_modules/typescript-${version}/bin/tsc`)] as const)
] as const

/** What a compiler says of one file in a folder. */
const compiled = (place: string, file: string, more: object = {}, compiler = own): string => {
  const config = join(place, `${file}.json`)
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...options, ...more }, files: [file] }))
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", config, "--extendedDiagnostics"], {
    encoding: "utf8"
  })
  assert.match(stdout, /^Instantiations:/m)
  return stdout
}

const errorsIn = (said: string): ReadonlyArray<string> => said.split("\n").filter((line) => /error TS/.test(line))

/** The core as a registry would give it, by its declarations: the compiler of a program does not check our sources. */
const packed = (): string => {
  const place = join(folder, "packed")
  const core = join(place, "node_modules/@volley/core")
  cpSync(join(root, "packages/core/dist"), join(core, "dist"), { recursive: true })
  const exports = { ".": { types: "./dist/index.d.ts" } }
  writeFileSync(join(core, "package.json"), JSON.stringify({ name: "@volley/core", type: "module", exports }))
  symlinkSync(join(root, "node_modules/effect"), join(place, "node_modules/effect"))
  return place
}

const placesOf = (tools: number): ReadonlyArray<number> => Array.from({ length: tools }, (_, n) => n)

/** A program with so many tools in a toolkit. */
const program = (tools: number): string => {
  const lines = placesOf(tools).map((n) =>
    `const t${n} = Tool.make("tool_${n}", {
    description: "",
    parameters: Schema.Struct({ a${n}: Schema.String, n: Schema.Int }),
    success: Schema.Struct({ r${n}: Schema.Number }),
    execute: ({ n }) => Effect.succeed({ r${n}: n })
  })`
  )
  return [
    `import { Tool, Toolkit } from "@volley/core"`,
    `import { Effect, Schema } from "effect"`,
    ...lines,
    `export const toolkit = Toolkit.make(${placesOf(tools).map((n) => `t${n}`).join(", ")})`
  ].join("\n")
}

/** The same program with `ai`, whose toolkits are records that fit `ToolSet`. */
const peerProgram = (tools: number): string => {
  const lines = placesOf(tools).map((n) =>
    `const t${n} = tool({
    description: "",
    inputSchema: z.object({ a${n}: z.string(), n: z.number().int() }),
    outputSchema: z.object({ r${n}: z.number() }),
    execute: async ({ n }) => ({ r${n}: n })
  })`
  )
  return [
    `import { tool, type ToolSet } from "ai"`,
    `import { z } from "zod"`,
    ...lines,
    `export const toolkit = { ${placesOf(tools).map((n) => `tool_${n}: t${n}`).join(", ")} } satisfies ToolSet`
  ].join("\n")
}

/** How many types the compiler puts in the place of others; the same on every machine. */
const instantiations = (place: string, tools: number, text: string): number => {
  const file = `tools-${tools}.ts`
  writeFileSync(join(place, file), text)
  const said = compiled(place, file, { skipLibCheck: true })
  assert.deepStrictEqual(errorsIn(said), [])
  return Number(/^Instantiations: +(\d+)/m.exec(said)?.[1])
}

const minutes = { timeout: 1_800_000 }

describe.skipIf(others === undefined)("The compiler of a program", minutes, () => {
  it("does a third of a peer's work for four hundred tools, and for each of many", () => {
    const place = packed()
    const ours = (tools: number) => instantiations(place, tools, program(tools))
    const theirs = (tools: number) => instantiations(others ?? "", tools, peerProgram(tools))
    const [one, hundred, most] = [ours(1), ours(100), ours(400)]
    const [some, all] = [theirs(100), theirs(400)]
    const [perTool, theirPerTool] = [(most - hundred) / 300, (all - some) / 300]
    assert.isAtMost(perTool, 1.05 * (hundred - one) / 99)
    // 490 of 1,501 with `ai` 7.0.173, zod 4.6.7 and TypeScript 7.0.2. Schemas alone, and functions of their types, take 177.
    assert.isAtMost(perTool, theirPerTool / 3)
    // 198,962 of 603,664; where nothing checks that the record is a `ToolSet`, of 532,346.
    assert.isAtMost(most, all / 3)
  })

  it.each(compilers)("can name what the packages give, though their SDKs are out of its reach: %s", (_, compiler) => {
    cpSync(join(root, "test/fixtures/sdks/exports.ts"), join(folder, "exports.ts"))
    assert.deepStrictEqual(
      errorsIn(compiled(folder, "exports.ts", { declaration: true, skipLibCheck: false }, compiler)),
      []
    )
  })
})
