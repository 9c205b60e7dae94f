import { assert, describe, it } from "@effect/vitest"
import { Batch, Content, StrictSchema, Toolkit } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { call, ends, failureOf, freePort, installed } from "./support.ts"

/** `server-everything` over streamable HTTP, as a process. */
const everythingRemote = Effect.gen(function*() {
  const port = yield* freePort
  const { args = [], command, name } = installed("everything", ["streamableHttp"])
  const child = spawn(command, args, { env: { ...process.env, PORT: `${port}` }, stdio: ["ignore", "ignore", "pipe"] })
  yield* Effect.addFinalizer(() => Effect.sync(() => child.kill()))
  yield* Effect.promise(() => once(child.stderr, "data"))
  return { name, prefix: "", url: `http://127.0.0.1:${port}/mcp` }
})

describe.each([
  ["stdio", Effect.succeed<Mcp.Options>(installed("everything", ["stdio"]))],
  ["streamable HTTP", everythingRemote]
])("server-everything over %s", (_, options) => {
  it.live("answers the calls of a batch, each of its own kind", () =>
    Effect.gen(function*() {
      const { leftOut, toolkit } = yield* Mcp.connect(yield* options)
      const calls = [
        ["get-structured-content", { location: "New York" }],
        ["get-sum", { a: 1, b: 2 }],
        ["get-resource-reference", { resourceType: "Blob", resourceId: 0 }]
      ] as const
      const [weather, sum, refused] = yield* ends(toolkit, calls)
      assert.deepStrictEqual(weather, { temperature: 33, conditions: "Cloudy", humidity: 82 })
      assert.strictEqual(sum, "The sum of 1 and 2 is 3.")
      assert.instanceOf(failureOf(refused), McpError.McpToolFailed)
      assert.deepStrictEqual(leftOut.map(({ tool }) => tool), ["simulate-research-query"])
    }))

  it.live("shows a model the texts of a result as they are, and its image as an image", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(yield* options)
      const { outcomes } = yield* Batch.run(toolkit, [call("get-tiny-image")])
      const texts = ["Here's the image you requested:", "The image above is the MCP logo."]
      assert.strictEqual(outcomes[0]?.encoded, texts.join("\n\n"))
      assert.deepStrictEqual(outcomes[0]?.media?.map(({ mediaType, type }) => [type, mediaType]), [[
        "image",
        "image/png"
      ]])
    }))

  it.live("answers as many calls at once as are asked for", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect({ ...yield* options, parallel: true })
      const messages = Array.from({ length: 40 }, (_, n) => `message ${n}`)
      const answers = yield* ends(toolkit, messages.map((message) => ["echo", { message }] as const))
      assert.deepStrictEqual(answers, messages.map((message) => `Echo: ${message}`))
    }))
})

describe("server-filesystem", () => {
  const folder = Effect.acquireRelease(
    Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "volley-mcp-")))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

  it.live("writes and reads files, and says what it refuses", () =>
    Effect.gen(function*() {
      const inside = yield* folder
      const { toolkit } = yield* Mcp.connect(installed("filesystem", [inside]))
      const path = join(inside, "note.txt")
      yield* ends(toolkit, [["write_file", { path, content: "line 1\nline 2\n" }]])
      assert.strictEqual(readFileSync(path, "utf8"), "line 1\nline 2\n")
      const [text, listed, outside] = yield* ends(toolkit, [
        ["read_text_file", { path, head: 1 }],
        ["list_directory", { path: inside }],
        ["read_text_file", { path: "/etc/passwd" }]
      ])
      assert.deepStrictEqual([text, listed], [{ content: "line 1" }, { content: "[FILE] note.txt" }])
      const error = failureOf(outside)
      assert.instanceOf(error, McpError.McpToolFailed)
      assert.include(error.message, "Access denied")
    }))

  it.live("gives an image of a file, though its structured content has it too", () =>
    Effect.gen(function*() {
      const inside = yield* folder
      const { toolkit } = yield* Mcp.connect(installed("filesystem", [inside]))
      writeFileSync(join(inside, "dot.png"), "no picture, but bytes")
      const { outcomes } = yield* Batch.run(toolkit, [call("read_media_file", { path: join(inside, "dot.png") })])
      assert.deepStrictEqual(outcomes[0]?.media, [Content.image("image/png", Buffer.from("no picture, but bytes"))])
    }))
})

describe("servers that somebody else wrote", () => {
  it.live("have all of their tools, and answer", () =>
    Effect.gen(function*() {
      const thinking = installed("sequential-thinking", [])
      const time = { ...installed("time", []), command: thinking.command.replace(/[^/\\]+$/, "time-mcp") }
      const { failed, servers, toolkit } = yield* Mcp.connectAll([thinking, time])
      assert.deepStrictEqual([failed, servers.flatMap(({ leftOut }) => leftOut), toolkit.tools.length], [[], [], 7])
      const thought = { thought: "One.", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }
      const [thoughts, days] = yield* ends(toolkit, [
        ["sequentialthinking", thought],
        ["days_in_month", { date: "2026-02-01" }]
      ])
      assert.deepInclude(thoughts, { thoughtNumber: 1, thoughtHistoryLength: 1 })
      assert.strictEqual(days, "The number of days in month is 28.")
    }))
})

describe("strict modes", () => {
  it.live("take every tool of the installed servers, and `null` for what may be left out", () =>
    Effect.gen(function*() {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-")))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
      writeFileSync(join(folder, "a.txt"), "one\ntwo\n")
      const files = (yield* Mcp.connect(installed("filesystem", [folder]))).toolkit
      const everything = (yield* Mcp.connect(installed("everything", ["stdio"]))).toolkit
      const closing: Toolkit.StrictMode = {
        write: () => {
          throw new Error("no schema of Effect is here")
        },
        close: (jsonSchema) => StrictSchema.closed(jsonSchema, rules),
        refuse: (jsonSchema) => StrictSchema.refusal(jsonSchema, rules)
      }
      const [strict, other] = [Toolkit.strict(files, closing), Toolkit.strict(everything, closing)]
      assert.deepStrictEqual([strict.lax, other.lax], [[], []])
      assert.deepStrictEqual([strict.tools.length, other.tools.length], [14, 13])
      const args = { path: join(folder, "a.txt"), head: 1, tail: null }
      assert.deepStrictEqual(yield* ends(strict, [["read_text_file", args]]), [{ content: "one" }])
    }))
})

/** The rules of a mode that knows little. */
const rules: StrictSchema.Rules = {
  keywords: new Set([
    "type",
    "description",
    "enum",
    "const",
    "anyOf",
    "properties",
    "required",
    "additionalProperties",
    "items"
  ]),
  required: true,
  typed: true,
  recursive: false
}
