import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as Readme from "../scripts/readme.ts"

const root = dirname(import.meta.dirname)
const folder = join(import.meta.dirname, ".tmp/readme")
const blocksOf = (page: string) => Readme.fences(readFileSync(join(root, page), "utf8"))
const blocks = blocksOf("README.md")
const examples = [
  "README.md",
  "packages/core/README.md",
  "packages/durable/README.md",
  "packages/mcp/README.md",
  "packages/testing/README.md",
  "packages/simulator/README.md"
]
  .flatMap((page, index) =>
    blocksOf(page).filter(({ language }) => language === "ts").map((block) => {
      const isTest = block.code.includes("@effect/vitest")
      const file = join(folder, `page-${index}-line-${block.line}${isTest ? ".test" : ""}.ts`)
      return { ...block, page, isTest, file }
    })
  )
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

  it.each(examples.filter(({ isTest }) => isTest))("pass as tests, $page line $line", ({ file }) => {
    const { all, status } = run(
      join(root, "node_modules/.bin/vitest"),
      "run",
      "--root",
      folder,
      "--testTimeout=500000",
      file
    )
    assert.strictEqual(status, 0, all)
  })

  it.each(examples.filter(({ isTest }) => !isTest))(
    "run and print what they say, $page line $line",
    ({ code, file }) => {
      const { all, status, stdout } = run(process.execPath, file)
      assert.strictEqual(status, 0, all)
      const missing = Readme.firstMissing(Readme.expectedLines(code), stdout)
      assert.isUndefined(missing, `not printed: ${missing}\nprinted:\n${all}`)
    }
  )
})

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
