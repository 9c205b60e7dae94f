/**
 * Plays one program on every runtime that Volley runs on, on the packages as a registry would get them:
 *
 *     npm run runtimes -- [--only bun,deno] [--imports] [--keep]
 *
 * Packs the packages, installs them with the runtimes in a temporary folder, bundles `test/runtimes/program.ts` for each
 * and compares what it prints with `test/runtimes/expected.txt`. Fails where a line differs.
 *
 * - `--only`: the runtimes whose names begin so
 * - `--imports`: measures too how long an import of the core takes beside one of what it uses of `effect`, and fails above
 *   1.15
 * - `--keep`: leaves the folder there, and says where
 */
import { spawnSync } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { bundle } from "./runtimes/bundle.ts"
import { importRatio } from "./runtimes/imports.ts"
import { players } from "./runtimes/players.ts"
import { sizes } from "./runtimes/size.ts"

const root = dirname(import.meta.dirname)
const { values: { imports = false, keep = false, only = "" } } = parseArgs({
  options: { imports: { type: "boolean" }, keep: { type: "boolean" }, only: { type: "string" } }
})
const isWanted = (name: string): boolean =>
  only.split(",").some((begin) => name.toLowerCase().startsWith(begin.toLowerCase()))

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-runtimes-")))

const run = (command: string, ...args: ReadonlyArray<string>): void => {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`)
}

const step = async <A>(name: string, act: () => A | Promise<A>): Promise<A> => {
  const before = performance.now()
  const done = await act()
  console.log(`${name}: ${((performance.now() - before) / 1000).toFixed(1)} s`)
  return done
}

/** One row of the table: the runtime, what it says it is, and how many lines were as expected. */
interface Row {
  readonly runtime: string
  readonly version: string
  readonly lines: string
  readonly seconds: number
}

/** What an import of the core may take, as a multiple of one of what it uses of `effect`. */
const mostOfImport = 1.15

const expected = readFileSync(join(root, "test/runtimes/expected.txt"), "utf8").trim().split("\n")

/** The lines that are not as expected, both ways; what says nothing else says why it ended. */
const differences = (printed: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...printed.length === 1 ? [] : expected.filter((line) => !printed.includes(line)).map((line) => `  - ${line}`),
  ...printed.filter((line) => !expected.includes(line)).map((line) => `  + ${line}`)
]

const play = async (player: typeof players[number]): Promise<Row> => {
  const before = performance.now()
  const { lines, version } = await player.play(folder).catch((error: unknown) => ({
    version: "",
    lines: [error instanceof Error ? error.message : String(error)]
  }))
  const different = differences(lines)
  if (different.length > 0) {
    process.exitCode = 1
    console.log(`${player.name} differs:\n${different.join("\n")}`)
  }
  const same = lines.filter((line) => expected.includes(line)).length
  const seconds = Number(((performance.now() - before) / 1000).toFixed(1))
  return { runtime: player.name, version, lines: `${same} of ${expected.length}`, seconds }
}

const tellImports = (ratio: number): void => {
  console.log(`import "@volley/core" takes ${ratio.toFixed(2)} times what it uses of effect, at most ${mostOfImport}`)
  if (ratio > mostOfImport) process.exitCode = 1
}

try {
  await step("packed", () => run(process.execPath, join(root, "scripts/pack.ts"), join(folder, "release")))
  await step("installed", () => {
    const own = globSync(join(folder, "release/*.tgz"))
    const wanted = players.filter(({ name }) => isWanted(name)).flatMap(({ needs }) => needs)
    writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`)
    run(
      "npm",
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      ...own,
      "effect@4.1.0",
      ...wanted
    )
  })
  await step("bundled", () => bundle(folder))
  const rows: Array<Row> = []
  for (const player of players.filter(({ name }) => isWanted(name))) rows.push(await play(player))
  console.table(rows)
  console.table(await sizes(folder))
  if (imports) tellImports(importRatio(folder))
} finally {
  if (keep) console.log(`The folder is ${folder}`)
  else rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
