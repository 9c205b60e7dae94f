/**
 * `volley timeline`, and the pictures of other commands.
 */
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { get } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { bundleOf } from "../../../test/bundles.ts"
import * as TimelineServer from "../src/TimelineServer.ts"
import { volley } from "./support/spawn.ts"

const folder = mkdtempSync(join(tmpdir(), "volley-"))
afterAll(() => rmSync(folder, { recursive: true }))

const call = { id: "call_1", name: "get_weather", arguments: { city: "Oslo" } }
const lines = [
  { volley: "run", version: 1, at: 0, name: "weather" },
  { _tag: "TurnStarted", at: 0, turn: 1, toolsOff: false },
  { _tag: "TurnEnded", at: 1000, text: "", calls: [call], finish: "tool-calls" },
  { _tag: "CallStarted", at: 1000, call },
  { _tag: "CallSettled", at: 1300, call, isError: false, text: "18", attempts: 1, startedAt: 1000 }
].map((line) => `${JSON.stringify(line)}\n`)
const answer =
  `{"_tag":"Answer","at":1900,"text":"18 °C","finish":"stop","limited":false,"usage":{"input":1,"output":1}}\n`

const fileOf = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
const run = fileOf("run.jsonl", lines.join(""))

describe("volley timeline", () => {
  it("draws a run in the terminal, without styles where there is none", async () => {
    const { code, stdout } = await volley(["timeline", run])
    assert.strictEqual(code, 0)
    assert.include(stdout, "weather: 1.3 s · 1 call in 300 ms\n")
    assert.match(stdout, /get_weather +█+ +300 ms/)
    assert.notInclude(stdout, "\u001b")
  })

  it("draws it into a file, as its name says", async () => {
    const begins = {
      "run.html": "<!doctype html>",
      "run.svg": "<svg ",
      "run.json": "{\"displayTimeUnit\"",
      "run.txt": "weather:"
    }
    for (const [name, begin] of Object.entries(begins)) {
      const file = join(folder, name)
      assert.deepInclude(await volley(["timeline", run, "--output", file]), { code: 0, stdout: "" })
      assert.isTrue(readFileSync(file, "utf8").startsWith(begin), name)
    }
    const { stdout } = await volley(["timeline", run, "--output", "-"])
    assert.strictEqual(stdout, readFileSync(join(folder, "run.html"), "utf8"))
    assert.notInclude(stdout, "Oslo")
    assert.include((await volley(["timeline", run, "--output", "-", "--results"])).stdout, "Oslo")
  })

  it("draws what there is of a file that was cut off", async () => {
    const cut = fileOf("cut.jsonl", lines.join("").slice(0, -20))
    assert.match((await volley(["timeline", cut])).stdout, /get_weather .*goes on/)
  })

  it("says in a line what is wrong", async () => {
    const damaged = fileOf("damaged.jsonl", `${lines[0]}{}\n${lines[1]}`)
    const cases = [
      [[damaged], `${damaged}:2 is not of a recorded run: `],
      [[join(folder, "none.jsonl")], "there is no file"],
      [[run, "--output", "run.pdf"], "run.pdf: the name of a timeline ends in .html, .svg, .json, .txt"],
      [[run, "--live", "--output", "run.html"], "--live serves a page: leave --output out"],
      [[run, "--port", "80"], "--port is for --live"]
    ] as const
    for (const [args, text] of cases) {
      const { code, stderr } = await volley(["timeline", ...args])
      assert.strictEqual(code, 2)
      assert.include(stderr, text)
      assert.lengthOf(stderr.trim().split("\n"), 1)
    }
  })

  it("draws what demo and run did", async () => {
    const file = join(folder, "demo.html")
    const demo = ["demo", "--provider", "openai-chat", "--latency", "0 millis", "--timeline", file]
    assert.strictEqual((await volley(demo)).code, 0)
    assert.include(readFileSync(file, "utf8"), "customer, parallel on openai-chat")
    const picture = join(folder, "calls.txt")
    const message = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "double", arguments: "{\"n\":21}" } }]
    }
    const args = ["run", "--provider", "openai-chat", "--toolkit", bundleOf("plain"), "--timeline", picture]
    const { code, stderr } = await volley(args, { input: JSON.stringify(message) })
    assert.strictEqual(code, 0, stderr)
    assert.include(readFileSync(picture, "utf8"), "double")
  })
})

/** What a server answers that is asked for a path, and for a host. */
const asked = (url: string, host: string): Effect.Effect<readonly [status: number | undefined, text: string]> =>
  Effect.callback((resume) => {
    get(url, { headers: { host } }, async (response) => {
      let text = ""
      for await (const chunk of response.setEncoding("utf8")) text += String(chunk)
      resume(Effect.succeed([response.statusCode, text]))
    })
  })

describe("TimelineServer", () => {
  it.live("serves the page, its script and the end of the run, to this machine alone", () =>
    Effect.gen(function*() {
      const file = fileOf("live.jsonl", lines.join(""))
      const url = yield* TimelineServer.serve({ file, port: undefined, results: false })
      const { host, port } = new URL(url)
      const [status, page] = yield* asked(url, host)
      assert.strictEqual(status, 200)
      assert.include(page, "script-src 'self'; connect-src 'self'")
      assert.include(page, `<script src="/live.js"></script>`)
      assert.include((yield* asked(`${url}live.js`, `localhost:${port}`))[1], "new EventSource(\"/changes\")")
      appendFileSync(file, answer)
      const [, events] = yield* asked(`${url}changes`, host)
      assert.match(events, /event: changed[^]*event: over/)
      for (const path of ["", "live.js", "changes"]) {
        assert.strictEqual((yield* asked(`${url}${path}`, `evil.example:${port}`))[0], 403)
      }
      assert.strictEqual((yield* asked(`${url}run.jsonl`, host))[0], 404)
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
})
