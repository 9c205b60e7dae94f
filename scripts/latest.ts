/**
 * Type-checks and tests all that speaks to an SDK against the newest SDKs on the registry:
 *
 *     npm run test:latest -- [--keep]
 *
 * Works in a copy of what git knows of in a temporary folder, so that nothing here changes.
 *
 * - `--keep`: leaves the copy there, and says where
 */
import * as Schema from "effect/Schema"
import { spawnSync, type SpawnSyncOptions } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"

const root = dirname(import.meta.dirname)
const sdks = [
  "openai",
  "@anthropic-ai/sdk",
  "@google/genai",
  "@modelcontextprotocol/client",
  "@modelcontextprotocol/server"
]
const suites = ["openai", "anthropic", "google", "mcp", "simulator"]

const { values: { keep = false } } = parseArgs({ options: { keep: { type: "boolean" } } })

const run = (command: string, args: ReadonlyArray<string>, options: SpawnSyncOptions = {}) =>
  spawnSync(command, args, { encoding: "utf8", ...options })

const linesOf = (command: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> =>
  String(run(command, args, { cwd: root }).stdout).split("\n").filter((line) => line !== "")

/** The newest version of each SDK. */
const newest = new Map(sdks.map((name) => [name, linesOf("npm", "view", name, "version")[0] ?? "latest"]))
for (const [name, version] of newest) console.log(`${name} ${version}`)

const copy = mkdtempSync(join(tmpdir(), "volley-latest-"))
for (const file of linesOf("git", "ls-files", "--cached", "--others", "--exclude-standard")) {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  cpSync(join(root, file), join(copy, file))
}

const Strings = Schema.Record(Schema.String, Schema.String)
const Json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
const isStrings = Schema.is(Strings)

/** Asks for the newest SDKs where a manifest has them pinned, so that there is one copy of each. */
const renew = (file: string): void => {
  const json = Schema.decodeSync(Json)(readFileSync(file, "utf8"))
  const renewed = ["dependencies", "devDependencies"].map((kind) => {
    const pinned = isStrings(json[kind]) ? json[kind] : {}
    return [kind, Object.fromEntries(Object.entries(pinned).map(([name, said]) => [name, newest.get(name) ?? said]))]
  })
  writeFileSync(file, JSON.stringify({ ...json, ...Object.fromEntries(renewed) }, null, 2))
}
for (const name of [...suites, "cli"]) renew(join(copy, "packages", name, "package.json"))
renew(join(copy, "scratchpad", "package.json"))

/** Does one step in the copy, and says whether it went well. */
const succeeds = (...[command = "", ...args]: ReadonlyArray<string>): boolean => {
  console.log(`\n${[command, ...args].join(" ")}`)
  return run(command, args, { cwd: copy, stdio: "inherit" }).status === 0
}

const isGreen = succeeds("npm", "install", "--no-audit", "--no-fund")
  && succeeds("npx", "tsc", "-b")
  && succeeds("npx", "vitest", "run", ...suites.map((name) => `packages/${name}/`))

if (keep) console.log(`\nThe copy is ${copy}`)
else rmSync(copy, { recursive: true, force: true })
console.log(isGreen ? "\nGreen on the newest SDKs." : "\nNot green on the newest SDKs.")
process.exitCode = isGreen ? 0 : 1
