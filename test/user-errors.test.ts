import { describe, expect, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Agent, Batch, ChatModel, Tool, ToolCall, Toolkit } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Cause, ConfigProvider, Effect, Exit, Layer, Schema, Stream } from "effect"
import { dirname, join } from "node:path"
import { compileFunction } from "node:vm"
import { dialects } from "../packages/cli/test/support/dialects.ts"
import { type Given, volley, withSimulator } from "../packages/cli/test/support/spawn.ts"

const root = dirname(import.meta.dirname)
const cwd = join(root, "packages/cli/test/fixtures")
const [openAi, anthropic] = dialects

/** One mistake: what somebody does, and what is printed. */
interface Entry {
  readonly title: string
  readonly does: string
  readonly said: string
}

/** Two runs of the same mistake give the same text. */
const stable = (text: string): string =>
  text.replaceAll(root, "…")
    .replaceAll(process.version, "vNODE")
    .replaceAll(/127\.0\.0\.1:\d{4,5}/g, "127.0.0.1:PORT")
    .replaceAll(/\[\d\d:\d\d:\d\d\.\d{3}\]/g, "[TIME]")
    .replaceAll(/\(#\d+\)/g, "(#N)")
    .replaceAll(/(\n {4}at [^\n]+:\d+:\d+\)?)+/g, "\n    at …")
    .trimEnd()

/** Runs a command as it is written, with `VARIABLE=value` before it and ` < file` behind it. */
const command = async (title: string, does: string, given: Given = {}): Promise<Entry> => {
  const [line = "", file] = does.split(" < ")
  const words = Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "")
  const at = words.indexOf("volley")
  const env = Object.fromEntries(words.slice(0, at).map((word) => word.split("=")))
  const input = file === undefined ? undefined : files[file]
  const { code, stderr, stdout } = await volley(words.slice(at + 1), { cwd, env, input, ...given })
  return { title, does: `$ ${does}`, said: `${stdout}${stderr}exit code ${code}` }
}

const turn = openAi.message([{ id: "call_1", name: "double", input: { n: 21 } }])

const files: Readonly<Record<string, string>> = {
  "/dev/null": "",
  "hello.txt": "Hello,\nI am no JSON.\n",
  "object.json": "{\"a\":1}",
  "request.json": JSON.stringify({ model: "gpt-4.1", messages: [] }),
  "refusal.json": JSON.stringify({ error: { message: "Incorrect API key provided", type: "invalid_request_error" } }),
  "openai.json": JSON.stringify(openAi.body(turn, "calls")),
  "anthropic.json": JSON.stringify(anthropic.sample.body),
  "same-ids.json": JSON.stringify(openAi.message([1, 2].map((n) => ({ id: "same", name: "double", input: { n } }))))
}

const commands: ReadonlyArray<readonly [title: string, does: string]> = [
  ["A command that does not exist", "volley play"],
  ["A flag that does not exist", "volley demo --fast"],
  ["A flag that is misspelt", "volley demo --scenari cities"],
  ["A flag without its value", "volley demo --scenario"],
  ["A provider that does not exist", "volley demo --provider gemini"],
  ["A duration that is none", "volley demo --latency long"],
  ["A scenario that does not exist", "volley demo --scenario weather"],
  ["A scenario that has no serial side", "volley demo --scenario mixed --serial"],
  ["A model that does not exist", "volley demo --scenario cities --provider openai-chat --model no-such-model"],
  ["A base URL without a provider", "volley demo --base-url http://localhost:8080"],
  ["No API key", "volley demo --live"],
  ["An empty API key", "ANTHROPIC_API_KEY= volley demo --live --provider anthropic"],
  ["A base URL that is none", "OPENAI_API_KEY=key volley demo --provider openai-chat --base-url localhost"],
  ["A port that is no number", "volley simulate --port http"],
  ["A port that cannot be", "volley simulate --port 99999"],
  ["A scenario that cannot be served", "volley simulate --scenario weather"],
  ["A scenario file that is missing", "volley simulate --scenario nowhere.json"],
  ["A scenario as JSON with a key that means nothing", "volley simulate --scenario broken-scenario.json"],
  ["A scenario file that is no JSON", "volley simulate --scenario comma-scenario.json"],
  ["A scenario file with a syntax error", "volley simulate --scenario broken.ts"],
  ["A scenario file that this Node does not load", "volley simulate --scenario unloaded.tsx"],
  ["A default export that is no scenario", "volley simulate --scenario no-scenario.ts"],
  ["A scenario file without a default export", "volley simulate --scenario no-default.ts"],
  ["A recording where there is no folder", "volley simulate --record nowhere/session.jsonl"],
  ["A recording that is missing", "volley simulate --replay nowhere.jsonl"],
  ["A recording that is none", "volley simulate --replay broken-recording.jsonl"],
  ["An empty recording", "volley simulate --replay empty-recording.jsonl"],
  ["A recording and a scenario", "volley simulate --replay session.jsonl --scenario cities"],
  ["A recorded run that is missing", "volley diff nowhere.jsonl nowhere.jsonl"],
  ["A recorded run that is none", "volley diff broken-recording.jsonl broken-recording.jsonl"],
  ["A run recorded where there is no folder", "volley demo --provider anthropic --serial --record nowhere/run.jsonl"],
  ["No tools", "volley run --provider openai-chat < openai.json"],
  ["No provider", "volley run --toolkit plain.mjs < openai.json"],
  ["A file name in place of standard input", "volley run --provider openai-chat --toolkit plain.mjs openai.json"],
  ["A timeout that is none", "volley run --provider openai-chat --toolkit plain.mjs --timeout soon < openai.json"],
  [
    "A timeout below zero",
    "volley run --provider openai-chat --toolkit plain.mjs \"--timeout=-1 seconds\" < openai.json"
  ],
  [
    "A concurrency that is no number",
    "volley run --provider openai-chat --toolkit plain.mjs --concurrency many < openai.json"
  ],
  ["A concurrency of zero", "volley run --provider openai-chat --toolkit plain.mjs --concurrency 0 < openai.json"],
  ["Empty input", "volley run --provider openai-chat --toolkit plain.mjs < /dev/null"],
  ["Input that is no JSON", "volley run --provider openai-chat --toolkit plain.mjs < hello.txt"],
  ["JSON that is no response", "volley run --provider openai-chat --toolkit plain.mjs < object.json"],
  ["The same for Anthropic", "volley run --provider anthropic --toolkit plain.mjs < object.json"],
  ["A request in place of its response", "volley run --provider openai-chat --toolkit plain.mjs < request.json"],
  ["A provider's refusal", "volley run --provider openai-chat --toolkit plain.mjs < refusal.json"],
  ["Another provider's response", "volley run --provider openai-chat --toolkit plain.mjs < anthropic.json"],
  ["Calls with the same id", "volley run --provider openai-chat --toolkit plain.mjs < same-ids.json"],
  ["A toolkit file that is missing", "volley run --provider openai-chat --toolkit nowhere.ts < openai.json"],
  ["A folder in place of a toolkit file", "volley run --provider openai-chat --toolkit . < openai.json"],
  ["A toolkit file with a syntax error", "volley run --provider openai-chat --toolkit broken.ts < openai.json"],
  [
    "A toolkit file that this Node does not load",
    "volley run --provider openai-chat --toolkit unloaded.tsx < openai.json"
  ],
  ["A toolkit file with an enum", "volley run --provider openai-chat --toolkit enum.ts < openai.json"],
  [
    "A toolkit file that imports what is not installed",
    "volley run --provider openai-chat --toolkit uninstalled.ts < openai.json"
  ],
  ["A toolkit file that throws", "volley run --provider openai-chat --toolkit throws.ts < openai.json"],
  [
    "A toolkit file without a default export",
    "volley run --provider openai-chat --toolkit no-default.ts < openai.json"
  ],
  [
    "A default export that is no toolkit",
    "volley run --provider openai-chat --toolkit no-toolkit.ts < openai.json"
  ],
  ["A toolkit file with two tools of one name", "volley run --provider openai-chat --toolkit twins.ts < openai.json"],
  ["An MCP server that is not installed", "volley run --provider openai-chat --mcp \"no-such-server\" < openai.json"],
  ["A tool whose service is missing", "volley run --provider openai-chat --toolkit needy.ts < openai.json"],
  ["A tool without a handler", "volley run --provider openai-chat --toolkit unhandled.ts < openai.json"]
]

/** Commands that need somebody who listens. */
const againstSimulator = () =>
  withSimulator([], (urls) => {
    const { port } = new URL(urls.openai)
    return Promise.all([
      command("A port in use", `volley simulate --port ${port}`)
        .then((entry) => ({ ...entry, does: entry.does.replace(port, "PORT") })),
      command(
        "A wrong API key, OpenAI",
        `OPENAI_API_KEY=invalid volley demo --provider openai-chat --base-url ${urls.openai}`
      ),
      command(
        "A wrong API key, Anthropic",
        `ANTHROPIC_API_KEY=invalid volley demo --provider anthropic --base-url ${urls.anthropic}`
      ),
      command(
        "The base URL of another provider",
        `OPENAI_API_KEY=key volley demo --provider openai-chat --base-url ${urls.anthropic}`
      )
    ])
  })

/** Commands that need a port where nobody listens: one that was free a moment ago. */
const againstNobody = async () => {
  const urls = await withSimulator([], (urls) => Promise.resolve(urls))
  return Promise.all([
    command(
      "A base URL where nobody listens, OpenAI",
      `OPENAI_API_KEY=key volley demo --provider openai-chat --base-url ${urls.openai}`
    ),
    command(
      "A base URL where nobody listens, Anthropic",
      `ANTHROPIC_API_KEY=key volley demo --provider anthropic --base-url ${urls.anthropic}`
    ),
    command(
      "An MCP server where nobody listens",
      `volley run --provider openai-chat --mcp ${urls.anthropic} < openai.json`
    )
  ])
}

const definition = { description: "The weather of a city.", success: Schema.Unknown, execute: () => Effect.succeed(3) }

/** What the code below may speak of. */
const scope = {
  Agent,
  AnthropicMessages,
  Batch,
  ChatModel,
  Effect,
  Layer,
  OpenAiChat,
  Schema,
  Tool,
  Toolkit,
  calls: [ToolCall.make({ id: "call_1", name: "get_weather" })],
  definition,
  toolkit: Toolkit.make(Tool.make("get_weather", { ...definition, parameters: Schema.Struct({}) })),
  weather: Tool.make("get_weather", { ...definition, parameters: Schema.Struct({}) })
}

const codes: ReadonlyArray<readonly [title: string, does: string]> = [
  ["Two tools of one name", "Toolkit.make(weather, weather)"],
  ["Two toolkits with a tool of one name", "Toolkit.merge(toolkit, toolkit)"],
  ["A list in place of tools", "Toolkit.make([weather])"],
  ["A toolkit of what is no tool", "Toolkit.make(definition)"],
  ["A list in place of a toolkit", "Effect.promise(() => Batch.runPromise([weather], calls))"],
  ["An agent without a model", `Effect.promise(() => Agent.runPromise({ toolkit, prompt: "Weather?" }))`],
  ["Parameters that are text", `Tool.make("get_weather", { ...definition, parameters: Schema.String })`],
  [
    "Parameters that are one of two structs",
    `Tool.make("get_weather", { ...definition, parameters: Schema.Union([Schema.Struct({ city: Schema.String }), Schema.Struct({ zip: Schema.Int })]) })`
  ],
  [
    "A raw JSON Schema that is no object",
    `Tool.fromJsonSchema("get_weather", { ...definition, parameters: { type: "array" } })`
  ],
  [
    "A raw JSON Schema with a keyword that cannot be checked",
    `Tool.fromJsonSchema("get_weather", { ...definition, parameters: { type: "object", if: {}, then: {} } })`
  ],
  [
    "A raw JSON Schema that refers to another file",
    `Tool.fromJsonSchema("get_weather", { ...definition, parameters: { type: "object", properties: { city: { $ref: "city.json" } } } })`
  ],
  [
    "A tool with a timeout that is none",
    `Tool.make("get_weather", { ...definition, parameters: Schema.Struct({}), timeout: "soon" })`
  ],
  [
    "A tool with a timeout below zero",
    `Tool.make("get_weather", { ...definition, parameters: Schema.Struct({}), timeout: -1 })`
  ],
  [
    "A tool without a name",
    `Tool.make("", { ...definition, parameters: Schema.Struct({}) })`
  ],
  ...[
    "concurrency: 0",
    "concurrency: 1.5",
    "concurrency: Infinity",
    "timeout: -1",
    "timeout: \"2 secnds\"",
    "deadline: Number.NaN",
    "maxCalls: -1",
    "maxResultBytes: -1",
    "maxMessageBytes: 0.5"
  ].map((option) => [`A batch with ${option}`, `Batch.run(toolkit, calls, { ${option} })`] as const),
  ["An agent without a turn", `Agent.run({ toolkit, prompt: "Weather?", maxRounds: -1 })`],
  ["A layer without its API key", `Layer.build(OpenAiChat.layerConfig({ model: "gpt-4.1" }))`],
  ["The same for Anthropic", `Layer.build(AnthropicMessages.layerConfig({ model: "claude-opus-5-5" }))`],
  [
    "A layer whose API key is undefined",
    `Effect.provide(Agent.run({ toolkit, prompt: "Weather?" }), OpenAiChat.layer({ model: "gpt-4.1", apiKey: undefined }))`
  ]
]

/** Nobody can know what an evaluated effect needs; it is given what the examples use. */
const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => Effect.isEffect(value)

/** Evaluates code; what it gives is run where it is an Effect. */
const code = async (title: string, does: string): Promise<Entry> => {
  const exit = await Effect.runPromiseExit(
    Effect.suspend(() => {
      const value: unknown = compileFunction(`return ${does}`, Object.keys(scope))(...Object.values(scope))
      return isEffect(value) ? value : Effect.succeed(value)
    }).pipe(
      Effect.scoped,
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({})),
      Effect.provideService(ChatModel.ChatModel, { generate: () => Effect.never, stream: () => Stream.never })
    )
  )
  const said = Exit.isSuccess(exit) ? "(nothing: it is accepted)" : String(Cause.squash(exit.cause))
  return { title, does: `> ${does}`, said }
}

const inTurns = async <A, B>(items: ReadonlyArray<A>, run: (item: A) => Promise<B>): Promise<ReadonlyArray<B>> =>
  Effect.runPromise(Effect.forEach(items, (item) => Effect.promise(() => run(item)), { concurrency: 4 }))

const section = (title: string, entries: ReadonlyArray<Entry>): string =>
  `## ${title}\n\n${entries.map(show).join("\n")}`

const show = ({ does, said, title }: Entry): string =>
  `### ${title}\n\n\`\`\`text\n${stable(does)}\n${stable(said)}\n\`\`\`\n`

describe("What a user can do wrong", () => {
  it("is answered as test/user-errors.md shows", async () => {
    const printed = await inTurns(commands, ([title, does]) => command(title, does))
    const served = await Promise.all([againstSimulator(), againstNobody()])
    const thrown = await inTurns(codes, ([title, does]) => code(title, does))
    const page = [
      "# What a user can do wrong, and what is said then\n",
      "Written by `test/user-errors.test.ts`; `npm test -- -u` writes it anew. To be read as a newcomer: does each text say",
      "what, where, and what to do?\n",
      section("On the command line", [...printed, ...served.flat()]),
      section("In code", thrown)
    ]
    await expect(page.join("\n")).toMatchFileSnapshot("user-errors.md")
  })
})
