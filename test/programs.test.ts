/**
 * Every program that a reader sees, in pages, in docstrings and in the scratchpad: that it compiles, and prints what it says.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { afterAll, beforeAll } from "vitest"
import * as Readme from "../scripts/readme.ts"
import * as Reference from "../scripts/reference.ts"

const root = dirname(import.meta.dirname)
const folder = join(import.meta.dirname, ".tmp/programs")
const modules = Reference.modulesOf(root)
const globbed = (...patterns: ReadonlyArray<string>) =>
  globSync(patterns, { cwd: root }).map((path) => path.replaceAll("\\", "/")).sort()

interface Program {
  readonly title: string
  readonly code: string
  readonly file: string
}

const written = (title: string, code: string, isTest = false): Program => ({
  title,
  code,
  file: join(folder, `${title.replace(/\W+/g, "-")}${isTest ? ".test" : ""}.ts`)
})

/** Pages whose blocks are lines to put into a program, and none by themselves. */
const ofLines = ["anthropic", "benchmark", "google", "openai"].map((name) => `packages/${name}/README.md`)

const blocks = globbed("README.md", "packages/*/README.md", "docs/*.md", "llms.txt", "packages/*/AGENTS.md")
  .filter((page) => !ofLines.includes(page))
  .flatMap((page) =>
    Readme.fences(readFileSync(join(root, page), "utf8"))
      .filter(({ language }) => language === "ts").map((block) => ({ ...block, page }))
  )

// A block that names a file shows that file, which is compiled where it is.
const ofFiles = blocks.filter(({ info }) => info !== "")
const inPages = blocks.filter(({ info }) => info === "").map(({ code, line, page }) =>
  written(`${page} line ${line}`, code, code.includes("@effect/vitest"))
)
const inDocs = modules.flatMap((module) =>
  module.names.flatMap(({ doc, name }) =>
    doc.examples.map((code, index) => written(`${module.folder}/${module.name}.${name} ${index}`, code))
  )
)

/** Each program once: functions that are of use together share theirs. */
const shown = [...new Map([...inDocs, ...inPages].map((program) => [program.code, program])).values()]
const tests = shown.filter(({ file }) => file.endsWith(".test.ts"))

const scratchpad: ReadonlyArray<Program> = globbed("scratchpad/*.ts").map((path) => ({
  title: path,
  code: readFileSync(join(root, path), "utf8"),
  file: join(root, path)
}))
/** Some look whether they were started by themselves. */
const isMain = ({ code }: Program): boolean => code.includes("import.meta.main")
const programs = [...shown.filter((program) => !tests.includes(program)), ...scratchpad.filter((one) => !isMain(one))]

/** `npx` takes seconds to find what is installed here: this one knows the server that all examples start, and no other. */
const npx = `#!/bin/sh
if [ "$1 $2" != "-y @modelcontextprotocol/server-everything" ]; then echo "npx knows no $2" >&2; exit 1; fi
shift 2
exec node_modules/.bin/mcp-server-everything "$@"
`

/** No program of a page asks a provider, wherever the tests run. */
const noKeys = { OPENAI_API_KEY: undefined, ANTHROPIC_API_KEY: undefined, GEMINI_API_KEY: undefined }

const run = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...noKeys, PATH: `${folder}${delimiter}${process.env["PATH"]}` },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 500_000
  })
  return { status, stdout, all: stdout + stderr }
}

/**
 * Runs one file after the other in one process, each as if it were alone; says where each begins and what it fails with.
 *
 * - those that failed are named on standard error, and make the exit code 1
 */
const oneByOne = `
const [node, ...files] = process.argv
const failed = []
for (const file of files) {
  console.log("=== " + file)
  process.argv = [node, file]
  process.exitCode = undefined
  await import(file).catch((error) => {
    console.log(error)
    failed.push(file)
  })
  if (process.exitCode) failed.push(file)
}
for (const file of failed) console.error("failed: " + file)
process.exit(failed.length === 0 ? 0 : 1)`

/** What a program does not print of what it says. */
const missing = ({ code, title }: Program, printed: string): ReadonlyArray<string> => {
  const line = Readme.firstMissing(Readme.expectedLines(code), printed)
  return line === undefined ? [] : [`${title} does not print ${line}, but ${printed}`]
}

describe("The programs of pages, docstrings and the scratchpad", () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "tsconfig.json"), `{ "extends": "../../../tsconfig.check.json", "include": ["*.ts"] }\n`)
    writeFileSync(join(folder, "npx"), npx, { mode: 0o755 })
    for (const { code, file } of shown) writeFileSync(file, code)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("show what comes of them, in docstrings and in the scratchpad", () => {
    const silent = [...inDocs, ...scratchpad].filter(({ code }) => Readme.expectedLines(code).length === 0)
    assert.deepStrictEqual(silent, [])
    assert.isNotEmpty(inPages)
  })

  it("type-check", () => {
    // With several checkers, each does much over that the others have done.
    const { all, status } = run(join(root, "node_modules/typescript/bin/tsc"), "-p", folder, "--checkers", "1")
    assert.strictEqual(status, 0, all)
  })

  it("pass, those that are tests", () => {
    const { all, status } = run(
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--root",
      folder,
      "--testTimeout=500000",
      "--no-isolate",
      "--maxWorkers=1"
    )
    assert.strictEqual(status, 0, all)
    assert.match(stripVTControlCharacters(all), new RegExp(`Test Files +${tests.length} passed`))
  })

  it("print what they say, one after the other in one process", () => {
    const { all, status, stdout } = run("--input-type=module", "--eval", oneByOne, ...programs.map(({ file }) => file))
    const printed = stdout.split(/^=== .*$/m).slice(1)
    assert.strictEqual(printed.length, programs.length, all)
    assert.deepStrictEqual(programs.flatMap((program, index) => missing(program, printed[index] ?? "")), [])
    assert.strictEqual(status, 0, all)
  })

  it.each(scratchpad.filter(isMain))("print what they say, started by itself: $title", (program) => {
    const { all, status, stdout } = run(program.file)
    assert.strictEqual(status, 0, all)
    assert.deepStrictEqual(missing(program, stdout), [])
  })

  it.each(ofFiles)("that name a file show it as it is, $page line $line", ({ code, info }) => {
    assert.strictEqual(code, readFileSync(join(root, info), "utf8"))
  })
})
