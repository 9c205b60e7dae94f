import { assert, describe, it } from "@effect/vitest"
import { createMcpHandler, McpServer, ResourceTemplate } from "@modelcontextprotocol/server"
import { Content } from "@volley/core"
import { Mcp, McpError, Prompt, Resource } from "@volley/mcp"
import { Effect, Logger } from "effect"
import { buffer } from "node:stream/consumers"
import { byHand, http, installed, json, type Message } from "./support.ts"

/** A server that gives these results, by method; what it logs of the program, and what it was asked. */
const saying = Effect.fnUntraced(function*(results: Readonly<Record<string, (message: Message) => object>>) {
  const asked: Array<Message> = []
  const url = yield* http(byHand((message, response) => {
    const result = results[message.method ?? ""]
    if (result === undefined) return false
    asked.push(message)
    json(response, message, result(message))
    return true
  }))
  return { asked, server: yield* Mcp.connect({ name: "odd", prefix: "", url, maxBytes: 100_000 }) }
})

/** The same effect, and the first text of each thing that it logs. */
const logging = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const logs: Array<string> = []
  const logger = Logger.make(({ message }) => void logs.push(JSON.stringify(message)))
  return Effect.map(Effect.provide(effect, Logger.layer([logger])), (value) => ({ value, logs }))
}

describe("Resource, of server-everything", () => {
  it.live("lists what there is to read, and reads texts and blobs", () =>
    Effect.gen(function*() {
      const server = yield* Mcp.connect(installed("everything", ["stdio"]))
      const [first] = (yield* Resource.list(server)).filter(({ name }) => name === "startup.md")
      assert.strictEqual(first?.mediaType, "text/markdown")
      const [page, ...more] = yield* Resource.read(server, first?.uri ?? "")
      assert.deepStrictEqual([more.length, page?.type], [0, "text"])
      assert.include(Content.textOf(page === undefined ? [] : [page]), "# Everything Server")

      const templates = yield* Resource.templates(server)
      assert.include(templates.map(({ uriTemplate }) => uriTemplate), "demo://resource/dynamic/blob/{resourceId}")
      const [blob] = yield* Resource.read(server, "demo://resource/dynamic/blob/1")
      assert.isTrue(blob?.type === "document" && blob.name === "1" && Content.plainText(blob)?.startsWith("Resource 1"))

      const { reason } = yield* Effect.flip(Resource.read(server, "demo://nothing"))
      assert.strictEqual(reason._tag, "Refused")
    }))
})

describe("Resource and Prompt, of a server of 2026-07-28", () => {
  it.live("are listed, read and gotten as those of older ones", () =>
    Effect.gen(function*() {
      const handler = createMcpHandler(() => {
        const server = new McpServer({ name: "new", version: "1.0.0" })
        const read = (uri: URL) => ({ contents: [{ uri: uri.href, text: `this is ${uri.pathname}` }] })
        server.registerResource("one", "note:one", {}, read)
        server.registerResource("all", new ResourceTemplate("note:{name}", { list: undefined }), {}, read)
        server.registerPrompt(
          "ask",
          {},
          () => ({ messages: [{ role: "user", content: { type: "text", text: "Why?" } }] })
        )
        return server
      }, { legacy: "reject" })
      const url = yield* http(async (request, response) => {
        const { headers: { host }, method = "" } = request
        const body = method === "POST" ? { body: await buffer(request) } : {}
        const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
        const answer = await handler.fetch(new Request(`http://${host}/mcp`, { method, headers, ...body }))
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
      })
      const server = yield* Mcp.connect({ name: "new", url })
      assert.deepStrictEqual((yield* Resource.list(server)).map(({ uri }) => uri), ["note:one"])
      assert.deepStrictEqual((yield* Resource.templates(server)).map(({ name }) => name), ["all"])
      assert.deepStrictEqual(yield* Resource.read(server, "note:two"), [Content.text("this is two")])
      assert.deepStrictEqual((yield* Prompt.list(server)).map(({ name }) => name), ["ask"])
      assert.deepStrictEqual(yield* Prompt.get(server, "ask"), [{ role: "user", text: "Why?" }])
    }))
})

describe("Resource.list", () => {
  const resource = (n: number) => ({ uri: `note:${n}`, name: `note ${n}` })

  it.live("asks for all pages, and leaves out what is no resource", () =>
    Effect.gen(function*() {
      const { asked, server } = yield* saying({
        "resources/list": ({ params }) => {
          const cursor = params?.cursor ?? ""
          if (cursor === "") return { result: { resources: [resource(1), { name: "no uri" }], nextCursor: "b" } }
          return { result: { resources: [resource(2), "none"], nextCursor: cursor === "b" ? "c" : "" } }
        }
      })
      const { logs, value } = yield* logging(Resource.list(server))
      assert.deepStrictEqual(value.map(({ uri }) => uri), ["note:1", "note:2", "note:2"])
      assert.deepStrictEqual(asked.map(({ params }) => params), [{}, { cursor: "b" }, { cursor: "c" }])
      assert.strictEqual(logs.length, 1)
      assert.include(logs[0], "\"entries\":3,\"leftOut\":3,\"first\":\"it is not as the protocol says: uri: ")
    }))

  it.live("has what has no name under its title or its address, and says that it had none", () =>
    Effect.gen(function*() {
      const { server } = yield* saying({
        "resources/list": () => ({
          result: {
            resources: [
              { uri: "a:1", title: "One" },
              { uri: "a:2", title: "" },
              { uri: "a:3", name: null },
              {
                uri: "a:4",
                name: ""
              },
              { title: "no uri" },
              { uri: "a:5", name: 5 }
            ]
          }
        }),
        "resources/templates/list": () => ({ result: { resourceTemplates: [{ uriTemplate: "a:{n}" }] } })
      })
      const { logs, value } = yield* logging(Resource.list(server))
      assert.deepStrictEqual(value.map(({ name, uri }) => [uri, name]), [
        ["a:1", "One"],
        ["a:2", "a:2"],
        ["a:3", "a:3"],
        ["a:4", ""]
      ])
      assert.deepStrictEqual(logs.length, 1)
      assert.include(logs[0], "\"entries\":5,\"leftOut\":2,\"first\":\"it is not as the protocol says: name: ")
      const templates = yield* logging(Resource.templates(server))
      assert.deepStrictEqual(templates.value.map(({ name }) => name), ["a:{n}"])
    }))

  it.live("ends where the pages do not, and is empty where there is no list", () =>
    Effect.gen(function*() {
      const { asked, server } = yield* saying({
        "resources/list": () => ({ result: { resources: [], nextCursor: "again" } }),
        "resources/templates/list": () => ({ result: {} })
      })
      const { message } = yield* Effect.flip(Resource.list(server))
      assert.strictEqual(message, "MCP server \"odd\": its answers to resources/list have more than 1000 pages")
      assert.strictEqual(asked.length, 1000)
      assert.include(
        String(yield* Effect.flip(Resource.templates(server))),
        "there are no resourceTemplates in its answer"
      )
      assert.deepStrictEqual(yield* Prompt.list(server), [])
    }))
})

describe("Resource.read", () => {
  it.live("describes parts that are none, and what is no base64, and keeps the others", () =>
    Effect.gen(function*() {
      const uri = "file:///a/b.png"
      const contents = [
        { uri, text: "{\"as\": \"it is\"}" },
        { uri, mimeType: "image/png", blob: "aGk=" },
        { uri, mimeType: "image/png", blob: "" },
        { uri, blob: "no base64" },
        { uri },
        null
      ]
      const { server } = yield* saying({ "resources/read": () => ({ result: { contents } }) })
      assert.deepStrictEqual(yield* Resource.read(server, uri), [
        Content.text("{\"as\": \"it is\"}"),
        Content.image("image/png", "aGk="),
        Content.text("[image, image/png, 0 bytes]"),
        Content.text("[b.png, application/octet-stream, 6 bytes]"),
        Content.text("[no type, which cannot be shown: {\"uri\":\"file:///a/b.png\"}]"),
        Content.text("[no type, which cannot be shown: null]")
      ])
    }))

  it.live("has the bounds of a call, and says what is no answer", () =>
    Effect.gen(function*() {
      const { server } = yield* saying({
        "resources/read": () => ({ result: { contents: [{ uri: "a:b", text: "x".repeat(100_000) }] } }),
        "prompts/get": () => ({ result: { messages: [{ role: "system", content: [] }] } })
      })
      const large = yield* Effect.flip(Resource.read(server, "a:b"))
      assert.instanceOf(large.reason, McpError.TooLarge)
      assert.include(
        String(yield* Effect.flip(Prompt.get(server, "ask"))),
        "no list of messages of a user or an assistant"
      )
    }))
})
