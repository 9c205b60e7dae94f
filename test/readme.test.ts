import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Readme from "../scripts/readme.ts"

const root = dirname(import.meta.dirname)
const blocks = Readme.fences(readFileSync(join(root, "README.md"), "utf8"))
const guides = globSync("docs/*.md", { cwd: root }).map((page) => page.replaceAll("\\", "/")).sort()
const lines = blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => Readme.commands(code))

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

describe("Pages, their words", () => {
  const pages = globSync(["*.md", "docs/*.md", "packages/*/*.md", "packages/*/docs/*.md"], { cwd: root }).sort()
  const proseOf = (page: string) => Readme.prose(readFileSync(join(root, page), "utf8"))

  it.each(pages)("of %s are sentences of 35 words at most", (page) => {
    assert.deepStrictEqual(proseOf(page).flatMap(Readme.sentences).filter((text) => Readme.words(text) > 35), [])
  })

  // The list of guides is no guide, and a comparison may be longer.
  it.each(guides.filter((page) => !/README|why-not/.test(page)))(
    "of %s fit a screen, 350 beside the program",
    (page) => {
      assert.isAtMost(Readme.words(proseOf(page).join(" ")), 350)
    }
  )
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
