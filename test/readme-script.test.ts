import { assert, describe, it } from "@effect/vitest"
import * as Readme from "../scripts/readme.ts"

describe("fences", () => {
  it("returns blocks in order, with their language and line", () => {
    assert.deepStrictEqual(Readme.fences("# A\n\n```ts\nfoo()\n```\n\n```sh title\nls\n```\n"), [
      { language: "ts", info: "", code: "foo()\n", line: 3 },
      { language: "sh", info: "title", code: "ls\n", line: 7 }
    ])
  })

  it("finds blocks inside a list", () => {
    assert.deepStrictEqual(Readme.fences("- one\n\n  ```ts\n  foo()\n  ```\n"), [
      { language: "ts", info: "", code: "  foo()\n", line: 3 }
    ])
  })

  it("leaves out blocks without a language", () => {
    assert.deepStrictEqual(Readme.fences("no fence\n\n`code`\n"), [])
  })
})

describe("expectedLines", () => {
  it("reads the comment beside a statement and the one below it", () => {
    assert.deepStrictEqual(Readme.expectedLines("console.log(1) // => 1\nconsole.log(\"a\")\n  // => a b\n// note"), [
      "1",
      "a b"
    ])
  })
})

describe("firstMissing", () => {
  it("accepts whole lines in order, with others in between", () => {
    assert.isUndefined(Readme.firstMissing(["a", "b"], "a\nx\n  b\n"))
  })

  it("names a line that is absent, out of order or only part of a line", () => {
    assert.strictEqual(Readme.firstMissing(["a", "c"], "a\nb\n"), "c")
    assert.strictEqual(Readme.firstMissing(["b", "a"], "a\nb\n"), "a")
    assert.strictEqual(Readme.firstMissing(["a"], "ab\n"), "a")
  })

  it("asks for a repeated line as often as it is expected", () => {
    assert.strictEqual(Readme.firstMissing(["a", "a"], "a\n"), "a")
  })
})

describe("commands", () => {
  it("leaves out comments, blanks and prompts", () => {
    assert.deepStrictEqual(Readme.commands("# set up\n$ npm ci\n\nnpm test # all of it\n"), ["npm ci", "npm test"])
  })
})

describe("npmScripts and nodeFiles", () => {
  it("find the names in a line of several commands", () => {
    const lines = ["npm ci && npm run check", "node --watch scripts/a.ts --port 1 && node b.ts", "npm test"]
    assert.deepStrictEqual(Readme.npmScripts(lines), ["check"])
    assert.deepStrictEqual(Readme.nodeFiles(lines), ["scripts/a.ts", "b.ts"])
  })
})

describe("links and anchors", () => {
  it("find what a page links to, outside of code", () => {
    const page = "See [a](a.md) and ![b](b.svg), not `[c](c.md)`.\n\n```md\n[d](d.md)\n```\n"
    assert.deepStrictEqual(Readme.links(page), ["a.md", "b.svg"])
  })

  it("spell headings as GitHub does", () => {
    const page = "# What is `read`, and why?\n\n## A - b\n\n```sh\n# none\n```\n"
    assert.deepStrictEqual(Readme.anchors(page), ["what-is-read-and-why", "a---b"])
  })
})

describe("prose, sentences and words", () => {
  it("find what a reader reads in a line", () => {
    const page =
      "# A page\n\nSee [the other\none](b.md). It says `a b c`:\n\n- one\n- two\n\n| a |\n\n```ts\nfoo()\n```\n"
    const prose = Readme.prose(page)
    assert.deepStrictEqual(prose, ["# A page", "See the other one. It says `code`:", "- one", "- two"])
    assert.deepStrictEqual(prose.flatMap(Readme.sentences), [
      "# A page",
      "See the other one.",
      "It says `code`:",
      "- one",
      "- two"
    ])
    assert.deepStrictEqual(prose.map(Readme.words), [2, 7, 1, 1])
  })

  it("end a sentence behind quotes and brackets, and not within a number or a name", () => {
    const text = "He said \"no.\" (Not 1.5 of them.) **So.** `code` runs, e.g. in a.b"
    assert.deepStrictEqual(Readme.sentences(text), [
      "He said \"no.\"",
      "(Not 1.5 of them.)",
      "**So.**",
      "`code` runs, e.g. in a.b"
    ])
  })
})
