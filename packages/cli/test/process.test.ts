/**
 * What is of the process: its exit code, what it leaves behind, and where its output goes.
 */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, vi } from "vitest"
import { bundleOf } from "../../../test/bundles.ts"
import { dialects } from "./support/dialects.ts"
import { always, bundled, main } from "./support/spawn.ts"

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "volley-"))
afterAll(() => rmSync(folder, { recursive: true }))

const [openAi] = dialects

/** A file with the response of a model that calls this tool. */
const asking = (name: string, input: object = {}): string => {
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(openAi.message([{ id: "call_1", name, input }])))
  return file
}

const ended = async (child: ReturnType<typeof spawn>) => {
  let stderr = ""
  let stdout = ""
  child.stderr?.setEncoding("utf8").on("data", (chunk) => stderr += chunk)
  child.stdout?.setEncoding("utf8").on("data", (chunk) => stdout += chunk)
  const [code] = await once(child, "close")
  return { code, stderr, stdout }
}

/** The processes that have this in their environment. */
const marked = (mark: string): ReadonlyArray<number> =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)
    } catch {
      return false
    }
  }).map(Number)

const left = (mark: string) => vi.waitFor(() => assert.deepStrictEqual(marked(mark), []), { timeout: 60_000 })

describe.runIf(process.platform === "linux")("a signal", () => {
  /** Starts `volley run` with a server that stops in a phase; gives the arguments, the mark, and a promise of that. */
  const withServer = (phase: string) => {
    const mark = `VOLLEY_MARK=${randomUUID()}`
    const fifo = join(folder, randomUUID())
    execFileSync("mkfifo", [fifo])
    const server = `sh "${fixture("server.sh")}" ${phase} ${fifo}`
    const args = ["run", "--provider", "openai-chat", "--mcp", server]
    const env = { ...always, VOLLEY_MARK: mark.split("=")[1] }
    return { mark, args, env, reached: readFile(fifo) }
  }

  it.concurrent.each(
    [
      ["starting", "SIGINT", 130],
      ["running", "SIGQUIT", 131],
      ["listing", "SIGHUP", 129],
      ["running", "SIGTERM", 143],
      ["closing", "SIGHUP", 129]
    ] as const
  )("that comes while a server is %s leaves no process: %s", async (phase, signal, code) => {
    const { args, env, mark, reached } = withServer(phase)
    const input = openSync(asking("wait"), "r")
    const child = spawn(process.execPath, [bundled, ...args, "--approve", "all"], {
      env,
      stdio: [input, "pipe", "pipe"]
    })
    closeSync(input)
    const end = ended(child)
    await reached
    // The command line, the server, and what the server has started.
    assert.isAtLeast(marked(mark).length, 3)
    child.kill(signal)
    const { code: got, stdout } = await end
    assert.strictEqual(got, code)
    assert.strictEqual(stdout.includes("done"), phase === "closing")
    await left(mark)
  })

  it("at once, where two come", async () => {
    const { args, env, mark, reached } = withServer("running")
    const input = openSync(asking("wait"), "r")
    const child = spawn(process.execPath, [bundled, ...args, "--approve", "all"], {
      env,
      stdio: [input, "pipe", "pipe"]
    })
    closeSync(input)
    const end = ended(child)
    await reached
    child.kill("SIGTERM")
    child.kill("SIGINT")
    assert.oneOf((await end).code, [130, 143])
    await left(mark)
  })

  it("of a person at a terminal, while a question is asked", async () => {
    const { args, env, mark } = withServer("asking")
    const line = [process.execPath, main, ...args, "--approve", "ask"].map((word) => `'${word}'`).join(" ")
    const child = spawn("script", ["-qefc", `${line} < ${asking("wait")}`, "/dev/null"], {
      env: { ...env, SHELL: "/bin/sh", TERM: "xterm" }
    })
    let shown = ""
    const asked = new Promise<void>((resolve) =>
      child.stdout.on("data", (chunk) => (shown += String(chunk)).includes("[y/N]") && resolve())
    )
    const end = once(child, "close")
    await asked
    assert.include(shown, "Run wait {}? [y/N]")
    child.stdin.write("\u0003")
    assert.strictEqual((await end)[0], 130)
    await left(mark)
  })
})

describe("output that cannot be written", () => {
  const run = [bundled, "run", "--provider", "openai-chat", "--toolkit", bundleOf("toolkit")]
  const answer = "\"content\":\"{\\\"twice\\\":42}\""

  it.runIf(process.platform === "linux").each<
    readonly [what: string, args: ReadonlyArray<string>, said: RegExp, saved: string]
  >([
    ["the results of a run", run, /^volley run: cannot write to standard output: the disk is full/m, answer],
    [
      "the figures of a demo",
      [bundled, "demo", "--scenario", "compare", "--provider", "google", "--json", "--latency", "0 millis"],
      /^volley demo: cannot write to standard output: the disk is full/m,
      "\"wire\": \"google\""
    ],
    [
      "where a simulator is",
      [bundled, "simulate"],
      /^volley simulate: cannot write to standard output: the disk is full/m,
      "http://127.0.0.1"
    ],
    ["help", [main, "--help"], /^volley: cannot write to standard output: the disk is full$/m, ""]
  ])("is exit code 1, and %s on standard error", async (_, args, said, saved) => {
    const full = openSync("/dev/full", "w")
    const input = openSync(asking("double", { n: 21 }), "r")
    const { code, stderr } = await ended(spawn(process.execPath, args, { env: always, stdio: [input, full, "pipe"] }))
    closeSync(full)
    closeSync(input)
    assert.strictEqual(code, 1)
    assert.match(stderr, said)
    assert.include(stderr, saved)
  })

  it.runIf(process.platform === "linux")("is the same of a server, whose client gets nothing", async () => {
    const full = openSync("/dev/full", "w")
    const args = [bundled, "serve", "--toolkit", bundleOf("plain")]
    const child = spawn(process.execPath, args, { env: always, stdio: ["pipe", full, "pipe"] })
    closeSync(full)
    const end = ended(child)
    child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })}\n`)
    const { code, stderr } = await end
    assert.strictEqual(code, 1)
    assert.match(stderr, /^volley serve: cannot write to standard output: the disk is full/m)
  })

  it("is the same where nobody reads it", async () => {
    const child = spawn(process.execPath, run, { env: always })
    child.stdout.destroy()
    const end = ended(child)
    child.stdin.end(readFileSync(asking("double", { n: 21 })))
    const { code, stderr } = await end
    assert.strictEqual(code, 1)
    assert.match(stderr, /^volley run: cannot write to standard output: its reader is gone/m)
    assert.include(stderr, answer)
  })

  it.runIf(process.platform === "linux")("is the same where there was room for a part of it", async () => {
    const file = join(folder, "small")
    const line = `ulimit -f 1; ${[process.execPath, ...run].map((word) => `'${word}'`).join(" ")} > ${file}`
    const child = spawn("sh", ["-c", `${line} < ${asking("long", { n: 5000 })}`], { env: always })
    const { code, stderr } = await ended(child)
    assert.isBelow(statSync(file).size, 2000)
    assert.strictEqual(code, 1)
    assert.include(stderr, "é".repeat(5000))
  })
})
