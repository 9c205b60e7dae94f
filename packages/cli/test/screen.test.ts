/**
 * What others wrote, on a terminal.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { once } from "node:events"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { bundleOf } from "../../../test/bundles.ts"
import { visible, visibleLines } from "../src/Screen.ts"
import { hostile } from "./fixtures/hostile.ts"
import { dialects } from "./support/dialects.ts"
import { type Ended, volley } from "./support/spawn.ts"

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

/** Nothing that a terminal obeys, and no line that somebody else began. */
const assertTame = ({ stderr, stdout }: Pick<Ended, "stderr" | "stdout">) => {
  for (const text of [stdout, stderr]) {
    assert.notMatch(text, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
  }
}

const assertUnforged = (ended: Ended) => {
  assertTame(ended)
  assert.notMatch(ended.stdout, /^forged/m)
  assert.notMatch(ended.stderr, /^forged/m)
}

describe("visible", () => {
  it.prop("leaves nothing for a terminal to obey, and JSON the same value", [Schema.String], ([text]) => {
    for (const any of [text, `${text}${hostile}${text}`]) {
      const json = JSON.stringify({ [any]: any })
      assertTame({ stdout: visible(any), stderr: visibleLines(any) })
      assert.notInclude(visible(any), "\n")
      assert.deepStrictEqual(JSON.parse(visible(json)), JSON.parse(json))
    }
  })

  it("leaves what people read as it is", () => {
    const text = "Zürich 東京 שלום 🌦️ \"\\u001b\""
    assert.strictEqual(visible(text), text)
  })
})

const [openAi] = dialects

describe("volley run", () => {
  const run = (names: ReadonlyArray<string>, flags: ReadonlyArray<string>) => {
    const calls = names.map((name, index) => ({ id: `call_${index}`, name, input: { [hostile]: hostile } }))
    return volley(["run", "--provider", "openai-chat", ...flags], { input: JSON.stringify(openAi.message(calls)) })
  }

  it("shows nothing raw of what tools answer, fail with, crash with, print and log, or what a model asks for", async () => {
    const names = ["answers", "fails", "crashes", "logs", "prints", hostile]
    const ended = await run(names, ["--echo", "--toolkit", bundleOf("hostile")])
    assertTame(ended)
    assert.strictEqual(ended.code, 0)
    const [, ...results] = JSON.parse(ended.stdout)
    assert.deepStrictEqual(openAi.answers(JSON.stringify(results))[0]?.json, hostile)
    assert.include(ended.stderr, "\\u001b[2K\\u0007\\u009b1A\\u202e")
  })

  it.each<readonly [what: string, args: ReadonlyArray<string>, input: unknown]>([
    ["an error of the provider", ["--toolkit", bundleOf("plain")], { error: { message: hostile } }],
    ["what is no response", ["--toolkit", bundleOf("plain")], hostile],
    ["a module that throws", ["--toolkit", bundleOf("hostile-throws")], {}],
    ["a file name", ["--toolkit", `${hostile}.ts`], {}],
    ["a flag", [`--${hostile}`], {}],
    ["the value of a flag", ["--toolkit", bundleOf("plain"), "--timeout", hostile], {}],
    ["the standard error of a server", ["--mcp", `sh "${fixture("server.sh")}" dead`], openAi.sample.body],
    ["a server that cannot be started", ["--mcp", `${hostile.replaceAll(/\s/g, "")} x`], openAi.sample.body]
  ])("shows nothing raw of %s", async (_, args, input) => {
    const ended = await volley(["run", "--provider", "openai-chat", ...args], { input: JSON.stringify(input) })
    assert.strictEqual(ended.code, 2)
    assertUnforged(ended)
    assert.match(ended.stderr, /^volley(?: run)?: [^\n]+\n$/)
  })
})

describe("volley demo", () => {
  /** A provider that answers with a call, and then with a text; or with an error. */
  const provider = async (fails: boolean) => {
    const call = { id: hostile, type: "function", function: { name: hostile, arguments: JSON.stringify(hostile) } }
    const turns = [{ role: "assistant", content: null, tool_calls: [call] }, { role: "assistant", content: hostile }]
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(fails ? 400 : 200, { "content-type": "application/json" })
        const message = turns.shift()
        const reason = message?.tool_calls ? "tool_calls" : "stop"
        response.end(JSON.stringify(
          fails ? { error: { message: hostile } } : {
            id: "chatcmpl-1",
            object: "chat.completion",
            created: 0,
            model: hostile,
            choices: [{ index: 0, message, finish_reason: reason }],
            usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
          }
        ))
      })
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    return server
  }

  it.each([
    ["of what a model writes and asks for", false, [], 0],
    ["of it as JSON", false, ["--json"], 0],
    ["of its errors", true, [], 1]
  ])("shows nothing raw %s", async (_, fails, flags, code) => {
    const server = await provider(fails)
    const address = server.address()
    const port = typeof address === "object" ? address?.port : address
    const args = ["demo", "--provider", "openai-chat", "--scenario", "mixed", "--base-url", `http://127.0.0.1:${port}`]
    const ended = await volley([...args, ...flags], { env: { OPENAI_API_KEY: "key" } })
    server.close()
    assertUnforged(ended)
    assert.strictEqual(ended.code, code, ended.stderr)
    assert.include(`${ended.stdout}${ended.stderr}`, "forged")
  })

  it("shows nothing raw of what a server calls its tools", async () => {
    const args = ["demo", "--provider", "google", "--scenario", "compare", "--latency", "0 millis"]
    const ended = await volley([...args, "--mcp", `sh "${fixture("server.sh")}" named`])
    assertUnforged(ended)
    assert.include(ended.stderr, "\\u001b[2K\\u009b1A\\u202e\\u000aforged: name")
  })
})

describe("volley simulate", () => {
  it.each([["--scenario", hostile], ["--replay", hostile], ["--record", `no/${hostile}`], ["--fault", hostile]])(
    "shows nothing raw of %s",
    async (flag, value) => {
      const ended = await volley(["simulate", flag, value])
      assert.strictEqual(ended.code, 2)
      assertUnforged(ended)
    }
  )
})
