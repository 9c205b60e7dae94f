import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import type { Toolkit } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Scenarios } from "@volley/simulator"
import { Schema } from "effect"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { bundleOf } from "../../../test/bundles.ts"
import { type Answer, dialects, type Wanted } from "./support/dialects.ts"
import { type Ended, type Given, main, volley, volleyProcess, withSimulator } from "./support/spawn.ts"

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

const calls = (...wanted: ReadonlyArray<readonly [name: string, input?: object | string]>): ReadonlyArray<Wanted> =>
  wanted.map(([name, input = { n: 21 }], index) => ({ id: `call_${index + 1}`, name, input }))

/** Runs `volley run` on a value, or on text as it is. */
const run = (
  provider: string,
  input: unknown,
  flags: ReadonlyArray<string> = [],
  by: (args: ReadonlyArray<string>, given: Given) => Promise<Ended> = volley
): Promise<Ended> =>
  by(["run", "--provider", provider, "--toolkit", bundleOf("toolkit"), ...flags], {
    input: typeof input === "string" ? input : JSON.stringify(input)
  })

/** The messages that a process printed, which must have gone well and have printed nothing else. */
const printed = ({ code, stderr, stdout }: Ended): ReadonlyArray<unknown> => {
  assert.strictEqual(code, 0, stderr)
  return Schema.decodeSync(Schema.fromJsonString(Schema.Array(Schema.Unknown)))(stdout)
}

/** What became of a call: the type of its error, or its result. */
const endOf = ({ json }: Answer): unknown =>
  typeof json === "object" && json !== null && "error" in json ? typeOf(json["error"]) : json

const typeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "type" in error ? error.type : error

for (const { answers, body, message, name, refusal, sample } of dialects) {
  describe.concurrent(`volley run --provider ${name}`, () => {
    it("answers the calls of a whole response as it is documented", async () => {
      const { code, stderr, stdout } = await volleyProcess(
        ["run", "--provider", name, "--toolkit", fixture("toolkit.ts")],
        { input: JSON.stringify(sample.body), program: main }
      )
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(stdout, `${JSON.stringify(sample.results)}\n`)
    })

    it("answers the calls of an assistant message alone", async () => {
      assert.deepStrictEqual(printed(await run(name, sample.message)), sample.results)
    })

    it("prints the turn unchanged before its results with --echo", async () => {
      for (const input of [sample.body, sample.message]) {
        assert.deepStrictEqual(printed(await run(name, input, ["--echo"])), [sample.message, ...sample.results])
      }
    })

    it("answers every call at its own place, whatever becomes of the others", async () => {
      const ends: ReadonlyArray<readonly [name: string, input: object | string, end: unknown, isError: boolean]> = [
        ["miss", { n: 1 }, "Missing", true],
        ["double", { n: 1 }, { twice: 2 }, false],
        ["crash", { n: 1 }, "Defect", true],
        ["hang", { n: 1 }, "Timeout", true],
        ["circle", { n: 1 }, "Unencodable", true],
        ["no_such_tool", { n: 1 }, "UnknownTool", true],
        ["double", { n: "two" }, "InvalidArguments", true],
        ["double", "{\"n\": 2", "InvalidArguments", true],
        ["chatty", { n: 1 }, "done", false],
        ["chatty_effect", { n: 1 }, "done", false],
        ["greet", { n: 1 }, "Hello, 1!", false]
      ]
      const turn = message(calls(...ends.map(([name, input]) => [name, input] as const)))
      const ended = await run(name, turn, ["--timeout", "500 millis"])
      const messages = printed(ended)
      const told = answers(ended.stdout)
      assert.deepStrictEqual(told.map(({ id }) => id), ends.map((_, index) => `call_${index + 1}`))
      assert.deepStrictEqual(told.map(endOf), ends.map(([, , end]) => end))
      for (const [index, { isError = ends[index]?.[3] }] of told.entries()) {
        assert.strictEqual(isError, ends[index]?.[3])
      }
      assert.isUndefined(refusal([turn, ...messages]))
    })

    it("runs no call of a turn that was cut off", async () => {
      const ended = await run(name, body(message(calls(["double"], ["chatty"])), "length"))
      assert.deepStrictEqual(answers(ended.stdout).map(endOf), ["Truncated", "Truncated"])
      assert.strictEqual(ended.code, 0)
      assert.notInclude(ended.stderr, "must not stand among the messages")
    })

    it.each([
      ["repeated", ["same", "same"]],
      ["missing", ["call_1", null]]
    ])("refuses %s ids, unless it may print the turn with ids of its own", async (_, ids) => {
      const turn = message(ids.map((id, n) => ({ id, name: "double", input: { n } })))
      const refused = await run(name, turn)
      assert.strictEqual(refused.code, 2)
      assert.strictEqual(refused.stdout, "")
      assert.match(refused.stderr, /^volley run: .*--echo[^\n]*\n$/)
      const messages = printed(await run(name, turn, ["--echo"]))
      assert.isUndefined(refusal(messages))
      assert.include(JSON.stringify(messages.slice(1)), "\\\"twice\\\":2")
    })

    it("answers a call that stands twice in a turn once, with --echo", async () => {
      const turn = message([...calls(["double"]), ...calls(["double"])])
      assert.strictEqual((await run(name, turn)).code, 2)
      assert.isUndefined(refusal(printed(await run(name, turn, ["--echo"]))))
    })

    it("prints no message where the turn asks for nothing", async () => {
      assert.deepStrictEqual(printed(await run(name, body(message([]), "calls"))), [])
    })
  })
}

const [openAi, anthropic] = dialects

describe.concurrent("volley run", () => {
  const runAll = (wanted: ReadonlyArray<Wanted>, flags: ReadonlyArray<string> = []) =>
    run(openAi.name, openAi.message(wanted), flags)

  const runProcess = (wanted: ReadonlyArray<Wanted>, flags: ReadonlyArray<string> = []) =>
    run(openAi.name, openAi.message(wanted), flags, volleyProcess)

  it("tells the host of a crash and the model nothing of it", async () => {
    const { code, stderr, stdout } = await runAll(calls(["crash"]))
    assert.strictEqual(code, 0)
    assert.strictEqual(stderr.split("hunter2").length, 2)
    assert.notInclude(stdout, "hunter2")
    assert.notMatch(stdout, /\.m?[jt]s\b/)
  })

  it("answers by the deadline what has not ended", async () => {
    const { stdout } = await runAll(calls(["hang"], ["double"], ["hang"]), ["--deadline", "500 millis"])
    assert.deepStrictEqual(openAi.answers(stdout).map(endOf), ["Timeout", { twice: 42 }, "Timeout"])
    assert.include(stdout, "(deadline)")
  })

  it.each(["--timeout", "--deadline"])("ends after %s though a tool cannot be stopped", async (flag) => {
    const { code, stdout } = await runProcess(calls(["stubborn"], ["double"]), [flag, "500 millis"])
    assert.deepStrictEqual(openAi.answers(stdout).map(endOf), ["Timeout", { twice: 42 }])
    assert.strictEqual(code, 0)
  })

  it("ends though a tool leaves a timer behind", async () => {
    const { code, stdout } = await runProcess(calls(["lingering"]))
    assert.deepStrictEqual(openAi.answers(stdout).map(endOf), ["done"])
    assert.strictEqual(code, 0)
  })

  it("keeps what tools write to standard output past the console away from the messages", async () => {
    const { stderr, stdout } = await runProcess(calls(["chatty_stream"], ["double"]))
    assert.notInclude(stdout, "past the console")
    assert.include(stderr, "past the console")
    assert.deepStrictEqual(openAi.answers(stdout).map(endOf), ["done", { twice: 42 }])
  })

  it("answers all calls though a promise of one fails where nobody waits for it", async () => {
    const { code, stderr, stdout } = await runProcess(calls(["careless"], ["double"]))
    assert.strictEqual(code, 0)
    assert.include(stderr, "nobody waits for this")
    assert.deepStrictEqual(openAi.answers(stdout).map(endOf), ["done", { twice: 42 }])
  })

  it.each([["1", 1], ["2", 2], ["6", 6]])("runs at most %s at a time with --concurrency", async (flag, most) => {
    const wanted = calls(...Array.from({ length: 6 }, () => ["most_at_once"] as const))
    const { stdout } = await runAll(wanted, ["--concurrency", flag])
    assert.strictEqual(Math.max(...openAi.answers(stdout).map(({ json }) => Number(json))), most)
  })

  it("prints results of a megabyte whole", async () => {
    const wanted = calls(...Array.from({ length: 16 }, () => ["long", { n: 30_000 }] as const))
    const { stdout } = await runProcess(wanted)
    assert.deepStrictEqual(new Set(openAi.answers(stdout).map(({ json }) => String(json).length)), new Set([30_000]))
    assert.strictEqual(openAi.answers(stdout).length, 16)
  })
})

describe.concurrent("volley run --toolkit", () => {
  const turn = openAi.message(calls(["double"], ["greet"]))
  const ends = async (file: string) => {
    const { code, stderr, stdout } = await volley(["run", "--provider", "openai-chat", "--toolkit", file], {
      input: JSON.stringify(turn)
    })
    assert.strictEqual(code, 0, stderr)
    return { ends: openAi.answers(stdout).map(endOf), stderr }
  }

  it("takes a path from the working directory", async () => {
    assert.deepStrictEqual((await ends(relative(process.cwd(), bundleOf("toolkit")))).ends, [
      { twice: 42 },
      "Hello, 21!"
    ])
  })

  it("takes a toolkit by itself; a tool that lacks a service crashes, and the host reads which", async () => {
    const { ends: answers, stderr } = await ends(bundleOf("bare"))
    assert.deepStrictEqual(answers, [{ twice: 42 }, "Defect"])
    assert.include(stderr, "test/Greeter")
  })

  it("takes a module in JavaScript", async () => {
    assert.deepStrictEqual((await ends(bundleOf("plain"))).ends, [42, "UnknownTool"])
  })

  it.each([
    ["its layer cannot be built", "bad-layer", "cannot be built, so that no call has run: no connection"],
    ["a handler is missing", "no-handler", "has no handler for greet, so that no call has run"]
  ])("ends with 2 before any call runs where %s", async (_, file, says) => {
    for (const command of [["run", "--provider", "openai-chat"], ["serve"]]) {
      const { code, stderr, stdout } = await volley([...command, "--toolkit", bundleOf(file)], {
        input: JSON.stringify(turn)
      })
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.include(stderr, says)
    }
  })
})

const mcpServer = (...args: ReadonlyArray<string>): string =>
  [process.execPath, `"${bundleOf("server")}"`, ...args].join(
    " "
  )

describe.concurrent("volley run --mcp", () => {
  const answer = async (wanted: ReadonlyArray<Wanted>, flags: ReadonlyArray<string>, env = {}) => {
    const input = JSON.stringify(openAi.message(wanted))
    const { code, stderr, stdout } = await volley(["run", "--provider", "openai-chat", ...flags], { input, env })
    assert.strictEqual(code, 0, stderr)
    return openAi.answers(stdout).map(endOf)
  }

  it("calls the tools of a server, by any of their names, and then ends it", async () => {
    const wanted = calls(["math.add", { a: 1, b: 2 }], ["math_add", { a: 3, b: 4 }], ["fails", {}], ["pid", {}])
    const [three, seven, failed, pid] = await answer(wanted, ["--mcp", mcpServer(), "--approve", "all"])
    assert.deepStrictEqual([three, seven, failed], [3, 7, "McpToolFailed"])
    assert.throws(() => process.kill(Number(pid), 0), "ESRCH")
  })

  it("adds them to the tools of a file", async () => {
    const flags = ["--toolkit", bundleOf("plain"), "--mcp", mcpServer()]
    assert.deepStrictEqual(await answer(calls(["double"], ["math.add", { a: 1, b: 2 }]), flags), [42, 3])
  })

  it("runs a read, and nothing that a server says to be none, or says to destroy something", async () => {
    const wanted = calls(["math.add", { a: 1, b: 2 }], ["gather", { n: 1, of: 1 }], ["pid", {}], ["torn", {}])
    assert.deepStrictEqual(await answer(wanted, ["--mcp", mcpServer()]), [3, "Denied", "Denied", "Denied"])
    assert.deepStrictEqual((await answer(wanted, ["--mcp", mcpServer(), "--approve", "all"])).toSpliced(2, 1), [
      3,
      1,
      0
    ])
  })

  it("lets the server see the environment, and no key of a provider", async () => {
    const env = { OPENAI_API_KEY: "hunter2", TOKEN_OF_THE_SERVER: "1234" }
    const [names] = await answer(calls(["env", {}]), ["--mcp", mcpServer(), "--approve", "all"], env)
    assert.include(names, "TOKEN_OF_THE_SERVER")
    assert.notInclude(names, "OPENAI_API_KEY")
  })

  it("shows a model nothing of the command line that a server was started by", async () => {
    const input = JSON.stringify(openAi.message(calls(["refuses", {}], ["die", {}])))
    const flags = ["--provider", "openai-chat", "--mcp", mcpServer("0", "--key=hunter2"), "--approve", "all"]
    const { stdout } = await volley(["run", ...flags], { input })
    assert.deepStrictEqual(openAi.answers(stdout).map(endOf), ["McpError", "McpError"])
    assert.notInclude(stdout, "hunter2")
  })
})

describe("volley run between a simulator's answers", () => {
  const post = async (url: string, headers: Record<string, string>, body: object) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer key", ...headers },
      body: JSON.stringify(body)
    })
    const answer: unknown = await response.json()
    assert.strictEqual(response.status, 200, JSON.stringify(answer))
    return answer
  }

  const loop = async (
    provider: string,
    scenario: string,
    ask: (messages: ReadonlyArray<unknown>, toolkit: Toolkit.Any) => Promise<unknown>
  ) => {
    const { prompt, toolkit } = Scenarios.byName(scenario)!
    const messages: Array<unknown> = [{ role: "user", content: prompt }]
    const first = await ask(messages, toolkit)
    const ended = await volley(
      ["run", "--echo", "--provider", provider, "--toolkit", bundleOf(scenario), "--timeout", "500 millis"],
      { input: JSON.stringify(first) }
    )
    messages.push(...printed(ended))
    return JSON.stringify(await ask(messages, toolkit))
  }

  const scenarios = [
    ["cities", "New York 9 °C"],
    ["mixed", "I could not get: get_stock, get_reviews, get_delivery, get_warranty."]
  ] as const

  it("lets a loop of three lines play a scenario on openai-chat", () =>
    withSimulator([], async ({ openai }) => {
      for (const [scenario, answer] of scenarios) {
        const said = await loop("openai-chat", scenario, (messages, toolkit) =>
          post(`${openai}/chat/completions`, {}, { model: "gpt-4.1", messages, tools: OpenAiChat.tools(toolkit) }))
        assert.include(said, answer)
      }
    }))

  it("lets a loop of three lines play a scenario on anthropic, its thinking included", () =>
    withSimulator([], async ({ anthropic }) => {
      for (const [scenario, answer] of scenarios) {
        const said = await loop(
          "anthropic",
          scenario,
          (messages, toolkit) =>
            post(`${anthropic}/v1/messages`, { "anthropic-version": "2026-10-21" }, {
              model: "claude-opus-5-5",
              max_tokens: 1024,
              messages,
              tools: AnthropicMessages.tools(toolkit)
            })
        )
        assert.include(said, answer)
      }
    }))
})

describe.concurrent("volley run refuses", () => {
  const turn = JSON.stringify(openAi.sample.body)
  const wire = ["--provider", "openai-chat"]
  const toolkit = ["--toolkit", bundleOf("plain")]
  const good = [...wire, ...toolkit]

  const cases: ReadonlyArray<
    readonly [
      title: string,
      args: ReadonlyArray<string>,
      input: string,
      says: string
    ]
  > = [
    ["empty input", good, "", "standard input is empty"],
    ["input of white space", good, " \n ", "standard input is empty"],
    ["input that is not JSON", good, "Hello!", "standard input is not JSON"],
    ["input of many lines that is not JSON", good, "Hello,\nI am\nno JSON.\n", "standard input is not JSON"],
    ["JSON that is no response", good, "{\"a\": 1}", "is no response of openai-chat"],
    ["JSON that is no object", good, "null", "is no response of openai-chat"],
    ["a request", good, "{\"model\": \"gpt-4.1\", \"messages\": []}", "is no response of openai-chat"],
    ["a response without choices", good, "{\"choices\": []}", "is no response of openai-chat"],
    ["another provider's response", good, JSON.stringify(anthropic.sample.body), "it is one of anthropic"],
    ["the other one's", ["--provider", "anthropic", ...toolkit], turn, "it is one of openai-chat"],
    ["a file that is missing", [...wire, "--toolkit", fixture("nowhere.ts")], turn, "nowhere.ts"],
    ["a folder", [...wire, "--toolkit", fixture(".")], turn, "fixtures"],
    ["a file without default export", [...wire, "--toolkit", fixture("no-default.ts")], turn, "no-default.ts"],
    ["a default export that is no toolkit", [...wire, "--toolkit", fixture("no-toolkit.ts")], turn, "no-toolkit.ts"],
    ["a file with a syntax error", [...wire, "--toolkit", fixture("broken.ts")], turn, "broken.ts"],
    ["a file that throws", [...wire, "--toolkit", fixture("throws.ts")], turn, "DATABASE_URL is not set"],
    ["a toolkit with two tools of one name", [...wire, "--toolkit", bundleOf("twins")], turn, "two tools are called"],
    ["an unknown flag", [...good, "--retry", "3"], turn, "--retry"],
    ["a flag that is misspelt", [...good, "--concurency", "3"], turn, "--concurency"],
    ["an argument", [...good, "response.json"], turn, "response.json"],
    ["a wrong provider", ["--provider", "gpt", ...toolkit], turn, "--provider"],
    ["a timeout that is no duration", [...good, "--timeout", "soon"], turn, "--timeout"],
    ["a timeout below zero", [...good, "--timeout=-1 seconds"], turn, "timeout"],
    ["a deadline that is no duration", [...good, "--deadline", "5 parsecs"], turn, "--deadline"],
    ["a concurrency that is no number", [...good, "--concurrency", "many"], turn, "--concurrency"],
    ["a concurrency of zero", [...good, "--concurrency", "0"], turn, "concurrency"],
    ["a concurrency of one and a half", [...good, "--concurrency", "1.5"], turn, "concurrency"],
    ["no provider", toolkit, turn, "--provider"],
    ["no tools", wire, turn, "--toolkit FILE, --mcp COMMAND, --openapi FILE, or several of them"],
    ["an MCP server that cannot be started", [...wire, "--mcp", "no-such-program -x"], turn, "spawn no-such-program"],
    ["one that ends at once", [...wire, "--mcp", mcpServer("0", "dead")], turn, "no database at hand"],
    ["one of several", [...good, "--mcp", mcpServer(), "--mcp", "no-such-program"], turn, "spawn no-such-program"],
    [
      "one where nobody can be",
      [...wire, "--mcp", "http://127.0.0.1:0/mcp"],
      turn,
      "--mcp \"http://127.0.0.1:0/mcp\""
    ],
    [
      "one whose address has secrets",
      [...wire, "--mcp", "HTTP://ann:hunter2@127.0.0.1:1/mcp?key=hunter2"],
      turn,
      "--mcp \"HTTP://127.0.0.1:1/mcp\": "
    ],
    ["no command for one", [...wire, "--mcp", " "], turn, "--mcp takes a command"],
    ["the same one twice", [...wire, "--mcp", mcpServer(), "--mcp", mcpServer()], turn, "leave one of the two out"]
  ]

  const refused = ({ code, stderr, stdout }: Ended, says: string) => {
    assert.strictEqual(stdout, "")
    assert.match(stderr, /^volley run: [^\n]+\n$/)
    assert.include(stderr, says)
    assert.notInclude(stderr, "hunter2")
    assert.strictEqual(code, 2)
  }

  it.each(cases)("%s, in one line", async (_, args, input, says) => {
    refused(await volley(["run", ...args], { input }), says)
  })

  it.each([
    { how: "in one piece", flags: [] },
    { how: "streamed", flags: ["--stream"] }
  ])("input of more than 64 MiB $how, in one line", async ({ flags }) => {
    // What is a comment to a stream.
    const megabyte = `: ${" ".repeat(1024 * 1024)}\n\n`
    const input = Array.from({ length: 65 }, () => megabyte)
    const ended = await volleyProcess(["run", ...good, ...flags], { input })
    refused(ended, "volley run: standard input has more than 67108864 bytes\n")
  })
})
