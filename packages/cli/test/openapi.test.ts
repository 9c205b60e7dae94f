import { assert, describe, it } from "@effect/vitest"
import { Batch, ToolCall } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect } from "effect"
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import * as Echo from "../../openapi/test/echo.ts"
import { dialects } from "./support/dialects.ts"
import { bundled, volley } from "./support/spawn.ts"

const [openAi = assert.fail("there is no such wire")] = dialects.filter(({ name }) => name === "openai-chat")

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-openapi-")))
afterAll(() => rmSync(folder, { recursive: true }))

const id = { name: "id", in: "path", required: true, schema: { type: "string" } }
const security = [{ key: [] }]
const document = (url?: string) => ({
  openapi: "3.0.3",
  info: { title: "Pets", version: "1" },
  ...(url !== undefined && { servers: [{ url }] }),
  paths: {
    "/pets/{id}": {
      parameters: [id],
      get: { operationId: "pets/get", security, responses: {} },
      delete: { operationId: "pets/drop", responses: {} }
    },
    "/trace": { trace: { operationId: "trace", responses: {} } }
  },
  components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } }
})

/** Writes a document into a file, and gives its path. */
const fileOf = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content))
  return path
}

const wanted = [["pets/get", { id: "7" }], ["pets/drop", { id: "8" }]] as const

const input = JSON.stringify(
  openAi.message(
    wanted.map(([name, args], at) => ({ id: `call_${at}`, name: name.replace("/", "_"), input: args }))
  )
)

/** What a model reads of both calls. */
const run = (...flags: ReadonlyArray<string>) =>
  Effect.map(
    Effect.promise(() =>
      volley(["run", "--provider", "openai-chat", ...flags], { input, env: { PETS_KEY: "s3cret-key" } })
    ),
    ({ code, stderr, stdout }) => {
      assert.strictEqual(code, 0, stderr)
      return openAi.answers(stdout).map(({ json }) => json)
    }
  )

describe("volley --openapi", () => {
  it.live("runs calls of a document, of a file or a URL; writes where somebody allows them", () =>
    Effect.gen(function*() {
      const echo = yield* Echo.serve
      const file = fileOf("pets.json", document(echo.url))
      const [got, denied] = yield* run("--openapi", file, "--auth", "key=PETS_KEY")
      assert.deepStrictEqual(got, {})
      assert.include(JSON.stringify(denied), "Denied")
      assert.deepStrictEqual(echo.seen.map(({ method, target }) => `${method} ${target}`), ["GET /pets/7"])
      assert.strictEqual(echo.seen[0]?.headers.authorization, "Bearer s3cret-key")
      echo.seen.length = 0
      const yaml =
        "openapi: 3.1.0\nservers: [{ url: '/v1' }]\npaths:\n  /pets/{id}:\n    get:\n      operationId: pets/get\n"
        + "      parameters: [{ name: id, in: path, required: true, schema: {} }]\n"
      echo.answer = ({ target }, response) => response.end(target === "/pets.yaml" ? yaml : "7")
      const [text, unknown] = yield* run("--openapi", `${echo.url}/pets.yaml`, "--approve", "all")
      assert.strictEqual(text, 7)
      assert.include(JSON.stringify(unknown), "UnknownTool")
      assert.deepStrictEqual(echo.seen.map(({ target }) => target), ["/pets.yaml", "/v1/pets/7"])
    }))

  it.live("takes the operations that --include names, and sends to --api-url", () =>
    Effect.gen(function*() {
      const echo = yield* Echo.serve
      const file = fileOf("included.json", document("https://pets.example"))
      const flags = ["--openapi", file, "--include", "pets/*, GET /pets/{id}", "--api-url", `${echo.url}/v2`]
      const answers = yield* run(...flags, "--approve", "all")
      assert.deepStrictEqual(answers, [{}, {}])
      assert.deepStrictEqual(echo.seen.map(({ target }) => target).toSorted(), ["/v2/pets/7", "/v2/pets/8"])
    }))

  it.live("serves a document to MCP clients", () =>
    Effect.gen(function*() {
      const echo = yield* Echo.serve
      const args = [bundled, "serve", "--openapi", fileOf("served.json", document(echo.url)), "--include", "pets/*"]
      const { toolkit } = yield* Mcp.connect({ name: "pets", prefix: "", command: process.execPath, args })
      assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["pets_get", "pets_drop"])
      const calls = toolkit.tools.map(({ name }, index) =>
        ToolCall.make({ id: `call_${index}`, name, arguments: { id: "1" }, index })
      )
      const { outcomes } = yield* Batch.run(toolkit, calls)
      assert.strictEqual(outcomes[0]?.encoded, "{}")
      assert.include(outcomes[1]?.encoded, "It is not yet decided")
    }))

  it.live("offers them to the model of a demo", () =>
    Effect.gen(function*() {
      const file = fileOf("demo.json", document("http://127.0.0.1:1"))
      const args = ["demo", "--scenario", "cities", "--provider", "openai-chat", "--json", "--latency", "0 millis"]
      const { code, stderr } = yield* Effect.promise(() => volley([...args, "--openapi", file]))
      assert.strictEqual(code, 0, stderr)
      assert.include(stderr, "Tools besides those of the scenario: pets/get, pets/drop")
      assert.include(stderr, "trace is left out: its method is TRACE, which no client sends")
    }))

  it.live("says in a line what is wrong", () =>
    Effect.gen(function*() {
      const echo = yield* Echo.serve
      echo.answer = Echo.json({}, 403)
      const good = ["--openapi", fileOf("good.json", document("http://127.0.0.1:1"))]
      const many = document("http://127.0.0.1:1")
      const paths = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`/${at}`, { get: { responses: {} } }]))
      const cases: ReadonlyArray<readonly [flags: ReadonlyArray<string>, message: string]> = [
        [["--openapi", "nowhere.json"], "there is no file nowhere.json"],
        [["--openapi", folder], "is a folder"],
        [["--openapi", fileOf("words.txt", "words")], "it is no object"],
        [["--openapi", fileOf("old.json", { swagger: "1.2" })], "neither `openapi` nor `swagger`"],
        [
          ["--openapi", fileOf("homeless.json", document())],
          "it names no server: say where its requests go by --api-url"
        ],
        [["--openapi", fileOf("many.json", { ...many, paths })], "name those that are wanted in --include"],
        [["--openapi", `${echo.url}/pets?key=s3cret-key`], "its server answers with status 403"],
        [["--openapi", "http://127.0.0.1:1/"], "http://127.0.0.1:1/"],
        [["--openapi", "http://ann:s3cret-key@127.0.0.1:1/"], "has a user or a password"],
        [[...good, "--include", "pets/buy"], "it has no operation \"pets/buy\""],
        [[...good, "--include", "trace"], "trace cannot be a tool: its method is TRACE"],
        [[...good, "--auth", "key"], "--auth takes a security scheme and a variable"],
        [[...good, "--auth", "key=NO_SUCH_KEY"], "the environment has no NO_SUCH_KEY"],
        [[...good, "--auth", "kez=PATH"], "--auth names kez"],
        [["--mcp", "x", "--include", "a"], "--include, --api-url and --auth are for --openapi"]
      ]
      for (const [flags, message] of cases) {
        const ended = yield* Effect.promise(() => volley(["run", "--provider", "openai-chat", ...flags], { input }))
        assert.deepStrictEqual([ended.code, ended.stdout], [2, ""], ended.stderr)
        assert.include(ended.stderr, message)
        assert.lengthOf(ended.stderr.trim().split("\n"), 1)
        assert.notInclude(ended.stderr, "s3cret")
      }
      const served = yield* Effect.promise(() => volley(["serve"]))
      assert.include(served.stderr, "there are no tools: give --toolkit FILE, --openapi FILE, or both")
    }))
})
