import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as Readme from "../scripts/readme.ts"
import * as Reference from "../scripts/reference.ts"

const root = dirname(import.meta.dirname)
const folder = join(import.meta.dirname, ".tmp/examples")
const modules = Reference.modulesOf(root)

const ofDocs = modules.flatMap((module) =>
  module.names.flatMap(({ doc, name }) =>
    doc.examples.map((code, index) => ({ title: `${module.folder}/${module.name}.${name}`, code, index }))
  )
)

/** The blocks of the pages for coding assistants. */
const ofPages = globSync(["llms.txt", "packages/*/AGENTS.md"], { cwd: root }).sort().flatMap((page) =>
  Readme.fences(readFileSync(join(root, page), "utf8"))
    .filter(({ info, language }) => language === "ts" && info === "")
    .map(({ code, line }) => ({ title: page, code, index: line }))
)

/** Each program once: functions that are of use together share theirs. */
const examples = [...new Map([...ofDocs, ...ofPages].map((example) => [example.code, example])).values()].map((
  one
) => ({
  ...one,
  file: join(folder, `${one.title.replace(/\W+/g, "-")}-${one.index}.ts`)
}))

/** True for a function that is called, and no class, schema or key of a service. */
const isFunction = (value: unknown): boolean =>
  typeof value === "function" && !String(value).startsWith("class") && !("ast" in value) && !("key" in value)

// Node keeps there what it has compiled, so that the next run starts sooner.
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules/.cache/volley") }

const run = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", env })
  return { status, stdout, all: stdout + stderr }
}

/** Runs one file after the other in one process, which says where each begins and what it fails with. */
const oneByOne = `
for (const file of process.argv.slice(1)) {
  console.log("=== " + file)
  await import(file).catch((error) => console.log(error))
}
process.exit()`

describe("Every public module", () => {
  it.each(modules.map((module) => ({ ...module, title: `${module.folder}/${module.name}` })))(
    "$title has an example of each function, and says each name",
    async ({ folder, name, names }) => {
      const values: object = await import(join(root, "packages", folder, "src", `${name}.ts`))
      const read = new Map(names.map((name) => [name.name, name]))
      assert.deepStrictEqual(Object.keys(values).filter((value) => !read.has(value)), [])
      assert.deepStrictEqual(names.filter(({ doc }) => doc.text === "").map(({ name }) => name), [])
      const functions = Object.entries(values).filter(([, value]) => isFunction(value)).map(([value]) => value)
      assert.deepStrictEqual(functions.filter((value) => read.get(value)?.doc.examples.length === 0), [])
    }
  )
})

describe("The examples of the docstrings, and of the pages for assistants", () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "tsconfig.json"), `{ "extends": "../../../tsconfig.check.json", "include": ["*.ts"] }\n`)
    for (const { code, file } of examples) writeFileSync(file, code)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("show what comes of them", () => {
    assert.deepStrictEqual(ofDocs.filter(({ code }) => Readme.expectedLines(code).length === 0), [])
  })

  it("type-check", () => {
    const { all, status } = run(join(root, "node_modules/typescript/bin/tsc"), "-p", folder)
    assert.strictEqual(status, 0, all)
  })

  it("print what they say, one after the other in one process", () => {
    const { all, stdout } = run("--input-type=module", "--eval", oneByOne, ...examples.map(({ file }) => file))
    const printed = stdout.split(/^=== .*$/m).slice(1)
    assert.strictEqual(printed.length, examples.length, all)
    const wrong = examples.flatMap(({ code, title }, index) => {
      const missing = Readme.firstMissing(Readme.expectedLines(code), printed[index] ?? "")
      return missing === undefined ? [] : [`${title} does not print ${missing}, but ${printed[index]}`]
    })
    assert.deepStrictEqual(wrong, [])
  })
})

describe("The reference", () => {
  it("is what the docstrings say: `npm run docs:api` writes it anew", () => {
    const pages = Reference.pagesOf(root)
    const there = globSync("**/*.md", { cwd: join(root, "docs/api") }).map((path) => path.replaceAll("\\", "/"))
    assert.deepStrictEqual(there.sort(), [...pages.keys()].sort())
    for (const [path, text] of pages) assert.strictEqual(readFileSync(join(root, "docs/api", path), "utf8"), text, path)
  })
})
