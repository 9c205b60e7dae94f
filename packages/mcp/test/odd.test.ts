/**
 * Servers whose tools or results are not as the protocol says in one place.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Mcp, McpError, Resource } from "@volley/mcp"
import { Effect, Logger, Result } from "effect"
import { mend } from "../src/internal/odd.ts"
import { byHand, call, failureOf, http, json } from "./support.ts"

const inputSchema = { type: "object" }

/** A server that lists these tools, and answers every call with this. */
const saying = (result: object, tools: ReadonlyArray<unknown> = [{ name: "say", inputSchema }]) =>
  Effect.gen(function*() {
    const url = yield* http(byHand((message, response) => {
      if (message.method !== "tools/list" && message.method !== "tools/call") return false
      json(response, message, { result: message.method === "tools/list" ? { tools } : result })
      return true
    }))
    return yield* Mcp.connect({ name: "odd", prefix: "", url })
  })

/** How one call of such a server ends. */
const ending = Effect.fnUntraced(function*(result: object, outputSchema?: object) {
  const { toolkit } = yield* saying(result, [{ name: "say", inputSchema, outputSchema }])
  const { outcomes: [outcome] } = yield* Batch.run(toolkit, [call("say")])
  return { end: outcome && Result.merge(outcome.result), encoded: outcome?.encoded, json: outcome?.json }
})

const text = { type: "text", text: "it is 3 °C" }

describe("a tool that is none", () => {
  it.live("is left out, with why, and the others are there", () =>
    Effect.gen(function*() {
      const { leftOut, toolkit } = yield* saying({ content: [text] }, [
        { name: "bare" },
        { name: "list", inputSchema: { type: "array" } },
        { name: "both", inputSchema: { type: ["object", "null"] } },
        { name: "gives", inputSchema, outputSchema: { type: "array" } },
        { name: "hints", inputSchema, annotations: { readOnlyHint: "yes" } },
        { inputSchema },
        "no tool",
        { name: "say", inputSchema },
        { name: "say", inputSchema, description: "Says it otherwise." },
        { name: "tell", inputSchema }
      ])
      assert.deepStrictEqual(toolkit.tools.map(({ description, name }) => [name, description]), [
        ["say", "say"],
        ["tell", "tell"]
      ])
      assert.deepStrictEqual(leftOut.map(({ tool }) => tool), [
        "bare",
        "list",
        "both",
        "gives",
        "hints",
        "one without a name",
        "one without a name",
        "say"
      ])
      const whys = leftOut.map(({ why }) => why)
      assert.include(whys[0], "it is not as the protocol says: inputSchema: ")
      assert.include(whys[3], "it is not as the protocol says: outputSchema.type: ")
      assert.include(whys[4], "annotations.readOnlyHint: ")
      assert.strictEqual(whys.at(-1), "another tool of the server has the same name")
      const { outcomes } = yield* Batch.run(toolkit, [call("say"), call("tell", {}, 1)])
      assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded), [text.text, text.text])
    }))
})

describe("a JSON Schema of no draft that lists items as older drafts do", () => {
  it.live("is one of those, and the model is shown it in the form of 2020-12", () =>
    Effect.gen(function*() {
      const items = [{ type: "string" }, { type: "number" }]
      const schema = { type: "object", properties: { pair: { type: "array", items } }, not: { required: ["other"] } }
      const { leftOut, toolkit } = yield* saying({ content: [text] }, [{ name: "say", inputSchema: schema }])
      assert.deepStrictEqual(leftOut, [])
      assert.deepStrictEqual<unknown>(toolkit.tools[0]?.jsonSchema.properties, {
        pair: { type: "array", prefixItems: items }
      })
      const asked = [call("say", { pair: ["a", 1] }), call("say", { pair: [1, "a"] }, 1)]
      const { outcomes } = yield* Batch.run(toolkit, asked)
      assert.deepStrictEqual(outcomes.map(({ result }) => result._tag), ["Success", "Failure"])
    }))
})

describe("null in the place of what is not there", () => {
  it.live("is taken for what is not there", () =>
    Effect.gen(function*() {
      const schema = { type: "object", properties: { city: { type: "string", description: null } }, required: null }
      const tool = { name: "say", title: null, description: null, inputSchema: schema, outputSchema: null, _meta: null }
      const tools = [{ ...tool, annotations: { title: null, readOnlyHint: null } }, { ...tool, name: "tell" }]
      const nothing = { structuredContent: null, isError: null }
      const url = yield* http(byHand((message, response) => {
        const result = {
          initialize: {
            protocolVersion: "2025-06-18",
            capabilities: { tools: { listChanged: null }, prompts: null },
            serverInfo: { name: "odd", version: "1", title: null },
            instructions: null
          },
          "tools/list": { tools, nextCursor: null },
          "tools/call": { ...nothing, content: [{ ...text, annotations: null }, { type: "resource", resource }] },
          "resources/list": { resources: [{ uri: "a:b", name: "b", size: null, mimeType: null }], nextCursor: null }
        }[message.method ?? ""]
        if (result !== undefined) json(response, message, { result })
        return result !== undefined
      }))
      const server = yield* Mcp.connect({ name: "odd", prefix: "", url })
      assert.deepStrictEqual([server.leftOut, server.instructions], [[], undefined])
      assert.deepStrictEqual<unknown>(
        server.toolkit.tools.map(({ jsonSchema }) => jsonSchema),
        tools.map(() => ({ type: "object", properties: { city: { type: "string" } } }))
      )
      const { outcomes: [outcome] } = yield* Batch.run(server.toolkit, [call("say")])
      assert.deepStrictEqual(outcome?.json, [text.text, { uri: "a:b", mimeType: null, text: "b" }])
      assert.deepStrictEqual((yield* Resource.list(server)).map(({ uri }) => uri), ["a:b"])
    }))

  const resource = { uri: "a:b", mimeType: null, text: "b" }

  it("is left where it is somebody's own", () => {
    const structuredContent = { celsius: null }
    const inputSchema = { type: "object", properties: { city: { type: ["string", "null"], default: null } } }
    const result = {
      structuredContent,
      content: [{ ...text, _meta: { by: null } }],
      tools: [{ name: "say", inputSchema }]
    }
    const message = { jsonrpc: "2.0" as const, id: 1, result: structuredClone(result) }
    assert.deepStrictEqual(mend(message, false), [])
    assert.deepStrictEqual<object>(message.result, result)
    const modern = { jsonrpc: "2.0" as const, id: 1, result: { structuredContent: null } }
    mend(modern, true)
    assert.deepStrictEqual(modern.result, { structuredContent: null })
  })
})

describe("a result of version 2024-10-07", () => {
  it.live("is what the tool gave", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* ending({ toolResult: { celsius: 3 } })).end, { celsius: 3 })
      assert.deepStrictEqual((yield* ending({ toolResult: "3 °C" })).end, "3 °C")
    }))
})

describe("an answer that is none", () => {
  it.live.each([
    { body: `"result":{}}`, said: "what it answered to `initialize` cannot be read: " },
    { body: `"result":null}`, said: "it answered with what is no message of JSON-RPC" },
    { body: "<html>", said: "it answered with what is no JSON" }
  ])("to `initialize` is unusable, and no server that is not there: $body", ({ body, said }) =>
    Effect.gen(function*() {
      const url = yield* http(byHand((message, response) => {
        if (message.method !== "initialize") return false
        response.writeHead(200, { "content-type": "application/json" }).end(
          `{"jsonrpc":"2.0","id":${message.id},${body}`
        )
        return true
      }))
      const { reason } = yield* Effect.flip(Mcp.connect({ name: "odd", url }))
      assert.deepStrictEqual([reason._tag, reason.message.slice(0, said.length)], ["Unusable", said])
    }))
})

describe("a block that is none", () => {
  it.live("is described in its place, briefly", () =>
    Effect.gen(function*() {
      const video = { type: "video", mimeType: "video/mp4", data: "A".repeat(100_000) }
      const { encoded, end } = yield* ending({ content: [text, video, { type: "image", data: "AAAA" }, 7] })
      assert.deepStrictEqual(end, [
        text.text,
        `[video, which cannot be shown: ${JSON.stringify(video).slice(0, 200)} …]`,
        "[image, which cannot be shown: {\"type\":\"image\",\"data\":\"AAAA\"}]",
        "[no type, which cannot be shown: 7]"
      ])
      assert.isBelow(encoded?.length ?? Infinity, 500)
    }))

  it("is described where it is nested too deeply, as a tool is left out", () => {
    const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`)
    const block = { type: "video", data: { deep } }
    const tool = { name: "deep", inputSchema: { type: "object", properties: { deep } } }
    const message = { jsonrpc: "2.0" as const, id: 1, result: { content: [block, text], tools: [tool] } }
    assert.deepStrictEqual(mend(message, false).map(({ tool }) => tool), ["deep"])
    const inPlace = { type: "text", text: "[video, which cannot be shown: nested more than 1024 levels deep]" }
    assert.deepStrictEqual<object>(message.result, { content: [inPlace, text], tools: [] })
  })

  it.live("leaves the other results unusable that are none, in few words", () =>
    Effect.gen(function*() {
      const content = { content: "it is 3 °C", structuredContent: 3, isError: "no" }
      const { encoded, end } = yield* ending(content)
      const error = failureOf(end)
      assert.instanceOf(error, McpError.McpError)
      assert.strictEqual(error.reason._tag, "Unusable")
      assert.isBelow(encoded?.length ?? Infinity, 2000)
    }))
})

describe("structured content", () => {
  it.live("is what the program gets, and the model is shown the content beside it", () =>
    Effect.gen(function*() {
      const structuredContent = { celsius: 3 }
      const beside = yield* ending({ content: [text], structuredContent })
      assert.deepStrictEqual(beside, { end: structuredContent, encoded: text.text, json: structuredContent })
      const alone = yield* ending({ content: [], structuredContent })
      assert.deepStrictEqual(alone, { end: structuredContent, encoded: "{\"celsius\":3}", json: structuredContent })
    }))

  it.live("of a failure leaves its text to the model", () =>
    Effect.gen(function*() {
      const failed = { content: [{ type: "text", text: "the disk is full" }], isError: true }
      const { encoded, end } = yield* ending({ ...failed, structuredContent: { code: 7 } })
      const failure = new McpError.McpToolFailed({ content: "the disk is full", structured: { code: 7 } })
      assert.deepStrictEqual(failureOf(end), failure)
      assert.include(encoded, "\"message\":\"the disk is full\"")
      for (const content of [[], [{ type: "text", text: "{ \"code\": 7 }" }]]) {
        const { end } = yield* ending({ content, isError: true, structuredContent: { code: 7 } })
        assert.deepStrictEqual(failureOf(end), new McpError.McpToolFailed({ content: { code: 7 } }))
      }
    }))

  const outputSchema = {
    type: "object",
    $id: "https://example.com/weather",
    properties: {
      celsius: { type: "number" },
      wind: { type: "object", properties: {}, additionalProperties: false },
      rain: {
        type: "array",
        items: { type: "object", properties: { mm: { type: "number", default: 0 } }, required: ["mm"] }
      }
    },
    required: ["celsius"],
    additionalProperties: false
  }

  it.live.each<readonly [string, object, string]>([
    [
      "more keys than its schema names",
      { celsius: 3, wind: { from: "west" } },
      "data/wind must NOT have additional properties"
    ],
    [
      "no value where its schema has a default",
      { celsius: 3, rain: [{}] },
      "data/rain/0 must have required property 'mm'"
    ]
  ])("with %s is the result, and the host is warned once", ([, structuredContent, issue]) => {
    const lines: Array<unknown> = []
    const logger = Logger.make(({ message }) => lines.push(message))
    return Effect.gen(function*() {
      const { toolkit } = yield* saying({ content: [text], structuredContent }, [{
        name: "say",
        inputSchema,
        outputSchema
      }])
      const { outcomes } = yield* Batch.run(toolkit, [call("say"), call("say", {}, 1)])
      assert.deepStrictEqual(outcomes.map(({ result }) => result), Array(2).fill(Result.succeed(structuredContent)))
      assert.deepStrictEqual(lines, [[
        "A tool gives more than its output schema names, or leaves out what has a default there",
        { server: "odd", tool: "say", issue }
      ]])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.live("that lacks what its schema asks for is none, whatever else it has", () =>
    Effect.gen(function*() {
      const { end } = yield* ending({ content: [text], structuredContent: { fahrenheit: 37 } }, outputSchema)
      const error = failureOf(end)
      assert.instanceOf(error, McpError.McpError)
      assert.include(error.message, "must have required property 'celsius'")
    }))
})
