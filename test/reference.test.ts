import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Reference from "../scripts/reference.ts"

const root = dirname(import.meta.dirname)
const modules = Reference.modulesOf(root)

/** True for a function that is called, and no class, schema or key of a service. */
const isFunction = (value: unknown): boolean =>
  typeof value === "function" && !String(value).startsWith("class") && !("ast" in value) && !("key" in value)

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

describe("The reference", () => {
  it("is what the docstrings say: `npm run docs:api` writes it anew", () => {
    const pages = Reference.pagesOf(root)
    const there = globSync("**/*.md", { cwd: join(root, "docs/api") }).map((path) => path.replaceAll("\\", "/"))
    assert.deepStrictEqual(there.sort(), [...pages.keys()].sort())
    for (const [path, text] of pages) assert.strictEqual(readFileSync(join(root, "docs/api", path), "utf8"), text, path)
  })
})
