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

/** What a compiler says of one file. */
const compiled = (file: string, more: object = {}, compiler = own): string => {
  const config = join(folder, `${file}.json`)
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...options, ...more }, files: [file] }))
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", config, "--extendedDiagnostics"], {
    encoding: "utf8"
  })
  assert.match(stdout, /^Instantiations:/m)
  return stdout
}

const errorsIn = (said: string): ReadonlyArray<string> => said.split("\n").filter((line) => /error TS/.test(line))

/** A program with so many tools in a toolkit. */
const program = (tools: number): string => {
  const places = Array.from({ length: tools }, (_, n) => n)
  const lines = places.map((n) =>
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
    `export const toolkit = Toolkit.make(${places.map((n) => `t${n}`).join(", ")})`
  ].join("\n")
}

/** How many types the compiler puts in the place of others; the same on every machine. */
const instantiations = (tools: number): number => {
  const file = `tools-${tools}.ts`
  writeFileSync(join(folder, file), program(tools))
  const said = compiled(file, { skipLibCheck: true })
  assert.deepStrictEqual(errorsIn(said), [])
  return Number(/^Instantiations: +(\d+)/m.exec(said)?.[1])
}

/** What `ai` 7.0.173 takes for a tool of the same schemas, by the same compiler. */
const ofPeer = 1501

const minutes = { timeout: 1_800_000 }

describe.skipIf(others === undefined)("The compiler of a program", minutes, () => {
  it("takes two fifths of a peer's work for a tool, however many there are", () => {
    const [one, hundred, most] = [instantiations(1), instantiations(100), instantiations(400)]
    const perTool = (most - hundred) / 300
    assert.isAtMost(perTool, 1.2 * (hundred - one) / 99)
    assert.isAtMost(perTool, ofPeer * 2 / 5)
  })

  it.each(compilers)("can name what the packages give, though their SDKs are out of its reach: %s", (_, compiler) => {
    cpSync(join(root, "test/fixtures/sdks/exports.ts"), join(folder, "exports.ts"))
    assert.deepStrictEqual(
      errorsIn(compiled("exports.ts", { declaration: true, skipLibCheck: false }, compiler)),
      []
    )
  })
})
