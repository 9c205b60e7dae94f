/**
 * Puts load on the MCP server, and holds it against the official one with the same tool called directly:
 *
 *     npm run mcp:load
 *
 * - a thousand requests at once, on a connection each, are all answered, 64 at a time
 * - the memory in use comes back to where it was after five such thousands
 * - calls a second over 64 connections are at least 0.8 times those of the official server, which is installed in a
 *   temporary folder, pinned; medians of five turns each
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"

const official = ["@modelcontextprotocol/node@2.1.2", "@modelcontextprotocol/server@2.4.0", "zod@4.6.1"]
const version = "2026-07-28"

interface Result {
  readonly structuredContent: Readonly<Record<string, number>>
}

const callTool = async (agent: Agent, url: string, name: string, args: object): Promise<Result> => {
  const sent = request(url, {
    agent,
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": version,
      "mcp-method": "tools/call",
      "mcp-name": name
    }
  }).end(JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name,
      arguments: args,
      _meta: { "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} }
    }
  }))
  const [response] = await once(sent, "response")
  const body = await text(response)
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${body}`)
  return JSON.parse(body).result
}

const start = async (
  ...args: ReadonlyArray<string>
): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  const [line]: ReadonlyArray<unknown> = await once(child.stdout, "data")
  return { child, url: String(line).trim() }
}

/** So many requests at once, each on a connection of its own; gives how many came back with their own number. */
const atOnce = async (url: string, count: number): Promise<number> => {
  const agent = new Agent({ maxSockets: Infinity })
  const results = await Promise.all(
    Array.from(
      { length: count },
      (_, n) => callTool(agent, url, "busy", { n }).then(({ structuredContent }) => structuredContent["n"] === n)
    )
  )
  return results.filter(Boolean).length
}

/** Calls a second over 64 connections. */
const speed = async (url: string, count = 2000): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let next = 0
  const began = performance.now()
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (next < count) await callTool(agent, url, "echo", { n: next++ })
  }))
  agent.destroy()
  return count / (performance.now() - began) * 1000
}

const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`

const volley = await start("--expose-gc", join(import.meta.dirname, "mcp-load/volley.ts"))
/** What the thousand before has left behind is gone by the second time. */
const figures = async () => {
  await callTool(new Agent(), volley.url, "figures", {})
  return (await callTool(new Agent(), volley.url, "figures", {})).structuredContent
}

await atOnce(volley.url, 1000)
const before = await figures()
let answered = 0
for (let n = 0; n < 5; n++) answered += await atOnce(volley.url, 1000)
const after = await figures()
const grown = (after["heap"] ?? 0) - (before["heap"] ?? 0)
console.log(`${answered} of 5000 requests answered, ${after["peak"]} at a time at most`)
console.log(`memory: ${megabytes(before["heap"] ?? 0)} before, ${megabytes(after["heap"] ?? 0)} after`)

const folder = mkdtempSync(join(tmpdir(), "volley-load-"))
spawnSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...official], { stdio: "ignore" })
copyFileSync(join(import.meta.dirname, "mcp-load/official.mjs"), join(folder, "official.mjs"))
const theirs = await start(join(folder, "official.mjs"))
await speed(volley.url)
await speed(theirs.url)
const turns: Array<readonly [ours: number, theirs: number]> = []
for (let n = 0; n < 5; n++) turns.push([await speed(volley.url), await speed(theirs.url)])
const [ours, others] = [median(turns.map(([ours]) => ours)), median(turns.map(([, theirs]) => theirs))]
console.log(
  `calls a second: ${Math.round(ours)} here, ${Math.round(others)} on the official server: ${
    (ours / others).toFixed(2)
  } times`
)

volley.child.kill()
theirs.child.kill()
rmSync(folder, { recursive: true, force: true })
const isFine = answered === 5000 && after["peak"] === 64 && grown < 5 * 1024 * 1024 && ours / others >= 0.8
process.exitCode = isFine ? 0 : 1
