import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { bundleOf } from "../../../test/bundles.ts"

const root = join(import.meta.dirname, "../../..")
const suite = join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js")
const baseline = join(import.meta.dirname, "conformance.yml")
const folder = mkdtempSync(join(tmpdir(), "volley-conformance-"))
const host = fork(join(import.meta.dirname, "conformanceSuite.ts"), [suite], { cwd: folder, execArgv: [] })

const Ended = Schema.Struct({ code: Schema.Number, said: Schema.String })

/** Runs the public suite; gives how it ended, and its last lines. */
const run = async (...args: ReadonlyArray<string>): Promise<typeof Ended.Type> => {
  host.send([...args, "--expected-failures", baseline, "--timeout", "300000"])
  const [message]: ReadonlyArray<unknown> = await Promise.race([once(host, "message"), once(host, "exit")])
  return Schema.decodeUnknownSync(Ended)(message)
}

/** Has the suite pass, but for what the baseline names; a scenario of the baseline that passes is a failure too. */
const passes = async (...args: ReadonlyArray<string>): Promise<void> => {
  const { code, said } = await run(...args)
  assert.strictEqual(code, 0, said)
  assert.match(said, /Baseline check passed/)
}

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
  })

  afterAll(async () => {
    for (const child of [server, host]) if (child.kill()) await once(child, "exit")
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(["2025-06-18", "2025-11-25", "2026-07-28"])(
    "passes for the server, %s",
    (version) => passes("server", "--url", url, "--suite", "all", "--spec-version", version)
  )

  it("has scenarios for clients", () => assert.isAtLeast(scenarios.length, 48))

  it.each(scenarios)(
    "passes for the client, %s",
    (name) => passes("client", "--scenario", name, "--command", `${process.execPath} ${bundleOf("conformanceClient")}`)
  )
})
