/**
 * What becomes of a connection that does not come about: what the server answered says what was wrong with it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { byHand, call, http, json, type Message, patience, watch } from "./support.ts"

const began = {
  protocolVersion: "2025-06-18",
  capabilities: { tools: {} },
  serverInfo: { name: "by hand", version: "1.0.0" }
}

/** A process that writes these lines for `initialize`, where `ID` is its id, and has one tool. */
const saying = (...lines: ReadonlyArray<string>): Mcp.Command => ({
  name: "odd",
  command: process.execPath,
  args: [
    "-e",
    `
    const lines = ${JSON.stringify(lines)}
    const write = (text) => process.stdout.write(text + "\\n")
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, method } = JSON.parse(line)
      if (method === "initialize") for (const line of lines) write(line.replaceAll("ID", id))
      else if (method === "tools/list") {
        write(JSON.stringify({ jsonrpc: "2.0", id, result: { tools: [{ name: "say", inputSchema: { type: "object" } }] } }))
      } else if (method === "tools/call") write(JSON.stringify({ jsonrpc: "2.0", id, result: null }))
      else if (id !== undefined) write(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "No." } }))
    })`
  ],
  ...patience
})

const result = (over: object): string => `{"jsonrpc":"2.0","id":ID,"result":${JSON.stringify({ ...began, ...over })}}`

const refusal = (error: object): string => `{"jsonrpc":"2.0","id":ID,"error":${JSON.stringify(error)}}`

/** The tag of why a server could not be connected to, and the beginning of what is said of that. */
const refused = (options: Mcp.Options) =>
  Effect.map(
    Effect.flip(Effect.scoped(Mcp.connect(options))),
    ({ reason }) => ({ tag: reason._tag, said: reason.message })
  )

const known = "2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05, 2024-10-07"

const toDo = "install a version of the server that speaks one of these, or a newer @modelcontextprotocol/client"

const unsupported = {
  code: -32602,
  message: "Unsupported protocol version",
  data: { supported: ["2099-01-01"], requested: "2025-11-25" }
}

describe("a server of another version", () => {
  const said = `it speaks version "2099-01-01" of the protocol, and Volley speaks ${known}: ${toDo}`

  it.live.each([result({ protocolVersion: "2099-01-01" }), refusal(unsupported)])(
    "over stdio is said to be that, and what to do: %s",
    (line) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refused(saying(line)), { tag: "UnsupportedVersion", said })
      })
  )

  it.live.each(
    [
      [200, { result: { ...began, protocolVersion: "2099-01-01" } }],
      [200, { error: unsupported }],
      [400, { error: unsupported }]
    ] as const
  )("over HTTP is said to be that, and what to do: %j", ([status, body]) =>
    Effect.gen(function*() {
      const url = yield* http(byHand((message, response) => {
        if (message.method !== "initialize") return false
        response.statusCode = status
        json(response, message, body)
        return true
      }))
      assert.deepStrictEqual(yield* refused({ name: "odd", url }), { tag: "UnsupportedVersion", said })
    }))

  it.live("that is not asked for at first is asked for where it names one that is known", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const url = yield* http(byHand((message, response) => {
        const version = versionIn(message)
        if (message.method === "initialize") asked.push(version)
        if (message.method !== "initialize" || version === "2024-11-05") return false
        json(response, message, { error: { ...unsupported, data: { supported: ["2024-11-05"], requested: version } } })
        return true
      }))
      const { toolkit } = yield* Mcp.connect({ name: "odd", prefix: "", url })
      assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["say"])
      assert.deepStrictEqual(asked, ["2025-11-25", "2024-11-05"])
    }))

  it.live.each([-32601, -32022])(
    "2026-07-28, which has no `initialize`, is spoken over stdio too where that is refused: %i",
    (code) =>
      Effect.gen(function*() {
        const { toolkit } = yield* Mcp.connect({ name: "new", prefix: "", ...modern(code) })
        const { outcomes } = yield* Batch.run(toolkit, [call("say")])
        assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded), ["said"])
      })
  )

  const discovered = {
    resultType: "complete",
    supportedVersions: ["2099-01-01"],
    capabilities: {},
    ttlMs: 0,
    cacheScope: "private"
  }

  it.live("that says so to `server/discover`, and knows no `initialize`, is said to be that over stdio", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* refused({ name: "odd", ...modern(-32601, "2099-01-01") }), {
        tag: "UnsupportedVersion",
        said
      })
    }))

  it.live.each([[200, -32601], [200, -32602], [200, -32022], [400, -32602]] as const)(
    "that says so to `server/discover`, and refuses `initialize`, is said to be that over HTTP: %j",
    ([status, code]) =>
      Effect.gen(function*() {
        const url = yield* http(byHand((message, response) => {
          if (message.method !== "server/discover" && message.method !== "initialize") return false
          const isAsked = message.method === "server/discover"
          response.statusCode = isAsked ? 200 : status
          json(response, message, isAsked ? { result: discovered } : { error: { code, message: "No." } })
          return true
        }))
        assert.deepStrictEqual(yield* refused({ name: "odd", url }), { tag: "UnsupportedVersion", said })
      })
  )

  it.live("that it refuses all the same is said to be refused", () =>
    Effect.gen(function*() {
      const line = refusal({ ...unsupported, data: { supported: ["2024-11-05"], requested: "2025-11-25" } })
      assert.deepStrictEqual(yield* refused(saying(line)), {
        tag: "UnsupportedVersion",
        said: "it says that it speaks version 2024-11-05 of the protocol, and refuses that from Volley"
      })
    }))
})

const versionIn = ({ params }: Message): unknown =>
  params !== undefined && "protocolVersion" in params ? params.protocolVersion : undefined

/** A process that speaks 2026-07-28 alone, and refuses all else with this code. */
const modern = (code: number, version = "2026-07-28") => ({
  command: process.execPath,
  args: [
    "-e",
    `
    const about = { resultType: "complete", supportedVersions: ["${version}"], capabilities: { tools: {} } }
    const results = {
      "server/discover": { ...about, ttlMs: 0, cacheScope: "private" },
      "tools/list": { resultType: "complete", ttlMs: 0, cacheScope: "private", tools: [{ name: "say", inputSchema: { type: "object" } }] },
      "tools/call": { resultType: "complete", content: [{ type: "text", text: "said" }] }
    }
    const data = { supported: ["${version}"], requested: "2025-11-25" }
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, method } = JSON.parse(line)
      if (id === undefined) return
      const result = results[method]
      const error = { code: ${code}, message: "No such thing.", ...(${code} === -32022 && { data }) }
      console.log(JSON.stringify(result === undefined ? { jsonrpc: "2.0", id, error } : { jsonrpc: "2.0", id, result }))
    })`
  ],
  ...patience
})

describe("an answer to `initialize` over stdio that is none", () => {
  const none = "it answered with what is no message of JSON-RPC: "
  const unreadable = "what it answered to `initialize` cannot be read: it is not as the protocol says: "

  it.live.each(
    [
      [`{"jsonrpc":"2.0","id":ID,"result":null}`, none],
      [`{"id":ID,"result":{}}`, none],
      [`{"jsonrpc":"2.0","id":ID,"error":"no"}`, none],
      [`{"jsonrpc":"2.0","id":ID,"result":{}}`, `${unreadable}protocolVersion: `],
      [result({ serverInfo: { name: "odd" } }), `${unreadable}serverInfo.version: `],
      [result({ capabilities: { tools: true } }), `${unreadable}capabilities.tools: `]
    ] as const
  )("is unusable at once, and what was wrong is said: %s", ([line, words]) =>
    Effect.gen(function*() {
      const { said, tag } = yield* refused(saying(line))
      assert.deepStrictEqual([tag, said.slice(0, words.length)], ["Unusable", words])
    }))

  it.live("but an error is one, in words of the server", () =>
    Effect.gen(function*() {
      const { said, tag } = yield* refused(saying(refusal({ code: -32000, message: "There is no license." })))
      assert.deepStrictEqual([tag, said], ["Refused", "it refused `initialize`: There is no license."])
    }))

  it.live("may have `null` as its `_meta`, as all that a server says", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect({ ...saying(result({ _meta: null })), prefix: "" })
      assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["say"])
    }))

  it.live("may be one of a batch, which has two messages in one line", () =>
    Effect.gen(function*() {
      const note = `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"Hello."}}`
      const { toolkit } = yield* Mcp.connect(saying(`[${note},${result({})}]`))
      assert.lengthOf(toolkit.tools, 1)
    }))
})

describe("a server that is not ready in time", () => {
  it.effect("is said to be that with what it wrote instead of an answer", () =>
    Effect.gen(function*() {
      const { port, started } = yield* watch
      const line = "Listening on http://localhost:3000/sse"
      const command = chatting(port, line)
      const fiber = yield* Effect.forkChild(refused({ ...command, timeout: "5 seconds" }))
      yield* started
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), {
        tag: "NotReady",
        said: `it was not ready within 5000 ms; what it wrote instead of an answer: ${line}`
      })
    }))
})

/** A process that writes a line in the place of an answer, and comes to a port once that has been read. */
const chatting = (port: string, line: string): Mcp.Command => ({
  name: "odd",
  command: process.execPath,
  args: [
    "-e",
    `
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, method } = JSON.parse(line)
      if (method === "initialize") {
        console.log(${JSON.stringify(line)})
        console.log(JSON.stringify({ jsonrpc: "2.0", id: "read", method: "ping" }))
      } else if (id === "read") require("node:net").connect(${port}, "127.0.0.1")
    })`
  ]
})

describe("a call over stdio whose answer is no message", () => {
  it.live("ends with that, and does not wait for its timeout", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect({ ...saying(result({})), prefix: "" })
      const { outcomes } = yield* Batch.run(toolkit, [call("say")], { timeout: "1 day" })
      assert.include(outcomes[0]?.encoded, "it answered with what is no message of JSON-RPC: ")
    }))
})

describe("an HTTP server that does not answer as one of MCP", () => {
  const streamable =
    "is it the URL of an MCP server with streamable HTTP? The HTTP+SSE transport of 2024 is not supported"
  it.live.each(
    [
      [202, undefined, "", "Unusable", "it took what begins a connection, and did not answer it (HTTP status 202)"],
      [
        200,
        "text/html",
        "<html>",
        "Unusable",
        "it answered with content of the type text/html, and not with JSON or events: is that the URL of its MCP?"
      ],
      [
        204,
        undefined,
        "",
        "Unusable",
        "it answered with nothing, and not with JSON or events: is that the URL of its MCP?"
      ],
      [200, "text/event-stream", "", "Unreachable", "the connection ended before it answered"],
      [405, undefined, "", "HttpFailed", `it answered with HTTP status 405: ${streamable}`],
      [404, "text/html", "<html>", "HttpFailed", `it answered with HTTP status 404: ${streamable}`],
      [403, "text/plain", "Not from here.\n", "HttpFailed", "it answered with HTTP status 403: Not from here."],
      [500, "text/plain", "at main.js:1", "HttpFailed", "it answered with HTTP status 500"],
      [
        400,
        "application/json",
        `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Header missing"}}`,
        "HttpFailed",
        "it answered with HTTP status 400: Header missing"
      ]
    ] as const
  )("is said to be that: %s %s", ([status, type, body, tag, said]) =>
    Effect.gen(function*() {
      const url = yield* http((_, response) => {
        response.writeHead(status, type === undefined ? {} : { "content-type": type }).end(body)
      })
      assert.deepStrictEqual(yield* refused({ name: "odd", url }), { tag, said })
    }))
})
