/**
 * Holds the MCP server against the public conformance suite, in every version that it is tried in, and the MCP client
 * against those scenarios that a client passes by connecting, logging in where that is asked, and calling all tools. The command line of the MCP Inspector
 * then lists the tools of a server over stdio, strictly, and calls one over HTTP:
 *
 *     npm run mcp:conformance
 *
 * Both are installed in a temporary folder, pinned. `scripts/mcp-conformance.yml` lists the scenarios of the server that
 * are expected to fail, with reasons; one that passes all the same is an error too.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const suite = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
const inspector = "@modelcontextprotocol/inspector@2.12.0"
const versions = ["2025-06-18", "2025-11-25", "2026-07-28"]
const clientScenarios = [
  "initialize",
  "tools_call",
  "sse-retry",
  "request-metadata",
  "http-standard-headers",
  "json-schema-ref-no-deref",
  "elicitation-sep1034-client-defaults",
  "sep-2322-client-request-state",
  ...[
    "authorization-server-migration",
    "basic-cimd",
    "iss-normalized",
    "iss-not-advertised",
    "iss-supported",
    "iss-supported-missing",
    "iss-unexpected",
    "iss-wrong-issuer",
    "metadata-default",
    "metadata-issuer-mismatch",
    "metadata-var1",
    "metadata-var2",
    "metadata-var3",
    "offline-access-not-supported",
    "offline-access-scope",
    "pre-registration",
    "resource-mismatch",
    "scope-from-scopes-supported",
    "scope-from-www-authenticate",
    "scope-omitted-when-undefined",
    "scope-retry-limit",
    "scope-step-up",
    "token-endpoint-auth-basic",
    "token-endpoint-auth-none",
    "token-endpoint-auth-post"
  ].map((scenario) => `auth/${scenario}`)
]

const root = dirname(import.meta.dirname)
const fixture = (name: string) => join(root, "packages/mcp/test/fixtures", name)
const baseline = join(import.meta.dirname, "mcp-conformance.yml")
const folder = mkdtempSync(join(tmpdir(), "volley-conformance-"))

const install = (): void => {
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", suite, inspector]
  const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error("the suite cannot be installed")
}

/** Runs what was installed, with its files in the temporary folder. */
const run = (bin: string, args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [join(folder, "node_modules/@modelcontextprotocol", bin), ...args], {
    cwd: folder,
    env: { ...process.env, HOME: folder },
    encoding: "utf8"
  })

/** Runs the suite; prints its summary, all of its output where it fails, and says whether it is content. */
const passes = (title: string, ...args: ReadonlyArray<string>): boolean => {
  const { status, stderr, stdout } = run("conformance/dist/index.js", args)
  const lines = `${stdout}${stderr}`.split("\n")
  const summary = lines.filter((line) => /^(✓|Total:|Passed:|  ~)|expected failures/i.test(line))
  console.log(`\n${title}\n${(status === 0 ? summary : lines).join("\n")}`)
  return status === 0
}

/** Has the Inspector ask a server; it says of schemas what some clients would not take. */
const inspects = (title: string, expected: string, ...args: ReadonlyArray<string>): boolean => {
  const { status, stderr, stdout } = run("inspector/clients/launcher/build/index.js", ["--cli", ...args])
  const isFine = status === 0 && stderr === "" && stdout.includes(expected)
  console.log(`\n${title}\n${isFine ? "as expected" : `${stdout}${stderr}`}`)
  return isFine
}

/** The first line that the server prints is its URL. */
const urlOf = async (server: ChildProcess): Promise<string> => {
  const [line]: ReadonlyArray<unknown> = await once(server.stdout!, "data")
  return String(line).trim()
}

install()
const server = spawn(process.execPath, [fixture("conformance.ts")], { stdio: ["ignore", "pipe", "ignore"] })
const url = await urlOf(server)
const results = [
  ...versions.map((version) => {
    const args = ["--url", url, "--suite", "all", "--spec-version", version, "--expected-failures", baseline]
    return passes(`The server, ${version}`, "server", ...args)
  }),
  ...clientScenarios.map((scenario) => {
    const command = `${process.execPath} ${fixture("conformanceClient.ts")}`
    return passes(`The client, ${scenario}`, "client", "--command", command, "--scenario", scenario)
  }),
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
    url,
    "--method",
    "tools/call",
    "--tool-name",
    "test_simple_text"
  )
]
server.kill()
rmSync(folder, { recursive: true, force: true })
process.exitCode = results.every(Boolean) ? 0 : 1
