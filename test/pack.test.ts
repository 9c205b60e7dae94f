import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import {
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { pure } from "../scripts/pack/merge.ts"
import { packed, placeOf } from "../scripts/pack/pages.ts"
import * as Readme from "../scripts/readme.ts"
import { bundle } from "../scripts/runtimes/bundle.ts"
import { gzipOf } from "../scripts/runtimes/size.ts"

const root = dirname(import.meta.dirname)
const bin = (name: string) => join(root, "node_modules/.bin", name)
const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-pack-")))
const release = join(folder, "release")

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports: object
}

const manifests = readdirSync(join(root, "packages"))
  .map((name): Manifest => JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")))
  .filter((manifest) => manifest.private !== true)
const entries = manifests.filter(({ exports }) => "." in exports).map(({ name }) => name)
const tarballOf = ({ name, version }: Manifest) => `${name.replace("@", "").replace("/", "-")}-${version}.tgz`
const tarballs = manifests.map(tarballOf)
const tarball = (name: string) => join(release, name)

/** What `npm install <tarball> ...` makes of an empty project, which reads each tarball once more than npm does with this. */
const project = {
  private: true,
  type: "module",
  dependencies: {
    effect: "4.1.0",
    ...Object.fromEntries(manifests.map((manifest) => [manifest.name, `file:${tarball(tarballOf(manifest))}`]))
  }
}

/** Runs a command in the empty project, with this Node first on the path; gives its standard output. */
const run = (command: string, ...args: ReadonlyArray<string>): string => {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` }
  const { status, stderr, stdout } = spawnSync(command, args, { cwd: folder, env, encoding: "utf8", timeout: 500_000 })
  assert.strictEqual(status, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`)
  return stdout
}

const program = `
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"

const double = Tool.make("double", {
  description: "Twice a number.",
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int,
  execute: ({ n }) => Effect.succeed(n * 2)
})
const calls = [21, 4].map((n, index) => ToolCall.make({ id: \`call_\${n}\`, name: "double", arguments: { n }, index }))
const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(double), calls))
console.log(outcomes.map(({ call, encoded }) => \`\${call.id}: \${encoded}\`).join(", "))
`

/** Everything that users may import, and what they may not. */
const imports = `
import * as Anthropic from "@volley/anthropic"
import * as Report from "@volley/cli/Report"
import * as Core from "@volley/core"
import * as Batch from "@volley/core/Batch"
import * as Mcp from "@volley/mcp"
import * as OpenAi from "@volley/openai"
import * as Simulator from "@volley/simulator"
import * as Wire from "@volley/simulator/OpenAiChatWire"

const hidden = ["core/internal/settle", "core/index", "simulator/internal/json"].map((path) =>
  import("@volley/" + path).then(() => path + " can be imported", (error: { code: string }) => error.code)
)
const found = [Anthropic.AnthropicMessages.tools, Report.make, Mcp.Mcp.connect, OpenAi.OpenAiChat.tools, Wire.check, Simulator.Simulator.serve]
console.log(found.map((value) => typeof value).join(), Core.Batch.run === Batch.run, (await Promise.all(hidden)).join())
for (const name of ${JSON.stringify(entries)}) console.log(name, Object.keys(await import(name)).length > 0)
`

/** What the program of all runtimes prints. */
const expected = readFileSync(join(root, "test/runtimes/expected.txt"), "utf8")

/** Plays that program as a page that came over plain http would. */
const inPage = `
const { crypto } = globalThis
Reflect.defineProperty(globalThis, "crypto", { value: { getRandomValues: (bytes) => crypto.getRandomValues(bytes) } })
const { lines } = await import("./program/page.js")
for (const line of await lines()) console.log(line)
`

/** The first example of the page about testing, a tool and the line that checks it, as a program of its own. */
const page = (/```ts\n(.*?)```/s.exec(readFileSync(join(root, "packages/testing/README.md"), "utf8"))?.[1] ?? "")
  .replace(/^import { it } .*\n/, "")
  .replace(/^it\.effect\(".*", \(\) => (.*)\)$/m, "await Effect.runPromise($1)")

/** What the tool of the page says that it touches. */
const access = /^ *access: .*\n/m

/** Runs the page as it is, without its access, and with a tool that says it only reads; prints what each comes to. */
const pages = `
for (const name of ["mended", "racy", "writes"]) {
  const end = await import("./" + name + ".ts").then(() => "holds", (error: Error) => error.message.split(".")[0])
  console.log(name + ": " + end)
}
`

describe("a page of a tarball", () => {
  it("leads to the packages beside it and to the guides in the core, and else nowhere", () => {
    const page =
      "See [the core](../core), [it](../../scratchpad/first-tool.ts), [a guide](../../docs/plans.md#steps),\n" +
      "[figures](../benchmark/soak.md), [above](#top) and [another](https://effect.website).\n```md\n[as it is](../x)\n```\n"
    assert.strictEqual(
      packed(page, "packages/openai/README.md"),
      "See [the core](../core), [it](../core/guides/programs/first-tool.ts), [a guide](../core/guides/plans.md#steps),\n" +
        "figures, [above](#top) and [another](https://effect.website).\n```md\n[as it is](../x)\n```\n"
    )
    assert.strictEqual(packed("[core](../packages/core)", "docs/plans.md"), "[core](..)")
    assert.isUndefined(placeOf("packages/core/test/Batch.test.ts"))
  })
})

describe("a value of a module", () => {
  it("is left out by a bundler where nothing reads it, and a class keeps its name", () => {
    const code =
      "const a = f(1), b = () => f(2)\nexport class C extends g(a) { static d = h() }\nlet e = class { e = f(3) }\n"
    const made = "/* @__PURE__ */ (() => ("
    assert.strictEqual(
      pure(code),
      `const a = ${made}f(1)))(), b = () => f(2)\n` +
        `export class C extends ${made}g(a)))() { static d = ${made}h()))() }\nlet e = class { e = f(3) }\n`
    )
  })
})

describe("the packed packages", () => {
  beforeAll(async () => {
    run(process.execPath, join(root, "scripts/pack.ts"), release)
    writeFileSync(join(folder, "package.json"), JSON.stringify(project))
    writeFileSync(join(folder, "program.ts"), program)
    writeFileSync(join(folder, "imports.ts"), imports)
    run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund")
    await bundle(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("settle a batch in an empty project with plain node", () => {
    assert.strictEqual(run(process.execPath, "program.ts"), "call_21: 42, call_4: 8\n")
  })

  it("play all of it on the Node that runs the tests", () => {
    assert.strictEqual(run(process.execPath, "program/cli.mjs"), expected)
  })

  it("play all of it in one file for pages, with no module of Node, nothing compiled and no secure context", () => {
    writeFileSync(join(folder, "page.mjs"), inPage)
    assert.strictEqual(run(process.execPath, "--disallow-code-generation-from-strings", "page.mjs"), expected)
  })

  it("bring pages whose links lead to what is installed beside them", () => {
    const scope = join(folder, "node_modules/@volley")
    const pages = globSync("*/{README.md,docs/**/*.md,guides/**/*.md}", { cwd: scope })
    const broken = pages.flatMap((page) =>
      Readme.links(readFileSync(join(scope, page), "utf8")).filter((link) => !/^([a-z]+:|#)/.test(link))
        .filter((link) => !existsSync(join(scope, dirname(page), link.split("#")[0]!))).map((link) =>
          `${page}: ${link}`
        )
    )
    assert.includeMembers(pages, ["core/guides/first-tool.md", "mcp/README.md", "simulator/docs/field.md"])
    assert.deepStrictEqual(broken, [])
  })

  it("are as small in a bundle as the pages say, in bytes with gzip", async () => {
    const bounds = [["Batch, by name", 46_000], ["Batch.run, by module", 42_000], [
      "a program, by modules",
      72_000
    ]] as const
    for (const [what, bound] of bounds) assert.isAtMost(await gzipOf(folder, what), bound, what)
  })

  it("bring the core in few files, and in fewer what runs batches", () => {
    const dist = join(folder, "node_modules/@volley/core/dist")
    const internal = globSync("internal/**/*.js", { cwd: dist })
    assert.lengthOf(internal, 3)
    assert.notInclude(readFileSync(join(dist, "Batch.js"), "utf8"), "agents")
    assert.notInclude(readFileSync(join(dist, "internal/calls.js"), "utf8"), "agents")
  })

  it("export their main entries and modules, and nothing internal", () => {
    const blocked = "ERR_PACKAGE_PATH_NOT_EXPORTED"
    const functions = "function,function,function,function,function,function"
    assert.deepStrictEqual(run(process.execPath, "imports.ts").trim().split("\n"), [
      `${functions} true ${blocked},${blocked},${blocked}`,
      ...entries.map((name) => `${name} true`)
    ])
  })

  it("bring their types, which are checked with those of their dependencies", () => {
    const options = { module: "NodeNext", target: "ES2023", strict: true, noEmit: true, skipLibCheck: false, types: [] }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.ts"] }))
    run(bin("tsc"), "-p", folder, "--checkers", "1")
  })

  it("find the bugs of a tool by a page of twenty lines, and none once they are mended", () => {
    assert.isAtMost(page.trim().split("\n").length, 20)
    assert.match(page, access)
    assert.include(page, "await Effect.runPromise(Laws.check(")
    writeFileSync(join(folder, "mended.ts"), page)
    writeFileSync(join(folder, "racy.ts"), page.replace(access, ""))
    writeFileSync(join(folder, "writes.ts"), page.replace(access, "  readOnly: true,\n"))
    writeFileSync(join(folder, "pages.ts"), pages)
    assert.deepStrictEqual(run(process.execPath, "pages.ts").trim().split("\n"), [
      "mended: holds",
      "racy: The law \"serializable\" does not hold",
      "writes: The law \"readOnly\" does not hold"
    ])
  })

  it.each(
    [
      ["cities", "New York 9 °C", ["npx", "--no", "volley"]],
      ["research", "[docs]", ["node_modules/.bin/volley"]]
    ] as const
  )("play the scenario %s with volley", (scenario, answer, [command, ...args]) => {
    const stdout = run(command, ...args, "demo", "--scenario", scenario, "--json", "--latency", "0 millis")
    assert.strictEqual(JSON.parse(stdout).length, 4)
    assert.include(stdout, answer)
  })

  describe("in the eyes of others", () => {
    let found: Readonly<
      Record<string, { readonly publint: ReadonlyArray<object>; readonly attw: ReadonlyArray<object> }>
    >
    beforeAll(() => {
      found = JSON.parse(run(process.execPath, join(root, "test/tarballs.ts"), ...tarballs.map(tarball)))
    })

    it.each(tarballs)("have nothing that publint finds: %s", (name) => {
      assert.deepStrictEqual(found[name]?.publint, [])
    })

    it.each(tarballs)("have no types that attw finds wrong: %s", (name) => {
      assert.deepStrictEqual(found[name]?.attw, [])
    })
  })
})
