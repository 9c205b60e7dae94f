import { assert, describe, it } from "@effect/vitest"
import * as Anthropic from "@volley/anthropic"
import * as Cluster from "@volley/cluster"
import * as Core from "@volley/core"
import * as Durable from "@volley/durable"
import * as EffectAi from "@volley/effect-ai"
import * as Google from "@volley/google"
import * as JsonSchema from "@volley/json-schema"
import * as Mcp from "@volley/mcp"
import * as OpenAi from "@volley/openai"
import * as OpenApi from "@volley/openapi"
import * as Simulator from "@volley/simulator"
import * as Telemetry from "@volley/telemetry"
import * as Testing from "@volley/testing"
import { join } from "node:path"
import { beforeAll } from "vitest"
import { hovers } from "./hover.ts"

const packages: Readonly<Record<string, object>> = {
  anthropic: Anthropic,
  cluster: Cluster,
  core: Core,
  durable: Durable,
  "effect-ai": EffectAi,
  google: Google,
  "json-schema": JsonSchema,
  mcp: Mcp,
  openai: OpenAi,
  openapi: OpenApi,
  simulator: Simulator,
  telemetry: Telemetry,
  testing: Testing
}

/** What people meet first, and its fields. */
const fields = {
  "Batch.Settled<Tool.Any>": ["outcomes", "pending", "strays"],
  "Batch.Dispatched<Tool.Any, never>": ["end"],
  "Batch.Stray": ["call", "await"],
  "Extract<Batch.CallEvent, { _tag: \"CallRetried\" }>": ["at", "call", "parent", "attempt", "reason"],
  "core.Outcome.Outcome": ["name", "call", "result", "encoded", "json", "media", "startedAt", "endedAt", "attempts"],
  "core.ToolCall.ToolCall": ["id", "name", "arguments", "index", "status", "uncertain", "inside"],
  "core.Usage.Usage": ["input", "output", "cached", "cacheWrite", "reasoning"],
  "core.ChatModel.Turn": ["message", "finish", "usage", "problem", "model"],
  "core.Pipeline.Settled<{}>": ["steps", "outcomes", "strays"],
  "Agent.Round<Tool.Any>": ["turn", "settled"],
  "Agent.Ended<Tool.Any>": ["answer", "output", "finish", "limited", "rounds", "usage", "cost", "conversation"],
  "Agent.Nested": ["path", "event"]
}

/** A package as code names it. */
const spelled = (name: string) => name.replace("-", "_")

/** Every value that the packages give, as code that names it. */
const names = Object.entries(packages).flatMap(([name, modules]) =>
  Object.entries(modules).flatMap(([module, values]) =>
    typeof values === "object" && values !== null
      ? Object.keys(values).map((value) => `${spelled(name)}.${module}.${value}`)
      : []
  )
)

/** Programs as people write them, and the types of what they make. */
const programs = {
  "const made = Tool.make(\"t\", said)": "Tool.Handler<\"t\">",
  "const needs = Tool.make(\"t\", { ...said, execute: Effect.fn(function*() { return yield* Db }) })":
    "Schema.Int, Schema.Never, Db, false>",
  "const fun = Tool.fromFunction(\"t\", { description: \"\", parameters, execute: async ({ city }) => city.length })":
    "Schema.Codec<number, Schema.Json, never, never>, Schema.Never, never, false>",
  "const layer = Toolkit.toLayer(later, { t: () => Effect.succeed(1) })": "Layer<Tool.Handler<\"t\">, never, never>",
  "const batch = Batch.run(later, [])": ", never, Tool.Handler<\"t\">>",
  "const agent = Agent.run({ toolkit: later, prompt: \"\" })": "Tool.Handler<\"t\">>",
  "const events = Agent.stream({ toolkit: later, prompt: \"\" })": "Tool.Handler<\"t\">>",
  "const kept = durable.Durable.agent(\"t\", { toolkit: later })": "Tool.Handler<\"t\">",
  "const inner = Agent.asTool(\"t\", { description: \"\", toolkit: later })": "Tool.Handler<\"t\">, false>"
}

const head = [
  ...Object.keys(packages).map((name) => `import * as ${spelled(name)} from "@volley/${name}"`),
  `import { Agent, Batch, Tool, Toolkit } from "@volley/core"`,
  `import { Context, Effect, Schema } from "effect"`,
  `class Db extends Context.Service<Db, number>()("Db") {}`,
  `const parameters = Schema.Struct({ city: Schema.String })`,
  `const said = { description: "", parameters, success: Schema.Int }`,
  `const later = Toolkit.make(Tool.make("t", said))`
]
const declared = Object.keys(fields).map((type, at) => `declare const f${at}: ${type}`)
const uses = Object.values(fields).flatMap((names, at) => names.map((name) => `f${at}.${name}`))
const lines = [...names.map((name, index) => `const n${index} = ${name}`), ...Object.keys(programs)]

describe("An editor's hover", () => {
  let shown: ReadonlyArray<string>
  let said: ReadonlyArray<string>

  // Nearly all of the time goes by until a server has read the packages.
  beforeAll(async () => {
    const places = [
      ...lines.map((_, index) => ({ line: head.length + index, character: "const ".length })),
      ...uses.map((use, at) => ({ line: head.length + lines.length + declared.length + at, character: use.length - 1 }))
    ]
    const all = await hovers(
      join(import.meta.dirname, "hovered.ts"),
      [...head, ...lines, ...declared, ...uses].join("\n"),
      places
    )
    shown = all.slice(0, lines.length)
    said = all.slice(lines.length)
  })

  it("names every parameter, and shows what is needed as the names of it", () => {
    assert.isAbove(names.length, 300)
    for (const [index, text] of shown.entries()) {
      assert.match(text, /^const /, lines[index])
      assert.notMatch(text, /\b(args_|__)\d/, lines[index])
    }
    for (const [index, part] of Object.values(programs).entries()) {
      const text = shown[names.length + index] ?? ""
      assert.include(text, part)
      assert.notMatch(text, /\b(Needs|AgentTool|FunctionTool|SchemaServices)</)
    }
  })

  it("says what each field is that people meet first", () => {
    // A sentence ends what is shown; a type ends with no full stop.
    assert.deepStrictEqual(uses.filter((_, at) => !/^\(property\).*\.$/s.test(said[at] ?? "")), [])
  })
})
