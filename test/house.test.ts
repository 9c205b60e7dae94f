import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { basename, dirname as folderOf, join as under } from "node:path/posix"
import { isNode, type Node, nodesOf } from "../scripts/syntax.ts"

/** The code of each file, by its path from the root of the repository. */
type Sources = Readonly<Record<string, string>>

const root = dirname(import.meta.dirname)
const sources: Sources = Object.fromEntries(
  globSync("packages/*/src/**/*.ts", { cwd: root }).sort().map((path) => [
    path.replaceAll("\\", "/"),
    readFileSync(join(root, path), "utf8")
  ])
)

/** The rooms of the core, from the ground up: a file of `src`, or those that a folder of it has itself. */
const floors: ReadonlyArray<ReadonlyArray<string>> = [
  [
    "Access",
    "Approver",
    "CallError",
    "Content",
    "Json",
    "Pricing",
    "Thrown",
    "ToolCall",
    "Trace",
    "Transport",
    "Usage",
    "internal"
  ],
  ["StrictSchema", "internal/schema"],
  ["internal/tool"],
  ["CallObserver", "Outcome", "Recorder", "Tool", "Toolkit"],
  ["internal/runner"],
  ["internal/graph"],
  ["Batch", "Limits", "Pipeline", "Plan"],
  ["AgentError", "AgentRecorder", "ChatModel", "ChatModelError", "Conversation", "Given"],
  ["AgentObserver", "AgentWatcher", "internal/agent"],
  ["Agent"],
  ["AgentEvent"],
  ["index"]
]

describe("The sources of the packages", () => {
  it("import one another in no circle, types included", () => {
    assert.isAbove(Object.values(arrowsOf(sources)).flat().length, 500)
    assert.deepStrictEqual(circleIn(sources), [])
  })

  it("have no file over 300 lines of code, and no generator over 40 lines", () => {
    assert.deepStrictEqual(tooLong(sources), [])
  })

  it("import downwards alone in the core, from floor to floor", () => {
    assert.deepStrictEqual(arrowsUp(sources), [])
  })
})

describe("The words of the project", () => {
  it("name who is meant, in pages and in sources", () => {
    const pages = globSync(["*.md", "docs/*.md", "packages/*/*.md", "packages/*/docs/*.md"], { cwd: root })
    const texts = {
      ...sources,
      ...Object.fromEntries(pages.map((path) => [path, readFileSync(join(root, path), "utf8")]))
    }
    const vague = Object.entries(texts).flatMap(([path, text]) =>
      text.split("\n").flatMap((line, index) =>
        /\b(?:who(?:m)?ever|nobody|what is told of|as most can)\b/i.test(line)
          ? [`${path}:${index + 1} ${line.trim()}`]
          : []
      )
    )
    assert.isAbove(pages.length, 40)
    assert.deepStrictEqual(vague, [])
  })
})

describe("A package", () => {
  it.each(globSync("packages/*/package.json", { cwd: root }).sort())("can be found by words: %s", (path) => {
    const { description, keywords, private: isPrivate } = JSON.parse(readFileSync(join(root, path), "utf8"))
    assert.isAbove(description.length, 20)
    if (isPrivate !== true) assert.isAtLeast(new Set(keywords).size, 3)
  })
})

describe("What looks after the sources", () => {
  it("sees a circle that a type, a re-export or an import on demand closes", () => {
    for (
      const back of [
        `import type { Wire } from "../Wires.ts"`,
        `export type { Wire } from "../Wires.ts"`,
        `export * from "../Wires.ts"`,
        `export const later = () => import("../Wires.ts")`,
        `export type Back = import("../Wires.ts").Wire`
      ]
    ) {
      assert.deepStrictEqual(circleIn(planted("packages/cli/src/wires/turn.ts", back, /\/cli\//)), [
        "packages/cli/src/Wires.ts",
        "packages/cli/src/wires/turn.ts",
        "packages/cli/src/Wires.ts"
      ])
    }
  })

  it("sees a circle through other packages", () => {
    const circle = circleIn(planted("packages/core/src/Json.ts", `import type { Mcp } from "@volley/mcp"`))
    assert.includeMembers([...circle], ["packages/core/src/Json.ts", "packages/mcp/src/index.ts"])
  })

  it("sees an arrow that runs up, and a file that stands on no floor", () => {
    const up = `import type { Options } from "../agent/options.ts"`
    assert.deepStrictEqual(arrowsUp(planted("packages/core/src/internal/runner/order.ts", up)), [
      "internal/runner (order.ts) -> internal/agent (options.ts)"
    ])
    assert.deepStrictEqual(arrowsUp({ "packages/core/src/Attic.ts": "" }), ["Attic (Attic.ts) stands on no floor"])
  })

  it("counts neither comments nor blank lines, and sees what is a line too long", () => {
    const file = (lines: number) => `/**\n * Why.\n */\n\n${"// Why.\nf()\n\n".repeat(lines)}`
    const generator = (lines: number) => `f(function*() {\n${"  yield 1\n".repeat(lines - 2)}})\n`
    assert.deepStrictEqual(tooLong({ a: file(300), b: generator(40) }), [])
    assert.deepStrictEqual(tooLong({ a: file(301), b: generator(41) }), [
      "a has 301 lines of code",
      "b has a generator of 41 lines"
    ])
  })
})

/** The sources of some packages, with a line more in one file. */
const planted = (path: string, line: string, packages = /\/(?:core|mcp)\//): Sources => ({
  ...Object.fromEntries(Object.entries(sources).filter(([file]) => packages.test(file))),
  [path]: `${sources[path]}\n${line}\n`
})

const read = new Map<string, ReadonlyArray<Node>>()

/** The imports, exports and generators of a source, which is parsed once for all that look at it. */
const nodesIn = (code: string): ReadonlyArray<Node> => {
  const nodes = read.get(code) ??
    nodesOf(code).filter(({ generator, type }) => generator === true || /Import|Export/.test(type))
  read.set(code, nodes)
  return nodes
}

/** The files of the repository that each file imports from, or names in a type. */
const arrowsOf = (house: Sources): Readonly<Record<string, ReadonlyArray<string>>> =>
  Object.fromEntries(
    Object.entries(house).map(([path, code]) => {
      const named = nodesIn(code).flatMap(({ source, type }) =>
        /Import|Export/.test(type) && isNode(source) && typeof source["value"] === "string" ? [source["value"]] : []
      )
      return [path, [...new Set(named.map((name) => fileOf(name, path)))].filter((file) => file in house)]
    })
  )

const fileOf = (name: string, from: string): string => {
  const [, ofPackage, file = "index"] = /^@volley\/([^/]+)(?:\/(.+))?$/.exec(name) ?? []
  return ofPackage === undefined ? under(folderOf(from), name) : `packages/${ofPackage}/src/${file}.ts`
}

/** The first circle that there is, from a file back to itself; empty where there is none. */
const circleIn = (house: Sources): ReadonlyArray<string> => {
  const arrows = arrowsOf(house)
  const left = new Set<string>()
  const through = (file: string, way: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (left.has(file)) return []
    for (const next of arrows[file] ?? []) {
      const circle = through(next, [...way, file])
      if (circle.length > 0) return circle
    }
    left.add(file)
    return []
  }
  return Object.keys(house).map((file) => through(file, [])).find((circle) => circle.length > 0) ?? []
}

const tooLong = (house: Sources): ReadonlyArray<string> =>
  Object.entries(house).flatMap(([path, code]) => {
    const lines = code.split("\n").filter((line) => !/^\s*(?:$|\/\/|\/?\*)/.test(line)).length
    const generators = nodesIn(code).filter(({ generator }) => generator === true)
      .map(({ end, start }) => code.slice(start, end).split("\n").length)
    return [
      ...(lines > 300 ? [`${path} has ${lines} lines of code`] : []),
      ...generators.filter((count) => count > 40).map((count) => `${path} has a generator of ${count} lines`)
    ]
  })

const core = "packages/core/src/"

const roomOf = (path: string): string => path.slice(core.length).replace(/^(internal(?:\/\w+)?)\/\w+\.ts$|\.ts$/, "$1")

const floorOf = (path: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(path)))

const saidOf = (path: string): string => `${roomOf(path)} (${basename(path)})`

/** What runs up in the core; files on one floor may import one another. */
const arrowsUp = (house: Sources): ReadonlyArray<string> =>
  Object.entries(arrowsOf(house)).filter(([path]) => path.startsWith(core)).flatMap(([path, files]) =>
    floorOf(path) === -1
      ? [`${saidOf(path)} stands on no floor`]
      : files.filter((file) => floorOf(file) > floorOf(path)).map((file) => `${saidOf(path)} -> ${saidOf(file)}`)
  )
