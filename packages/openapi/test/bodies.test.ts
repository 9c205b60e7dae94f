/**
 * Bodies of requests and of answers.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Content, ToolCall } from "@volley/core"
import { OpenApi } from "@volley/openapi"
import { Effect, Result, type Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Answer, Seen } from "./echo.ts"
import { call, documentOf, get, tools } from "./support.ts"

const bytes = { type: "string", format: "binary" }
const strings = { type: "array", items: { type: "string" } }

/** A document with one operation, whose body may be of these types. */
const posting = (content: object) =>
  documentOf({ "/x": { post: { operationId: "send", requestBody: { required: true, content }, responses: {} } } })

/** What goes out for a body. */
const sent = Effect.fnUntraced(function*(content: object, body: Schema.Json) {
  const { echo, leftOut, toolkit } = yield* tools(posting(content))
  assert.deepStrictEqual(leftOut, [])
  const outcome = yield* call(toolkit, "send", { body })
  const [seen] = echo.seen
  return { outcome, seen, type: seen?.headers["content-type"], text: seen?.body.toString() }
})

const formOf = ({ body, headers }: Seen) =>
  Effect.promise(() =>
    new Response(new Uint8Array(body), { headers: { "content-type": headers["content-type"] ?? "" } }).formData()
  )

describe("the body of a request", () => {
  it.effect("is JSON where it may be, of the type that the document names", () =>
    Effect.gen(function*() {
      const json = { schema: { type: "object" } }
      for (const type of ["application/json", "application/vnd.api+json", "*/*"]) {
        const seen = yield* sent({ "application/xml": json, [type]: json }, { a: [1, null] })
        assert.strictEqual(seen.type, type === "*/*" ? "application/json" : type)
        assert.strictEqual(seen.text, "{\"a\":[1,null]}")
      }
    }))

  it.effect("is a form, with fields written as the document says", () =>
    Effect.gen(function*() {
      const properties = {
        text: { type: "string" },
        list: strings,
        deep: { type: "object" },
        nested: { type: "object" }
      }
      const encoding = { deep: { style: "deepObject", explode: true } }
      const form = { schema: { type: "object", properties }, encoding }
      const body = { text: "a&b c", list: ["1", "2"], deep: { a: { b: [1] } }, nested: { c: 1 } }
      const { text, type } = yield* sent({ "application/x-www-form-urlencoded": form }, body)
      assert.strictEqual(type, "application/x-www-form-urlencoded")
      assert.strictEqual(text, "text=a%26b%20c&list=1&list=2&deep%5Ba%5D%5Bb%5D%5B0%5D=1&nested=%7B%22c%22%3A1%7D")
    }))

  it.effect("is multipart, with files as texts or as documents in base64", () =>
    Effect.gen(function*() {
      const properties = {
        note: { type: "string" },
        tags: strings,
        meta: { type: "object" },
        typed: { type: "object" },
        file: { ...bytes, description: "The picture" },
        more: { type: "array", items: bytes }
      }
      const encoding = { typed: { contentType: "application/json" } }
      const file = Content.document("image/png", Uint8Array.of(0, 255, 13, 10), "a \"b\".png")
      const body = { note: "n", tags: ["a", "b"], meta: { c: 1 }, typed: { d: 2 }, file, more: ["text", file] }
      const { seen } = yield* sent(
        { "multipart/form-data": { schema: { type: "object", properties }, encoding } },
        body
      )
      const form = yield* formOf(seen!)
      assert.deepStrictEqual([form.get("note"), form.getAll("tags"), form.get("meta")], ["n", ["a", "b"], "{\"c\":1}"])
      const files = [...form].flatMap(([name, value]) => typeof value === "string" ? [] : [[name, value] as const])
      const found = yield* Effect.promise(() =>
        Promise.all(files.map(async ([name, value]) => [name, value.name, value.type, [...await value.bytes()].join()]))
      )
      assert.deepStrictEqual(found, [
        ["typed", "typed", "application/json", [...Buffer.from("{\"d\":2}")].join()],
        ["file", "a \"b\".png", "image/png", "0,255,13,10"],
        ["more", "more", "application/octet-stream", [...Buffer.from("text")].join()],
        ["more", "a \"b\".png", "image/png", "0,255,13,10"]
      ])
    }))

  it.effect("is multipart, however many forms of forms its schema has", () =>
    Effect.gen(function*() {
      const all = (at: number) => Array.from({ length: 20 }, () => ({ $ref: `#/components/schemas/S${at}` }))
      const forms = Array.from({ length: 20 }, (_, at) => [`S${at}`, { anyOf: all(at + 1) }] as const)
      const schemas = { ...Object.fromEntries(forms), S20: { type: "object" } }
      const content = { "multipart/form-data": { schema: { $ref: "#/components/schemas/S0" } } }
      const { leftOut } = yield* tools({ ...posting(content), components: { schemas } })
      assert.include(leftOut[0]?.why, "100,000 parts")
    }))

  it.effect("is text, or bytes of a text or of a document", () =>
    Effect.gen(function*() {
      const text = yield* sent({ "text/plain": { schema: { type: "string" } } }, "é")
      assert.deepStrictEqual([text.type, text.text], ["text/plain", "é"])
      const document = Content.document("image/png", Uint8Array.of(0, 255))
      const stream = yield* sent({ "application/octet-stream": { schema: bytes } }, document)
      assert.deepStrictEqual([stream.type, [...stream.seen!.body]], ["application/octet-stream", [0, 255]])
      const image = yield* sent({ "image/*": { schema: bytes } }, document)
      assert.deepStrictEqual([image.type, [...image.seen!.body]], ["image/png", [0, 255]])
      const words = yield* sent({ "application/octet-stream": {} }, "words")
      assert.strictEqual(words.text, "words")
    }))

  it.effect("that is no base64 is not sent", () =>
    Effect.gen(function*() {
      const { outcome, seen } = yield* sent({ "application/pdf": {} }, { mediaType: "application/pdf", data: "%PDF" })
      assert.isUndefined(seen)
      assert.include(outcome.encoded, "Nothing was sent: \\\"body\\\" has data that is no base64.")
    }))

  it.effect("that nobody here can write leaves its operation out", () =>
    Effect.gen(function*() {
      const { leftOut } = yield* tools(posting({ "application/cbor": {}, "application/xml": {} }))
      assert.deepStrictEqual(leftOut, [{ operation: "send", why: "its body is application/cbor, application/xml" }])
    }))
})

/** What a tool gives for an answer. */
const answered = Effect.fnUntraced(function*(answer: Answer) {
  const { echo, toolkit } = yield* tools(documentOf({ "/x": get("ask") }))
  echo.answer = answer
  return yield* call(toolkit, "ask")
})

const ofType =
  (type: string | undefined, body: string | Buffer, more: Record<string, string> = {}): Answer => (_, response) =>
    response.writeHead(200, { ...(type !== undefined && { "content-type": type }), ...more }).end(body)

describe("an answer", () => {
  it.effect("that is JSON is a value, and a text is shown as it is", () =>
    Effect.gen(function*() {
      const json = yield* answered(ofType("application/problem+json; charset=utf-8", "{\"a\":[1]}"))
      assert.deepStrictEqual([json.result, json.encoded], [Result.succeed({ a: [1] }), "{\"a\":[1]}"])
      const text = yield* answered(ofType("text/csv", "a,\"b\"\n"))
      assert.deepStrictEqual([text.result, text.encoded], [Result.succeed("a,\"b\"\n"), "a,\"b\"\n"])
    }))

  it.effect("that is empty is null", () =>
    Effect.gen(function*() {
      const none = yield* answered((_, response) => response.writeHead(204).end())
      assert.deepStrictEqual(none.result, Result.succeed(null))
    }))

  it.effect("that is an image or a file is shown as such", () =>
    Effect.gen(function*() {
      const png = yield* answered(ofType("image/png", Buffer.of(137, 80)))
      assert.deepStrictEqual(png.media, [Content.image("image/png", Uint8Array.of(137, 80))])
      const name = { "content-disposition": "attachment; filename=\"report 1.pdf\"" }
      const pdf = yield* answered(ofType("application/pdf", Buffer.of(37), name))
      assert.deepStrictEqual(pdf.media, [Content.document("application/pdf", Uint8Array.of(37), "report 1.pdf")])
      assert.deepStrictEqual(pdf.json, {
        type: "document",
        mediaType: "application/pdf",
        data: "JQ==",
        name: "report 1.pdf"
      })
    }))

  it.effect("that is not what it says is no result", () =>
    Effect.gen(function*() {
      for (const body of ["{", "[1e999]", "[".repeat(2000)]) {
        const { encoded } = yield* answered(ofType("application/json", body))
        assert.include(encoded, "\"type\":\"Unusable\"")
      }
    }))

  it.effect("has a limit, beyond which it is not read", () =>
    Effect.gen(function*() {
      const { echo, toolkit } = yield* tools(documentOf({ "/x": get("ask") }), { maxBytes: 1000 })
      echo.answer = ofType("text/plain", "x".repeat(1001))
      assert.include((yield* call(toolkit, "ask")).encoded, "\"type\":\"TooLarge\"")
      echo.answer = ofType("text/plain", "x".repeat(1000))
      assert.strictEqual((yield* call(toolkit, "ask")).encoded.length, 1000)
    }))

  it.effect("asked for as JSON, where the document says that there is some", () =>
    Effect.gen(function*() {
      const content = { "text/html": {}, "application/json": {}, "application/hal+json": {} }
      const responses = { 200: { description: "", content }, 404: { description: "", content: { "text/x": {} } } }
      const { echo, toolkit } = yield* tools(documentOf({ "/x": { get: { operationId: "ask", responses } } }))
      yield* call(toolkit, "ask")
      assert.strictEqual(echo.seen[0]?.headers.accept, "application/json, application/hal+json")
    }))
})

describe("a document as text", () => {
  it.effect("may be JSON, YAML, or what its reader takes", () =>
    Effect.gen(function*() {
      const document = documentOf({ "/x": get("ask") }, { servers: [{ url: "http://localhost:1" }] })
      const yaml =
        "openapi: 3.1.0\nservers: [{ url: 'http://localhost:1' }]\npaths:\n  /x:\n    get:\n      operationId: ask\n"
      const own = { parse: (text: string) => JSON.parse(text.slice(1)) }
      for (
        const [text, options] of [[JSON.stringify(document), {}], [yaml, {}], [
          `!${JSON.stringify(document)}`,
          own
        ]] as const
      ) {
        const { toolkit } = yield* OpenApi.toolkit(text, options)
        assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["ask"])
      }
      const bomb = Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join()}]`)
      const huge = yield* Effect.flip(OpenApi.toolkit(`openapi: 3.1.0\na0: &a0 [x]\n${bomb.join("\n")}\npaths: *a9`))
      assert.include(huge.message, "Excessive alias count")
      const calls = [ToolCall.make({ id: "call_1", name: "ask", arguments: {} })]
      const { toolkit } = yield* OpenApi.toolkit(yaml)
      const { outcomes } = yield* Batch.run(toolkit, calls)
      assert.include(outcomes[0]?.encoded, "\"type\":\"Unreachable\"")
    }).pipe(Effect.provide(FetchHttpClient.layer)))
})
