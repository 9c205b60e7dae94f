import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import * as Readme from "../../../scripts/readme.ts"
import { facts } from "./support/facts.ts"
import { start, volley, withSimulator } from "./support/spawn.ts"

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "volley-"))
afterAll(() => rmSync(folder, { recursive: true }))

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
  }
}

interface Message {
  readonly role: string
  readonly content?: string | null
  readonly tool_calls?: ReadonlyArray<
    { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }
  >
}

/** One request; gives the status and the message of the answer. */
const ask = async (openai: string, messages: ReadonlyArray<object>, more: object = { tools: [weather] }) => {
  const response = await fetch(`${openai}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer key" },
    body: JSON.stringify({ model: "gpt-4.1", messages, ...more })
  })
  const { choices, error } = await response.json()
  const message: Message | undefined = choices?.[0].message
  return { status: response.status, message, error }
}

const user = (content: string) => ({ role: "user", content })

/** Asks, answers every call with `3`, and gives the calls and the answer. */
const converse = async (openai: string, prompt: string) => {
  const { message } = await ask(openai, [user(prompt)])
  const calls = message?.tool_calls ?? []
  const results = calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "3" }))
  const last = calls.length === 0 ? message : (await ask(openai, [user(prompt), { ...message }, ...results])).message
  return {
    calls: calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    answer: last?.content
  }
}

/** The scenarios that the README of the simulator shows, as files. */
const shown = Readme.fences(readFileSync(new URL("../../simulator/README.md", import.meta.url), "utf8"))
  .filter(({ code }) => code.includes("Weather in Oslo?"))
  .map(({ code, language }) => {
    const file = join(folder, `scenario.${language}`)
    writeFileSync(file, code)
    return [language, file] as const
  })

describe("volley simulate --scenario FILE", () => {
  it.each(shown)(
    "plays what the README shows as %s to its prompt, and answers any other plainly",
    (language, file) =>
      withSimulator(["--scenario", file], async ({ openai }) => {
        const answer = language === "ts" ? "I saw 3." : "It is cold."
        const calls = [["get_weather", { city: "Oslo" }]]
        assert.deepStrictEqual(await converse(openai, "Weather in Oslo?"), { calls, answer })
        assert.deepStrictEqual(await converse(openai, "Hello?"), {
          calls: [["get_weather", { city: "city" }]],
          answer: "No script fits \"Hello?\".\nget_weather {\"city\":\"city\"} said: 3"
        })
      })
  )

  it("plays a function of what there is to see, all messages of the user included", () =>
    withSimulator(["--scenario", fixture("own-function.mjs")], async ({ openai }) => {
      const { message } = await ask(openai, [user("One."), { role: "assistant", content: "Yes?" }, user("Two.")])
      assert.strictEqual(message?.content, "One. / Two.")
    }))
})

describe("volley simulate", () => {
  it("plays each prompt its own scenario, and answers any other one", () =>
    withSimulator([], async ({ openai }) => {
      const { answer } = await converse(openai, "Compare Tokyo and Paris: weather and population.")
      assert.strictEqual(typeof answer, "string")
      assert.include((await converse(openai, "Hello?")).answer, "No script fits \"Hello?\".")
    }))
})

describe("volley simulate --record", () => {
  const demo = (openai: string, more: ReadonlyArray<string> = []) =>
    volley(
      ["demo", "--scenario", "compare", "--provider", "openai-chat", "--base-url", openai, "--json", ...more],
      { env: { OPENAI_API_KEY: "sk-secret" } }
    )

  it("keeps what --replay plays again, and refuses a client that asks something else", async () => {
    const file = join(folder, "session.jsonl")
    await withSimulator(["--record", file], async ({ openai }) => {
      const { code, stderr, stdout } = await demo(openai)
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(JSON.parse(stdout)[0].answer, facts["compare"]?.answer)
    })
    const recording = readFileSync(file, "utf8")
    assert.isAtLeast(recording.trim().split("\n").length, 2)
    assert.notInclude(recording, "sk-secret")
    await withSimulator(["--replay", file], async ({ openai }) => {
      const { error, status } = await ask(openai, [user("Hello?")])
      assert.strictEqual(status, 400)
      assert.include(error.message, "Request 1 is not the one recorded: body.")
    })
  })

  it("has each exchange on disk while it serves", async () => {
    const file = join(folder, "flushed.jsonl")
    await withSimulator(["--record", file], async ({ openai }) => {
      for (const count of [1, 2]) {
        await ask(openai, [user("Hello?")])
        assert.lengthOf(readFileSync(file, "utf8").trim().split("\n"), count)
      }
    })
  })

  it("plays a session of two agents at the same time again", async () => {
    const file = join(folder, "two.jsonl")
    await withSimulator(["--record", file], async ({ openai }) => {
      assert.strictEqual((await demo(openai, ["--stream"])).code, 0)
    })
    await withSimulator(["--replay", file], async ({ openai }) => {
      const { code, stderr, stdout } = await demo(openai, ["--stream"])
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(JSON.parse(stdout)[0].answer, facts["compare"]?.answer)
    })
  })

  it("leaves what the file has alone where something else is wrong", async () => {
    const file = join(folder, "kept.jsonl")
    await withSimulator(["--record", file], ({ openai }) => ask(openai, [user("Hello?")]))
    const before = readFileSync(file, "utf8")
    const { ended } = start(["simulate", "--record", file, "--scenario", fixture("broken-scenario.json")])
    assert.strictEqual((await ended).code, 2)
    assert.strictEqual(readFileSync(file, "utf8"), before)
    await withSimulator(["--record", file, "--replay", file], ({ openai }) => ask(openai, [user("Hello?")]))
    assert.strictEqual(JSON.parse(readFileSync(file, "utf8")).request.path, "/v1/chat/completions")
  })
})

describe("volley simulate --accept-signatures", () => {
  it("takes thinking that it did not write", () =>
    withSimulator(["--accept-signatures"], async ({ anthropic }) => {
      const thinking = { type: "thinking", thinking: "Hm.", signature: "EqQBCkgIAx" }
      const response = await fetch(`${anthropic}/v1/messages`, {
        method: "POST",
        headers: { "x-api-key": "key", "anthropic-version": "2026-10-21" },
        body: JSON.stringify({
          model: "claude-opus-5-5",
          max_tokens: 1024,
          messages: [
            user("Hello?"),
            { role: "assistant", content: [thinking, { type: "text", text: "Yes?" }] },
            user("Go on.")
          ]
        })
      })
      assert.strictEqual(response.status, 200, await response.text())
    }))
})
