import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import * as Schema from "effect/Schema"
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, vi } from "vitest"
import { bundleOf } from "../../../test/bundles.ts"
import { client } from "./conformanceClient.ts"
import { portOf } from "./support.ts"

const root = join(import.meta.dirname, "../../..")
const suite = join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js")
const baseline = join(import.meta.dirname, "conformance.yml")
const folder = mkdtempSync(join(tmpdir(), "volley-conformance-"))
const host = fork(join(import.meta.dirname, "conformanceSuite.ts"), [suite], { cwd: folder, execArgv: [] })
const gone = once(host, "exit")

const Ended = Schema.Struct({ code: Schema.Number, said: Schema.String })

/** Runs the public suite; gives how it ended, and its last lines. */
const run = async (...args: ReadonlyArray<string>): Promise<typeof Ended.Type> => {
  host.send([...args, "--expected-failures", baseline, "--timeout", "300000"])
  const [message]: ReadonlyArray<unknown> = await Promise.race([once(host, "message"), gone])
  return Schema.decodeUnknownSync(Ended)(message)
}

/** Has the suite pass, but for what the baseline names; a scenario of the baseline that passes is a failure too. */
const passes = async (...args: ReadonlyArray<string>): Promise<void> => {
  const { code, said } = await run(...args)
  assert.strictEqual(code, 0, said)
  assert.match(said, /Baseline check passed/)
}

const Asked = Schema.fromJsonString(Schema.Tuple([Schema.String, Schema.String]))

/** The client that the suite's processes speak for, which would spend most of their time with starting. */
const clients = createServer({ allowHalfOpen: true }, async (socket) => {
  // The suite may have ended who asks.
  socket.on("error", () => {})
  const [url, context] = Schema.decodeSync(Asked)(await text(socket))
  const exit = await Effect.runPromiseExit(client(url, context))
  socket.end(Exit.isSuccess(exit) ? "done" : Cause.pretty(exit.cause))
})

/** Scenarios in which the client is a process of its own, which has to end by itself. */
const alone = ["tools_call", "sse-retry", "auth/metadata-default"]

/** The scenarios for clients. All at once would be fifty processes, which a busy machine holds up until connections end. */
const scenarios = Array.from(
  execFileSync(process.execPath, [suite, "list", "--client"], { encoding: "utf8" }).matchAll(/^ +- (\S+)/gm),
  ([, name = ""]) => name
)

describe("the public conformance suite", () => {
  let server: ChildProcess
  let url: string

  beforeAll(async () => {
    server = spawn(process.execPath, [bundleOf("conformance")], { stdio: ["ignore", "pipe", "ignore"] })
    const [line]: ReadonlyArray<unknown> = await once(server.stdout!, "data")
    url = String(line).trim()
    await once(clients.listen(0, "127.0.0.1"), "listening")
    // What the SDK warns of is what the suite tries.
    vi.spyOn(console, "warn").mockImplementation(() => {})
  })

  afterAll(async () => {
    vi.restoreAllMocks()
    clients.close()
    for (const child of [server, host]) if (child.kill()) await once(child, "exit")
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(["2025-06-18", "2025-11-25", "2026-07-28"])(
    "passes for the server, %s",
    (version) => passes("server", "--url", url, "--suite", "all", "--spec-version", version)
  )

  it("has scenarios for clients", () => assert.isAtLeast(scenarios.length, 48))

  it.each(scenarios)("passes for the client, %s", (name) => {
    const command = [process.execPath, bundleOf("conformanceCaller"), portOf(clients.address())]
    return passes("client", "--scenario", name, "--command", command.join(" "))
  })

  it.each(alone)(
    "passes for the client as a process, %s",
    (name) => passes("client", "--scenario", name, "--command", `${process.execPath} ${bundleOf("conformanceClient")}`)
  )
})
