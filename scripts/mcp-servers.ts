/**
 * Connects fifteen MCP servers of others, over stdio and without keys: each is installed, pinned, in a temporary folder, its tools
 * are listed, and one that harms nothing is called, where there is one that needs neither a browser nor a network:
 *
 *     npm run mcp:servers
 *     npm run mcp:servers -- time-mcp       # those whose names have this in them
 *
 * It prints what there is of each, and what is left out and why, and exits with 1 where one cannot be connected, or its call fails.
 */
import { Batch, Outcome, ToolCall } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Result, type Schema } from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-servers-")))
const data = join(folder, "data")
const [note, graph, code] = [join(data, "note.md"), join(data, "graph.graphql"), join(data, "code.js")]

/** A server: the package, what its program is given, and what is called. */
interface Peer {
  readonly name: string
  readonly version: string
  readonly args?: ReadonlyArray<string>
  readonly call?: readonly [tool: string, args: Schema.Json]
}

const official = (name: string, more: Omit<Peer, "name" | "version">): Peer => ({
  name: `@modelcontextprotocol/server-${name}`,
  version: "2026.8.31",
  ...more
})

const thought = { thought: "One.", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }

const peers: ReadonlyArray<Peer> = [
  official("everything", { args: ["stdio"], call: ["echo", { message: "hello" }] }),
  official("filesystem", { args: [data], call: ["list_directory", { path: data }] }),
  official("memory", { call: ["read_graph", {}] }),
  official("sequential-thinking", { call: ["sequentialthinking", thought] }),
  { name: "time-mcp", version: "1.0.6", call: ["days_in_month", { date: "2026-02-01" }] },
  { name: "@coo-quack/calc-mcp", version: "2.1.1", call: ["math", { action: "eval", expression: "6 * 7" }] },
  { name: "mcp-graphql-schema", version: "0.0.2", args: [graph], call: ["list-query-fields", {}] },
  { name: "@kazuph/mcp-taskmanager", version: "1.1.1", call: ["list_requests", {}] },
  { name: "@itseasy21/mcp-knowledge-graph", version: "1.0.7", call: ["read_graph", {}] },
  {
    name: "@cyanheads/git-mcp-server",
    version: "2.15.3",
    call: ["git_wrapup_instructions", { acknowledgement: "yes" }]
  },
  { name: "@eslint/mcp", version: "0.3.13", call: ["lint-files", { filePaths: [code] }] },
  { name: "@playwright/mcp", version: "0.0.83" },
  { name: "chrome-devtools-mcp", version: "1.11.0" },
  { name: "@upstash/context7-mcp", version: "4.1.1" },
  { name: "@notionhq/notion-mcp-server", version: "2.5.2" }
]

const install = (wanted: ReadonlyArray<Peer>): void => {
  const packages = wanted.map(({ name, version }) => `${name}@${version}`)
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...packages]
  const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error("the servers cannot be installed")
  mkdirSync(data)
  writeFileSync(note, "A note.\n")
  writeFileSync(graph, "type Query { hello: String }\n")
  writeFileSync(code, "export const one = 1\n")
  writeFileSync(join(data, "eslint.config.js"), "export default []\n")
}

/** The file that a package says to be its program. */
const programOf = (name: string): string => {
  const { bin } = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8"))
  const path: unknown = typeof bin === "string" ? bin : Object.values(bin)[0]
  return join(folder, "node_modules", name, String(path))
}

/** What is there of a server, in the words of the table. */
const report = Effect.fnUntraced(function*({ args = [], call, name }: Peer) {
  const { leftOut, toolkit } = yield* Mcp.connect({
    name: "peer",
    prefix: "",
    command: process.execPath,
    args: [programOf(name), ...args],
    cwd: data,
    env: { HOME: folder },
    timeout: "2 minutes"
  })
  const about = { tools: toolkit.tools.length, leftOut: leftOut.map(({ tool, why }) => `${tool}: ${why}`).join("; ") }
  if (call === undefined) return { ...about, call: "none", isFine: true }
  const { outcomes } = yield* Batch.run(toolkit, [ToolCall.make({ id: "1", name: call[0], arguments: call[1] })])
  const isFine = outcomes.every((outcome) => !Outcome.isFailure(outcome))
  const answer = outcomes.map(({ encoded }) => encoded).join().replaceAll(/\s+/g, " ").slice(0, isFine ? 60 : 500)
  return { ...about, call: `${call[0]}: ${answer}`, isFine }
})

const trying = (peer: Peer) =>
  Effect.map(
    Effect.result(Effect.scoped(report(peer))),
    Result.getOrElse(({ message }) => ({ tools: 0, leftOut: "", call: message, isFine: false }))
  )

const wanted = peers.filter(({ name }) => name.includes(process.argv[2] ?? ""))
install(wanted)
const results = []
for (const peer of wanted) {
  const { call, isFine, leftOut, tools } = await Effect.runPromise(trying(peer))
  results.push(isFine)
  console.log(
    `${isFine ? "ok  " : "FAIL"} ${`${peer.name}@${peer.version}`.padEnd(52)} ${`${tools}`.padStart(3)} tools  ${call}`
  )
  if (leftOut !== "") console.log(`     left out: ${leftOut}`)
}
rmSync(folder, { recursive: true, force: true })
process.exitCode = results.length > 0 && results.every(Boolean) ? 0 : 1
