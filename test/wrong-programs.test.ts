/**
 * What the compiler says of programs that are wrong, on its first line, which is what people read; and what plain JavaScript
 * throws for the same mistake.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Core from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { ScriptedModel } from "@volley/testing"
import * as Effects from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { compileFunction } from "node:vm"
import * as valibot from "valibot"
import { afterAll, beforeAll } from "vitest"
import { z } from "zod"

const root = dirname(import.meta.dirname)
const folder = join(import.meta.dirname, ".tmp/wrong-programs")

const imports = [
  `import { Access, Agent, Batch, Pipeline, Tool, Toolkit } from "@volley/core"`,
  `import { OpenAiChat } from "@volley/openai"`,
  `import { ScriptedModel } from "@volley/testing"`,
  `import { Context, Effect, Schema } from "effect"`,
  `import * as valibot from "valibot"`,
  `import { z } from "zod"`
].join("; ")

/** The same for JavaScript that is evaluated. */
const imported = { ...Core, ...Effects, OpenAiChat, ScriptedModel, valibot, z }

/** What the programs have in common; it stands on the first line of each. */
const before = [
  `class Db extends Context.Service<Db, number>()("Db") {}`,
  `class NoCity extends Schema.TaggedError<NoCity>()("NoCity", { city: Schema.String }) {}`,
  `const description = "Says how warm a city is. The city comes from the user."`,
  `const parameters = Schema.Struct({ city: Schema.String })`,
  `const success = Schema.Struct({ celsius: Schema.Finite })`,
  `const said = { description, parameters, success }`,
  `const warm = Tool.make("warm", { ...said, execute: () => Effect.succeed({ celsius: 18 }) })`,
  `const needy = Tool.make("needy", { ...said, execute: () => Effect.map(Db, (celsius) => ({ celsius })) })`,
  `const later = Toolkit.make(Tool.make("later", said), warm)`,
  `const model = ScriptedModel.layer([])`
].join("; ")

/**
 * A program that is wrong.
 *
 * - `says`: parts of the first line that the compiler prints
 * - `throws`: part of what it throws in plain JavaScript; left out where only a call would show the mistake
 */
interface Wrong {
  readonly program: string
  readonly says: ReadonlyArray<string>
  readonly throws?: string
}

const missing = {
  description: "`description` is missing: say what the tool does, which inputs it needs and where they come from",
  parameters: "`parameters` is missing: give a schema of the arguments, such as Schema.Struct({ city: Schema.String })",
  success: "`success` is missing: give a schema of the result, such as Schema.String, or Schema.Void",
  execute: "`execute` is missing, or no function: give one that takes the parameters of a call"
}
const unnamed = "A tool needs a name and then a definition: write (\"get_weather\", { description, parameters, ... })."
const promise = "gives a promise: make this tool with Tool.fromFunction, which takes async functions"
const generator = "is a generator: write it as Effect.fn(function*(parameters) { ... })"
const plain = "gives no Effect: write Effect.succeed(value), or make this tool with Tool.fromFunction"
const gives = "gives something else than `success` says: change one of the two; a literal may need `as const`"
const forOthers = "SchemaOfEffect<\"schemas of zod and other libraries go into Tool.fromFunction\">"
const noModel = "`model` is missing, or no Layer: give one, such as OpenAiChat.layer({ model, apiKey })"
const fails = "fails with something else than `failure` says: add that error to `failure`, or catch it"

const such = "such as `5 seconds`, or a number of milliseconds"
const noToolkit = "Toolkit.make(...tools) makes a toolkit"

const same = (program: string, says: string): Wrong => ({ program, says: [says], throws: says })
const told = (program: string, ...says: ReadonlyArray<string>): Wrong => ({ program, says })

const programs: Readonly<Record<string, Wrong>> = {
  "a name inside the definition": {
    program: `Tool.make({ name: "t", ...said })`,
    says: ["Expected 2 arguments, but got 1."],
    throws: unnamed
  },
  "a name that is empty": {
    program: `Tool.fromFunction("", { ...said, execute: async () => ({ celsius: 18 }) })`,
    says: ["it compiles"],
    throws: unnamed
  },
  "no description": same(
    `Tool.make("t", { parameters, success, execute: ({ city }) => Effect.succeed({ celsius: city.length }) })`,
    missing.description
  ),
  "no parameters": same(`Tool.make("t", { description, success })`, missing.parameters),
  "no success": same(
    `Tool.make("t", { description, parameters, execute: Effect.fn(function*({ city }) { return city }) })`,
    missing.success
  ),
  "a result with a wrong field": told(
    `Tool.make("t", { ...said, execute: ({ city }) => Effect.succeed({ celsius: city }) })`,
    "`execute` " + gives
  ),
  "a result without a field": told(
    `Tool.make("t", { ...said, execute: () => Effect.succeed({}) })`,
    "`execute` " + gives
  ),
  "a literal that there is not": told(
    `Tool.make("t", { ...said, success: Schema.Literals(["warm", "cold"]), execute: ({ city }) => Effect.succeed(city === "Oslo" ? "cold" : "hot") })`,
    "`execute` " + gives,
    "\"cold\" | \"hot\""
  ),
  "a literal that the compiler takes for any text": told(
    `Tool.make("t", { ...said, success: Schema.Struct({ is: Schema.Literals(["warm", "cold"]) }), execute: Effect.fn(function*() { return { is: "warm" } }) })`,
    "`execute` " + gives
  ),
  "an error that is not declared": told(
    `Tool.make("t", { ...said, execute: ({ city }) => new NoCity({ city }) })`,
    "`execute` " + fails,
    "NoCity"
  ),
  "another error than is declared": told(
    `Tool.make("t", { ...said, failure: Schema.Literal("no city"), execute: Effect.fn(function*({ city }) { return yield* new NoCity({ city }) }) })`,
    "`execute` " + fails,
    "NoCity"
  ),
  "an async function": same(
    `Tool.make("t", { ...said, execute: async () => ({ celsius: 18 }) })`,
    "`execute` " + promise
  ),
  "a promise": told(
    `Tool.make("t", { ...said, execute: () => Promise.resolve({ celsius: 18 }) })`,
    "`execute` " + promise
  ),
  "a bare generator": same(
    `Tool.make("t", { ...said, execute: function*() { return { celsius: 18 } } })`,
    "`execute` " + generator
  ),
  "a bare value": told(`Tool.make("t", { ...said, execute: () => ({ celsius: 18 }) })`, "`execute` " + plain),
  "a parameter that there is not": told(
    `Tool.make("t", { ...said, execute: ({ town }) => Effect.succeed({ celsius: town.length }) })`,
    "Property 'town' does not exist on type '{ readonly city: string; }'"
  ),
  "a parameter that there is not, in Effect.fn": told(
    `Tool.make("t", { ...said, execute: Effect.fn(function*({ town }) { return { celsius: town.length } }) })`,
    "Property 'town' does not exist on type '{ readonly city: string; }'"
  ),
  "an option that is misspelt": {
    program: `Tool.make("t", { ...said, readonly: true })`,
    says: ["'readonly' does not exist in type 'ToolDefinition<", "Did you mean to write 'readOnly'?"],
    throws: "there is no option `readonly`: write `readOnly`"
  },
  "a handler that is misspelt": {
    program: `Tool.make("t", { ...said, exekute: () => Effect.succeed({ celsius: 18 }) })`,
    says: ["'exekute' does not exist in type 'ToolDefinition<", "Did you mean to write 'execute'?"],
    throws: "there is no option `exekute`: write `execute`"
  },
  "fields in place of a schema": {
    program: `Tool.make("t", { ...said, parameters: { city: Schema.String } })`,
    says: ["'city' does not exist in type 'SchemaOfEffect<"],
    throws: "`parameters` is no schema, but an object of schemas: write Schema.Struct({ ... })"
  },
  "a schema of zod": {
    program: `Tool.make("t", { ...said, parameters: z.object({ city: z.string() }) })`,
    says: [forOthers],
    throws: "`parameters` is a schema of zod: make this tool with Tool.fromFunction"
  },
  "a schema of zod for the result, and an async function": {
    program:
      `Tool.make("t", { ...said, success: z.object({ celsius: z.number() }), execute: async () => ({ celsius: 18 }) })`,
    says: [forOthers],
    throws: "`success` is a schema of zod: make this tool with Tool.fromFunction"
  },
  "a schema of valibot": {
    program: `Tool.make("t", { ...said, parameters: valibot.object({ city: valibot.string() }) })`,
    says: [forOthers],
    throws: "`parameters` is a schema of valibot: make this tool with Tool.fromFunction"
  },
  "a time that is none": {
    program: `Tool.make("t", { ...said, timeout: "2 secnds" })`,
    says: [`Type '"2 secnds"' is not assignable to type 'Time<"${such}"> | Input | undefined'`],
    throws: "`timeout` is \"2 secnds\": give a duration such as \"2 seconds\""
  },
  "a time that is none, of a batch": {
    program: `Batch.runPromise(Toolkit.make(warm), [], { timeout: "2 secnds" })`,
    says: [`Type '"2 secnds"' is not assignable to type '"unbounded" | Time<"${such}"> | Input | undefined'`],
    throws: "timeout is \"2 secnds\": give a duration such as \"2 seconds\", or \"unbounded\""
  },
  "a list in place of tools": same(`Toolkit.make([warm])`, "write Toolkit.make(...tools) for a list of tools"),
  "an agent without a model": same(
    `Agent.runPromise({ toolkit: Toolkit.make(warm), prompt: "How warm is it?" })`,
    noModel
  ),
  "an agent with the name of a model": {
    program: `Agent.runPromise({ toolkit: Toolkit.make(warm), prompt: "How warm is it?", model: "gpt-4.1" })`,
    says: ["Type 'string' is not assignable to type 'Layer<ChatModel, unknown, never>'"],
    throws: noModel
  },
  "events of an agent without a model": same(
    `Agent.iterate({ toolkit: Toolkit.make(warm), prompt: "How warm is it?" })`,
    noModel
  ),
  "an option of an agent that is misspelt": {
    program: `Agent.runPromise({ toolkit: Toolkit.make(warm), prompt: "", model, maxRound: 3 })`,
    says: ["'maxRound' does not exist in type '", "Did you mean to write 'maxRounds'?"],
    throws: "there is no option `maxRound`: write `maxRounds`"
  },
  "an API key that is a number": {
    program: `OpenAiChat.layer({ model: "gpt-4.1", apiKey: 17 })`,
    says: ["Type 'number' is not assignable to type 'string | Redacted<string>'"]
  },
  "a handler that is missing": same(`Toolkit.toLayer(later, {})`, "there is no handler for later: add one"),
  "a handler of a name that no tool has": same(
    `Toolkit.toLayer(later, { later: () => Effect.succeed({ celsius: 18 }), lather: () => Effect.succeed({ celsius: 18 }) })`,
    "no tool without `execute` is called lather: take the handler out, or correct its name"
  ),
  "a handler that is an async function": same(
    `Toolkit.toLayer(later, { later: async ({ city }) => ({ celsius: city.length }) })`,
    "the handler of later " + promise
  ),
  "a handler with a wrong result": told(
    `Toolkit.toLayer(later, { later: ({ city }) => Effect.succeed({ celsius: city }) })`,
    "the handler of later " + gives
  ),
  "a handler with an error that is not declared": told(
    `Toolkit.toLayer(later, { later: Effect.fn(function*({ city }) { return yield* new NoCity({ city }) }) })`,
    "the handler of later " + fails
  ),
  "two tools of one name": {
    program: `Toolkit.make(warm, warm)`,
    says: ["two tools are called warm"],
    throws: "two tools are called \"warm\"; rename one of them"
  },
  "a service that is missing": told(
    `Effect.runPromise(Batch.run(Toolkit.make(needy), []))`,
    "Effect<Settled<",
    ", never, Db>'"
  ),
  "a service that is missing, with promises": told(
    `Batch.runPromise(Toolkit.make(needy), [])`,
    "these tools need services: give them theirs first, by Toolkit.provide(toolkit, layer)"
  ),
  "a handler that is missing, with promises": same(
    `Batch.runPromise(later, [])`,
    "these tools need services: give them theirs first, by Toolkit.provide(toolkit, layer)"
  ),
  "a reference of a wrong type": told(
    `Pipeline.make((call) => ({ a: call(warm, { city: call(warm, { city: "Oslo" }) }) }))`,
    "Input<string>"
  ),
  "an argument that there is not, in a pipeline": told(
    `Pipeline.make((call) => ({ a: call(warm, { city: "Oslo", town: "Oslo" }) }))`,
    "there is no parameter called town: take it out, or correct its name"
  ),
  "a function without a description": same(
    `Tool.fromFunction("t", { parameters, execute: async ({ city }) => city })`,
    missing.description
  ),
  "a function that is left out": same(`Tool.fromFunction("t", { description, parameters })`, missing.execute),
  "a function with a wrong result": told(
    `Tool.fromFunction("t", { ...said, execute: async ({ city }) => ({ celsius: city }) })`,
    "`execute` " + gives
  ),
  "a function that gives an Effect": told(
    `Tool.fromFunction("t", { ...said, execute: () => Effect.succeed({ celsius: 18 }) })`,
    "`execute` gives an Effect: make this tool with Tool.make"
  ),
  "a function that gives no promise": told(
    `Tool.fromFunction("t", { ...said, execute: () => ({ celsius: 18 }) })`,
    "`execute` gives no promise: write it as an async function"
  ),
  "the fields of an object in place of its schema": {
    program:
      `Tool.fromFunction("t", { description, parameters: { city: z.string() }, execute: async ({ city }) => city })`,
    says: ["an object of schemas is none: write z.object({ ... }), or the same of your library"],
    throws: "`parameters` is no schema, but an object of schemas: write z.object({ ... })"
  },
  "a failure that is not the one of its schema": told(
    `Tool.fromFunction("t", { ...said, failure: z.object({ code: z.literal("a") }), catch: () => ({ code: "b" }), execute: async () => ({ celsius: 18 }) })`,
    "`catch` gives something else than `failure` says: change one of the two"
  ),
  "a failure that comes later": told(
    `Tool.fromFunction("t", { ...said, failure: z.object({ code: z.literal("a") }), catch: async () => ({ code: "a" }), execute: async () => ({ celsius: 18 }) })`,
    "`catch` gives a promise: make the failure at once, without async and await"
  ),
  "a failure without a schema": same(
    `Tool.fromFunction("t", { ...said, catch: () => ({ code: "a" }), execute: async () => ({ celsius: 18 }) })`,
    "`catch` makes failures, and nothing says which: give a schema of them as `failure`"
  ),
  "a schema of failures that nothing makes": same(
    `Tool.fromFunction("t", { ...said, failure: z.object({ code: z.string() }), execute: async () => ({ celsius: 18 }) })`,
    "nothing makes a failure: give `catch`, which makes one of what was thrown, or an error class as `failure`"
  ),
  "one access in place of a list": {
    program: `Tool.make("t", { ...said, access: Access.write("a") })`,
    says: ["Type 'Access' is not assignable to type 'readonly Access[] | ((parameters: "],
    throws: "`access` is no list of accesses: write [Access.read(\"orders\")], or a function that gives a list"
  },
  "a tool in place of a toolkit": {
    program: `Batch.runPromise(warm, [])`,
    says: [noToolkit],
    throws: "this is no toolkit: give what Toolkit.make(...tools) makes"
  },
  "a list in place of a toolkit, for an agent": {
    program: `Agent.runPromise({ toolkit: [warm], prompt: "", model })`,
    says: [noToolkit],
    throws: "this is no toolkit: give what Toolkit.make(...tools) makes"
  },
  "an agent without a prompt": same(
    `Agent.runPromise({ toolkit: Toolkit.make(warm), model })`,
    "`prompt` is missing: give what to ask, as text, or a conversation"
  ),
  "a bound of batches beside those of an agent": {
    program: `Agent.runPromise({ toolkit: Toolkit.make(warm), prompt: "", model, concurrency: 3 })`,
    says: ["'concurrency' does not exist in type '"],
    throws: "there is no option `concurrency`: write it inside `batch`, as in batch: { concurrency }"
  },
  "a bound that is misspelt": {
    program: `Batch.runPromise(Toolkit.make(warm), [], { concurency: 3 })`,
    says: ["'concurency' does not exist in type 'PromiseOptions'", "Did you mean to write 'concurrency'?"],
    throws: "there is no option `concurency`: write `concurrency`"
  }
}

/** Handlers whose literals the compiler keeps; those of a generator, and of a function that takes nothing, need `as const`. */
const literals = [
  `const is = Schema.Literals(["warm", "cold"]); const struct = Schema.Struct({ is })`,
  `export const a = Tool.make("t", { ...said, success: is, execute: Effect.fn(function*() { return "warm" as const }) })`,
  `export const b = Tool.make("t", { ...said, success: struct, execute: ({ city }) => Effect.succeed({ is: city === "" ? "cold" : "warm" }) })`,
  `export const c = Tool.make("t", { ...said, success: struct, execute: Effect.fn(function*() { return { is: "warm" as const } }) })`,
  `export const d = Tool.fromFunction("t", { ...said, success: struct, execute: async ({ city }) => ({ is: city === "" ? "cold" : "warm" }) })`,
  `export const f = Tool.fromFunction("t", { ...said, failure: z.object({ code: z.literal("a") }), catch: () => ({ code: "a" }), execute: async () => ({ celsius: 18 }) })`,
  `export const g = Tool.fromFunction("t", { ...said, failure: z.object({ all: z.array(z.enum(["a", "b"])) }), catch: () => ({ all: ["a"] }), execute: async () => ({ celsius: 18 }) })`,
  `export const h = Tool.fromFunction("t", { ...said, failure: NoCity, catch: () => new NoCity({ city: "" }), execute: async () => ({ celsius: 18 }) })`,
  `export const i = Tool.fromFunction("t", { ...said, failure: Schema.Literals(["a", "b"]), catch: () => "a", execute: async () => ({ celsius: 18 }) })`,
  `export const j = Tool.fromFunction("t", { ...said, failure: "message", catch: () => new Error("a"), execute: async () => ({ celsius: 18 }) })`,
  `export const e = Tool.fromFunction("t", { ...said, success: z.object({ is: z.enum(["warm", "cold"]) }), execute: async ({ city }) => ({ is: city === "" ? "cold" : "warm" }) })`
].join("\n")

/** What a function may be made a tool with. */
const taken = [
  `type Loose = Record<string, any>; type Code = "a" | "b"; interface Listed { code: Code; all: Array<string> }`,
  `const make = { description, execute: async () => 1 }; const fails = { ...make, parameters }`,
  `export const k = (parameters: Loose) => Tool.fromFunction("t", { ...make, parameters })`,
  `export const l = (parameters: { type: "object"; [key: string]: unknown }) => Tool.fromFunction("t", { ...make, parameters })`,
  `export const m = Tool.fromFunction("t", { ...make, parameters: { type: "object", additionalProperties: z.toJSONSchema(z.string()) } })`,
  `export const n = <P extends z.ZodType>(parameters: P) => Tool.fromFunction("t", { ...make, parameters })`,
  `export const o = <P extends Schema.Codec<unknown>>(parameters: P) => Tool.fromFunction("t", { ...make, parameters })`,
  `export const p = <F extends z.ZodType>(failure: F, of: (e: unknown) => z.input<F>) => Tool.fromFunction("t", { ...fails, failure, catch: of })`,
  `export const q = Tool.fromFunction("t", { ...fails, failure: z.json(), catch: () => ({ all: ["a", { code: null }] }) })`,
  `export const r = Tool.fromFunction("t", { ...fails, failure: z.custom<Listed>(), catch: () => ({ code: "a", all: ["a"] }) })`,
  `export const s = (of: (() => Code) | undefined) => Tool.fromFunction("t", { ...fails, failure: z.enum(["a", "b"]), catch: of })`
].join("\n")

const names = Object.keys(programs)
const fileOf = (name: string) => `${name.replaceAll(/[^a-z]+/gi, "-")}.ts`

/** The first line that the compiler prints of each file. */
const firstLines = (): ReadonlyMap<string, string> => {
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false", "--checkers", "1"], {
    cwd: folder,
    encoding: "utf8"
  })
  const found = new Map<string, string>()
  for (const line of stdout.split("\n")) {
    const [, file, text] = /^([\w-]+\.ts)\(\d+,\d+\): error (.*)$/.exec(line) ?? []
    if (file !== undefined && text !== undefined && !found.has(file)) found.set(file, text)
  }
  return found
}

const rejectionOf = (program: () => Promise<unknown>): Promise<string> =>
  program().then(() => "nothing is thrown", (error) => String(error))

describe("a wrong program", () => {
  let lines: ReadonlyMap<string, string> = new Map()
  beforeAll(() => {
    mkdirSync(folder, { recursive: true })
    const config = {
      extends: "../../../tsconfig.check.json",
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts"],
      references: []
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    for (const name of names) {
      writeFileSync(
        join(folder, fileOf(name)),
        `${imports}; ${before}\nexport const wrong = ${programs[name]?.program}\n`
      )
    }
    writeFileSync(
      join(folder, "right.ts"),
      `${imports}; ${before}\nexport const right = Batch.run(later, [])\n${literals}\n${taken}\n`
    )
    lines = firstLines()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("is one only for its mistake", () => {
    assert.isUndefined(lines.get("right.ts"))
    assert.isAtLeast(names.length, 25)
  })

  it.each(names)("is told what is wrong, and what to do, on the first line: %s", (name) => {
    const line = lines.get(fileOf(name)) ?? "it compiles"
    for (const part of programs[name]?.says ?? []) assert.include(line, part)
  })

  it.each(names.filter((name) => programs[name]?.throws !== undefined))(
    "throws the same words in JavaScript: %s",
    async (name) => {
      const js = before.replaceAll(/<\w+(?:, \w+)?>/g, "")
      const run = compileFunction(`${js}\nreturn ${programs[name]?.program}`, Object.keys(imported))
      assert.include(await rejectionOf(async () => run(...Object.values(imported))), programs[name]?.throws ?? "")
    }
  )
})
