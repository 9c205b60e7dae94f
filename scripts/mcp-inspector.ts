/**
 * Has the command line of the MCP Inspector list the tools of a server over stdio, strictly, and call one over HTTP:
 *
 *     npm run mcp:inspector
 *
 * It is installed in a temporary folder, pinned. The public conformance suite is in the tests: packages/mcp/test/conformance.test.ts.
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const inspector = "@modelcontextprotocol/inspector@2.12.0"
const root = dirname(import.meta.dirname)
const fixture = (name: string) => join(root, "packages/mcp/test/fixtures", name)
const folder = mkdtempSync(join(tmpdir(), "volley-inspector-"))

const install = (): void => {
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", inspector]
  const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error("the Inspector cannot be installed")
}

/** Has the Inspector ask a server, with its files in the temporary folder; it says of schemas what some clients would not take. */
const inspects = (title: string, expected: string, ...args: ReadonlyArray<string>): boolean => {
  const bin = join(folder, "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js")
  const { status, stderr, stdout } = spawnSync(process.execPath, [bin, "--cli", ...args], {
    cwd: folder,
    env: { ...process.env, HOME: folder },
    encoding: "utf8"
  })
  const isFine = status === 0 && stderr === "" && stdout.includes(expected)
  console.log(`\n${title}\n${isFine ? "as expected" : `${stdout}${stderr}`}`)
  return isFine
}

install()
const server = spawn(process.execPath, [fixture("conformance.ts")], { stdio: ["ignore", "pipe", "ignore"] })
const [line]: ReadonlyArray<unknown> = await once(server.stdout, "data")
const results = [
  inspects(
    "The Inspector, over stdio",
    "\"name\": \"refund\"",
    process.execPath,
    fixture("stdio.ts"),
    "--method",
    "tools/list",
    "--strict"
  ),
  inspects(
    "The Inspector, over HTTP",
    "This is a simple text response",
    String(line).trim(),
    "--method",
    "tools/call",
    "--tool-name",
    "test_simple_text"
  )
]
server.kill()
rmSync(folder, { recursive: true, force: true })
process.exitCode = results.every(Boolean) ? 0 : 1
