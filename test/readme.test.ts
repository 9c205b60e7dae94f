import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { afterAll, beforeAll } from "vitest"
import * as Readme from "../scripts/readme.ts"

const root = dirname(import.meta.dirname)
const folder = join(import.meta.dirname, ".tmp/readme")
const blocksOf = (page: string) => Readme.fences(readFileSync(join(root, page), "utf8"))
const blocks = blocksOf("README.md")
const guides = globSync("docs/*.md", { cwd: root }).map((page) => page.replaceAll("\\", "/")).sort()
const pages = [
  "README.md",
  "packages/core/README.md",
  "packages/json-schema/README.md",
  "packages/durable/README.md",
  "packages/mcp/README.md",
  "packages/cluster/README.md",
  "packages/openapi/README.md",
  "packages/effect-ai/README.md",
  "packages/testing/README.md",
  "packages/telemetry/README.md",
  "packages/simulator/README.md",
  ...guides
]
const shown = pages.flatMap((page, index) =>
  blocksOf(page).filter(({ language }) => language === "ts").map((block) => {
    const isTest = block.code.includes("@effect/vitest")
    const file = join(folder, `page-${index}-line-${block.line}${isTest ? ".test" : ""}.ts`)
    return { ...block, page, isTest, file }
  })
)
// A block that names a file shows that file, which is compiled where it is.
const examples = shown.filter(({ info }) => info === "")
const ofFiles = shown.filter(({ info }) => info !== "")
const programs = examples.filter(({ isTest }) => !isTest)
const lines = blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => Readme.commands(code))

// Node keeps there what it has compiled, so that the next example starts in two thirds of the time.
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules/.cache/volley") }

const run = (command: string, ...args: ReadonlyArray<string>) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", timeout: 500_000, env })
  return { status, stdout, all: stdout + stderr }
}

describe("A README, its examples", () => {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "tsconfig.json"), `{ "extends": "../../../tsconfig.check.json", "include": ["*.ts"] }\n`)
    for (const { code, file } of examples) writeFileSync(file, code)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("exist", () => {
    assert.isNotEmpty(examples)
  })

  it("type-check", () => {
    const { all, status } = run(join(root, "node_modules/.bin/tsc"), "-p", folder)
    assert.strictEqual(status, 0, all)
  })

  it("pass as tests", () => {
    const tests = examples.filter(({ isTest }) => isTest)
    const { all, status } = run(
      join(root, "node_modules/.bin/vitest"),
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

  it("run one after the other in one process, and print what they say", () => {
    const { all, status, stdout } = run(
      process.execPath,
      "--input-type=module",
      "--eval",
      oneByOne,
      ...programs.map(({ file }) => file)
    )
    const printed = stdout.split(/^=== .*$/m).slice(1)
    assert.strictEqual(status, 0, all)
    assert.strictEqual(printed.length, programs.length)
    for (const [index, { code, line, page }] of programs.entries()) {
      assertPrinted(code, printed[index] ?? "", `${page} line ${line}`)
    }
  })

  it.each(ofFiles)("that name a file show it as it is, $page line $line", ({ code, info }) => {
    assert.strictEqual(code, readFileSync(join(root, info), "utf8"))
  })
})

const oneByOne = `
for (const file of process.argv.slice(1)) {
  console.log("=== " + file)
  await import(file)
}`

const assertPrinted = (code: string, printed: string, where: string) => {
  const missing = Readme.firstMissing(Readme.expectedLines(code), printed)
  assert.isUndefined(missing, `${where} not printed: ${missing}\nprinted:\n${printed}`)
}

describe("Pages, their links", () => {
  const all = globSync(["*.md", "docs/**/*.md", "findings/*.md", "packages/*/*.md", "packages/*/docs/**/*.md"], {
    cwd: root
  })

  it.each(all)("of %s lead somewhere", (page) => {
    const text = readFileSync(join(root, page), "utf8")
    const broken = Readme.links(text).filter((link) => !/^[a-z]+:/.test(link)).filter((link) => {
      const [path = "", anchor] = link.split("#")
      const target = path === "" ? join(root, page) : join(root, dirname(page), path)
      if (!existsSync(target)) return true
      return anchor !== undefined && !Readme.anchors(readFileSync(pageAt(target), "utf8")).includes(anchor)
    })
    assert.deepStrictEqual(broken, [])
  })

  it("reach every guide from its list", () => {
    const listed = Readme.links(readFileSync(join(root, "docs/README.md"), "utf8"))
    for (const page of guides.filter((page) => page !== "docs/README.md")) assert.include(listed, basename(page))
  })
})

/** What is shown of a folder is its README. */
const pageAt = (path: string) => path.endsWith(".md") ? path : join(path, "README.md")

describe("README.md, its commands", () => {
  it.each(["npm ci && npm start", "npm ci && npm test"])("include %s", (command) => {
    assert.include(lines, command)
  })

  it("name npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    for (const name of Readme.npmScripts(lines)) assert.property(scripts, name)
  })

  it("run files that exist", () => {
    for (const file of Readme.nodeFiles(lines)) assert.isTrue(existsSync(join(root, file)), file)
  })
})
