import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Approver, Limits } from "@volley/core"
import { OpenApi, OpenApiError } from "@volley/openapi"
import { Deferred, Effect, Fiber, Latch, Layer, Logger, Redacted, Schema, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as Echo from "./echo.ts"
import { call, calls, documentOf, get, tools } from "./support.ts"

const id = { name: "id", in: "path", required: true, schema: { type: "string" } }

const pets = documentOf({
  "/pets": { ...get("listPets"), post: { operationId: "addPet", responses: {} } },
  "/pets/{id}": {
    parameters: [id],
    ...get("getPet"),
    put: { operationId: "setPet", responses: {} },
    delete: { operationId: "dropPet", responses: {} },
    patch: { operationId: "changePet", responses: {} }
  }
})

/** Runs an effect while time goes by, a second with each turn of the event loop. */
const inTime = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  const passing = Effect.andThen(
    Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
    TestClock.adjust("1 second")
  )
  yield* Effect.forkChild(Effect.forever(passing))
  return yield* Fiber.join(fiber)
})

const reasonOf = (document: unknown, options: OpenApi.Options = {}) =>
  OpenApi.toolkit(document, options).pipe(
    Effect.flip,
    Effect.map(({ message, reason }) => ({ reason: reason._tag, message })),
    Effect.provide(FetchHttpClient.layer)
  )

describe("OpenApi.toolkit", () => {
  it.effect("says of operations what their methods do", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* tools(pets)
      assert.deepStrictEqual(
        toolkit.tools.map(({ idempotent, name, readOnly }) => [name, readOnly, idempotent]),
        [
          ["listPets", true, true],
          ["addPet", false, false],
          ["getPet", true, true],
          ["setPet", false, true],
          ["dropPet", false, true],
          ["changePet", false, false]
        ]
      )
    }))

  it.effect("takes names in YAML with nothing behind them for what is left out", () =>
    Effect.gen(function*() {
      const { leftOut, toolkit } = yield* tools(`
        openapi: 3.0.3
        paths:
          /pets:
            get:
              operationId: find
              requestBody:
            post:
              operationId: add
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      required:
                      properties:
                        age: { type: integer, minimum: , default: , enum: }
      `)
      assert.deepStrictEqual(leftOut, [])
      assert.deepStrictEqual<unknown>(toolkit.tools.map(({ jsonSchema }) => jsonSchema.properties), [{}, {
        body: { type: "object", properties: { age: { type: "integer", default: null } } }
      }])
    }))

  it.effect("takes the operations that are asked for, and lists all", () =>
    Effect.gen(function*() {
      const names = (include: OpenApi.Options["include"]) =>
        Effect.map(tools(pets, { include, prefix: "p_" }), ({ toolkit }) => toolkit.tools.map(({ name }) => name))
      assert.deepStrictEqual(yield* names(["getPet", "POST /pets"]), ["p_addPet", "p_getPet"])
      assert.deepStrictEqual(yield* names(["*Pets", "D*E /pets/*"]), ["p_listPets", "p_dropPet"])
      assert.deepStrictEqual(yield* names(({ method }) => method === "PATCH"), ["p_changePet"])
      assert.lengthOf(yield* OpenApi.operations(pets), 6)
      const { reason } = yield* reasonOf(pets, { baseUrl: "http://localhost", include: ["getPet", "buyPet"] })
      assert.strictEqual(reason, "NotFound")
    }))

  it.effect("asks for a choice where there are more operations than a model can do with", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* reasonOf(pets, { baseUrl: "http://localhost", maxTools: 5 })).reason, "TooMany")
      const many = documentOf(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`/${at}`, get(`get${at}`)])))
      assert.strictEqual((yield* reasonOf(many, { baseUrl: "http://localhost" })).reason, "TooMany")
    }))

  it.effect("says what is wrong with a document", () =>
    Effect.gen(function*() {
      const ring: Record<string, unknown> = { openapi: "3.0.0" }
      ring["paths"] = ring
      const server = { servers: [{ url: "http://localhost" }] }
      const elsewhere = { "/x": get("ask", [{ name: "a", in: "query", schema: { $ref: "other.json#/A" } }]) }
      const cases = [
        ["{", "Unreadable"],
        ["a: [", "Unreadable"],
        ["[]", "Unreadable"],
        ["just words", "Unreadable"],
        [{}, "Unreadable"],
        [ring, "Unreadable"],
        [{ openapi: "4.0.0" }, "UnknownVersion"],
        [{ swagger: "1.2" }, "Unreadable"],
        [documentOf({}), "NoServer"],
        [documentOf({}, { servers: [{ url: "/v1" }] }), "NoServer"],
        [documentOf({}, { servers: [{ url: "ftp://localhost" }] }), "NoServer"],
        [documentOf({ "/x": { $ref: "paths.json" } }, server), "ExternalReference"],
        [documentOf(elsewhere, server), "ExternalReference"]
      ] as const
      for (const [document, wanted] of cases) {
        const { message, reason } = yield* reasonOf(document)
        assert.strictEqual(reason, wanted, message)
      }
    }))

  it.effect("leaves out what cannot be asked or checked, each with a reason", () =>
    Effect.gen(function*() {
      const text = (pattern: string) => ({ name: "a", in: "query", schema: { type: "string", pattern } })
      const { leftOut, toolkit } = yield* tools(documentOf({
        "no-slash": get("noSlash"),
        "/{a}": get("unsaid"),
        "/trace": { trace: { operationId: "traced", responses: {} } },
        "/ref": get("nowhere", [{ $ref: "#/components/parameters/None" }]),
        "/ring": get("ring", [{ $ref: "#/components/parameters/Ring" }]),
        "/slow": get("slow", [text("(?<=a)b")]),
        "/header": get("header", [{ name: "x y", in: "header", schema: {} }]),
        "/style": get("style", [{ name: "a", in: "query", style: "matrix", schema: {} }]),
        "/body": get("bodied", [], { requestBody: { required: true, content: { "application/json": {} } } }),
        "/other": get("other", [], { servers: [{ url: "https://elsewhere.example" }] }),
        "/same": get("same", [], { servers: [{ url: "/v2" }] })
      }, { components: { parameters: { Ring: { $ref: "#/components/parameters/Ring" } } } }))
      assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["same"])
      const whys = {
        noSlash: "its path does not begin with a slash",
        unsaid: "its path has {a}, and no parameter says what that is",
        traced: "its method is TRACE, which no client sends",
        nowhere: "it refers to \"#/components/parameters/None\", which is not there",
        ring: "it refers to something that refers to itself",
        slow: "its pattern \"(?<=a)b\" cannot be matched in linear time",
        header: "its header \"x y\" has no name that headers have",
        style: "its parameter \"a\" has the style \"matrix\" in a query",
        bodied: "its method is GET, with a body, which no client sends",
        other: "its server is https://elsewhere.example, and not that of the others"
      }
      assert.deepStrictEqual(leftOut.map(({ operation }) => operation), Object.keys(whys))
      for (const [at, why] of Object.values(whys).entries()) assert.include(leftOut[at]?.why, why)
    }))

  it.effect("keeps arguments of one name apart, by their places", () =>
    Effect.gen(function*() {
      const named = (place: string, name: string) => ({ name, in: place, required: true, schema: { type: "string" } })
      const parameters = [named("path", "x"), named("query", "x"), named("header", "x"), named("query", "body")]
      const requestBody = { required: true, content: { "application/json": { schema: { type: "string" } } } }
      const { echo, toolkit } = yield* tools(
        documentOf({ "/{x}": { put: { operationId: "put", parameters, requestBody, responses: {} } } })
      )
      yield* call(toolkit, "put", { x: "1", query_x: "2", header_x: "3", query_body: "4", body: "5" })
      const [seen] = echo.seen
      assert.deepStrictEqual([seen?.target, seen?.headers["x"], seen?.body.toString()], ["/1?x=2&body=4", "3", "\"5\""])
    }))

  it.effect("takes a name that every object inherits for one like others", () =>
    Effect.gen(function*() {
      const named = (place: string, name: string) => ({ name, in: place, schema: { type: "string" } })
      const parameters = [named("query", "constructor"), named("header", "toString"), named("query", "__proto__")]
      const requestBody = { content: { "application/json": { schema: { type: "object" } } } }
      const { echo, toolkit } = yield* tools(
        documentOf({ "/x": { put: { operationId: "put", parameters, requestBody, responses: {} } } })
      )
      yield* call(toolkit, "put")
      yield* call(toolkit, "put", JSON.parse("{\"constructor\":\"1\",\"toString\":\"2\",\"__proto__\":\"3\"}"))
      assert.deepStrictEqual(
        echo.seen.map(({ body, headers, target }) => [target, headers["tostring"], body.length]),
        [["/x", undefined, 0], ["/x?constructor=1&__proto__=3", "2", 0]]
      )
    }))

  it.effect("has arguments checked before anything is sent, whoever can check them", () =>
    Effect.gen(function*() {
      const body = (schema: object) => ({ required: true, content: { "application/json": { schema } } })
      const node = {
        type: "object",
        properties: { next: { $ref: "#/components/schemas/Node" } },
        additionalProperties: false
      }
      const { echo, toolkit } = yield* tools(documentOf({
        "/a": {
          post: {
            operationId: "plain",
            requestBody: body({ type: "object", required: ["n"], properties: { n: { type: "integer" } } }),
            responses: {}
          }
        },
        "/b": { post: { operationId: "not", requestBody: body({ not: { type: "string" } }), responses: {} } },
        "/c": { post: { operationId: "ring", requestBody: body({ $ref: "#/components/schemas/Node" }), responses: {} } }
      }, { components: { schemas: { Node: node } } }))
      const { outcomes } = yield* calls(toolkit, [
        ["plain", { body: { n: "one" } }],
        ["plain", {}],
        ["plain", { body: { n: 1 }, other: 1 }],
        ["not", { body: "text" }],
        ["ring", { body: { next: { next: { other: 1 } } } }]
      ])
      for (const { encoded } of outcomes) assert.include(encoded, "\"type\":\"InvalidArguments\"")
      assert.lengthOf(echo.seen, 0)
      yield* calls(toolkit, [["plain", { body: { n: 1 } }], ["not", { body: 1 }], ["ring", {
        body: { next: { next: {} } }
      }]])
      assert.lengthOf(echo.seen, 3)
    }))

  it.effect("says of 3.0 what a draft of 2020 says, of a request alone, and only what it reaches", () =>
    Effect.gen(function*() {
      const schemas = {
        Pet: {
          type: "object",
          required: ["id", "name"],
          example: { name: "Rex" },
          properties: {
            id: { type: "integer", readOnly: true },
            name: { type: "string", nullable: true },
            kind: { enum: ["cat", "dog"], type: "string", nullable: true },
            age: { type: "number", minimum: 0, exclusiveMinimum: true },
            default: { $ref: "#/components/schemas/a~1b%20c" }
          }
        },
        "a/b c": { type: "string", xml: {} },
        Other: {}
      }
      const requestBody = { $ref: "#/components/requestBodies/Pet" }
      const requestBodies = {
        Pet: { content: { "application/json": { schema: { $ref: "#/components/schemas/Pet" } } } }
      }
      const { toolkit } = yield* tools(
        documentOf({ "/x": { post: { operationId: "add", requestBody, responses: {} } } }, {
          components: { schemas, requestBodies }
        })
      )
      assert.deepStrictEqual(toolkit.tools[0]?.jsonSchema, {
        type: "object",
        properties: { body: { $ref: "#/$defs/Pet" } },
        additionalProperties: false,
        $defs: {
          Pet: {
            type: "object",
            required: ["name"],
            properties: {
              name: { type: ["string", "null"] },
              kind: { type: ["string", "null"], enum: ["cat", "dog"] },
              age: { type: "number", exclusiveMinimum: 0 },
              default: { $ref: "#/$defs/a_b_c" }
            }
          },
          a_b_c: { type: "string" }
        }
      })
    }))
})

describe("a call of an operation", () => {
  it.effect("that writes is asked about, unless somebody says otherwise", () =>
    Effect.gen(function*() {
      const sent = Effect.fnUntraced(function*(approval?: OpenApi.Options["approval"]) {
        const { echo, toolkit } = yield* tools(pets, { approval })
        yield* calls(toolkit, [["listPets"], ["addPet"], ["dropPet", { id: "1" }]])
        return echo.seen.map(({ method }) => method).sort().join()
      })
      assert.strictEqual(yield* sent(), "GET")
      assert.strictEqual(yield* sent("writes"), "GET")
      assert.strictEqual(yield* sent("always"), "")
      assert.strictEqual(yield* sent("none"), "DELETE,GET,POST")
      assert.strictEqual(yield* sent(({ operation }) => operation.method === "DELETE"), "GET,POST")
      assert.strictEqual(yield* Effect.provide(sent(), Approver.allow), "DELETE,GET,POST")
    }))

  it.effect("waits for those that write what it touches, and for no other", () =>
    Effect.gen(function*() {
      const { echo, toolkit } = yield* tools(pets)
      const open = yield* Latch.make()
      const arrived = yield* Deferred.make<void>()
      const asked: Array<string> = []
      const run = Effect.runForkWith(yield* Effect.context())
      echo.answer = ({ method, target }, response) => {
        asked.push(`${method} ${target}`)
        if (asked.length === 4) run(Deferred.succeed(arrived, undefined))
        run(open.whenOpen(Effect.sync(() => response.end())))
      }
      const turn = yield* Effect.forkChild(calls(toolkit, [
        ["setPet", { id: "1" }],
        ["getPet", { id: "1" }],
        ["getPet", { id: "2" }],
        ["getPet", { id: "2" }],
        ["getPet", { id: "a/1" }],
        ["changePet", { id: "2" }],
        ["listPets"]
      ]))
      yield* Deferred.await(arrived)
      assert.deepStrictEqual(asked.toSorted(), ["GET /pets/2", "GET /pets/2", "GET /pets/a%2F1", "PUT /pets/1"])
      yield* open.open
      yield* Fiber.join(turn)
      assert.strictEqual(asked.at(-1), "GET /pets")
      assert.isBelow(asked.indexOf("PUT /pets/1"), asked.indexOf("GET /pets/1"))
      assert.isBelow(asked.lastIndexOf("GET /pets/2"), asked.indexOf("PATCH /pets/2"))
    }))

  it.effect("that fails says the status, and what the server said of it", () =>
    Effect.gen(function*() {
      const { echo, toolkit } = yield* tools(pets)
      const errorOf = Effect.fnUntraced(function*(answer: Echo.Answer, name = "listPets") {
        echo.answer = answer
        const { encoded } = yield* call(toolkit, name)
        return JSON.parse(encoded).error
      })
      assert.deepStrictEqual(yield* errorOf(Echo.json({ why: "gone" }, 404)), {
        type: "HttpFailed",
        message: "The server answered with status 404. The same call would come to the same: do not repeat it.",
        safeToRepeat: true,
        data: { status: 404, body: { why: "gone" } }
      })
      const long = yield* errorOf((_, response) => response.writeHead(500).end("x".repeat(100_000)))
      assert.isBelow(long.data.body.length, 5000)
      assert.notInclude(long.message, "do not repeat")
      assert.strictEqual((yield* errorOf(Echo.json({}, 500), "addPet")).safeToRepeat, false)
      const broken = yield* errorOf((_, response) => response.destroy())
      assert.strictEqual(broken.type, "Unreachable")
    }))

  it.effect("is tried again when a server wants to be left alone, and so do the others of its host wait", () =>
    Effect.gen(function*() {
      const { echo, toolkit } = yield* tools(pets, {
        limits: [Limits.concurrency(1)],
        firstByte: "unbounded",
        idle: "unbounded"
      })
      echo.answer = (seen, response) => {
        echo.answer = Echo.json({})
        Echo.json({}, 429, { "retry-after": "30" })(seen, response)
      }
      const asked = [["addPet"], ["getPet", { id: "1" }]] as const
      const { outcomes } = yield* inTime(calls(toolkit, asked, { timeout: "1000 days" }))
      assert.deepStrictEqual(outcomes.map(({ attempts, encoded }) => [attempts, encoded]), [[2, "{}"], [1, "{}"]])
      assert.deepStrictEqual(echo.seen.map(({ method }) => method), ["POST", "POST", "GET"])
      const [first] = outcomes
      assert.isAtLeast((first?.endedAt ?? 0) - (first?.startedAt ?? 0), 30_000)
    }))

  it.effect("that may have written is not tried again by a server that is not there", () =>
    Effect.gen(function*() {
      const { echo, toolkit } = yield* tools(pets)
      for (
        const [said, wait] of [["1", 1000], ["Thu, 01 Jan 1970 00:00:10 GMT", 10_000], ["soon 5", undefined]] as const
      ) {
        echo.answer = Echo.json({}, 503, { "retry-after": said })
        const { encoded } = yield* call(toolkit, "addPet")
        assert.strictEqual(JSON.parse(encoded).error.data.retryAfterMillis, wait)
      }
      assert.lengthOf(echo.seen, 3)
    }))

  it.effect("ends its request when nobody waits for it any more", () =>
    Effect.gen(function*() {
      const { echo, toolkit } = yield* tools(pets, { firstByte: "unbounded" })
      const [arrived, closed] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const run = Effect.runForkWith(yield* Effect.context())
      echo.answer = (_, response) => {
        response.on("close", () => run(Deferred.succeed(closed, undefined)))
        run(Deferred.succeed(arrived, undefined))
      }
      const turn = yield* Effect.forkChild(call(toolkit, "addPet"))
      yield* Deferred.await(arrived)
      yield* TestClock.adjust("30 seconds")
      assert.include((yield* Fiber.join(turn)).encoded, "\"type\":\"Timeout\"")
      yield* Deferred.await(closed)
    }))
})

const schemes = {
  key: { type: "apiKey", in: "header", name: "X-Key" },
  query: { type: "apiKey", in: "query", name: "token" },
  cookie: { type: "apiKey", in: "cookie", name: "session" },
  basic: { type: "http", scheme: "basic" },
  bearer: { type: "http", scheme: "bearer" },
  oauth: { type: "oauth2", flows: {} }
}

const secured = (security: ReadonlyArray<object>, more: object = {}) =>
  documentOf({ "/x": get("ask", [], { security, ...more }) }, { components: { securitySchemes: schemes } })

const secret = Redacted.make("s3cret/+value")

describe("credentials", () => {
  it.effect("go where their scheme says", () =>
    Effect.gen(function*() {
      const sent = Effect.fnUntraced(function*(security: ReadonlyArray<object>, auth: OpenApi.Auth) {
        const { echo, toolkit } = yield* tools(secured(security), { auth })
        yield* call(toolkit, "ask")
        const [seen] = echo.seen
        return [seen?.target, seen?.headers["x-key"], seen?.headers.cookie, seen?.headers.authorization]
      })
      const [key, encoded] = ["s3cret/+value", "s3cret%2F%2Bvalue"]
      assert.deepStrictEqual(yield* sent([{ key: [] }], { key: secret }), ["/x", key, undefined, undefined])
      assert.deepStrictEqual(yield* sent([{ query: [] }], { query: secret }), [
        `/x?token=${encoded}`,
        undefined,
        undefined,
        undefined
      ])
      assert.deepStrictEqual(yield* sent([{ cookie: [] }], { cookie: secret }), [
        "/x",
        undefined,
        `session=${encoded}`,
        undefined
      ])
      const basic = `Basic ${Buffer.from("ann:pass").toString("base64")}`
      assert.deepStrictEqual(yield* sent([{ basic: [] }], { basic: Redacted.make("ann:pass") }), [
        "/x",
        undefined,
        undefined,
        basic
      ])
      assert.strictEqual((yield* sent([{ bearer: [] }], { bearer: secret }))[3], `Bearer ${key}`)
      assert.strictEqual((yield* sent([{ oauth: ["read"] }], { oauth: Effect.succeed(secret) }))[3], `Bearer ${key}`)
      assert.deepStrictEqual(yield* sent([{}, { basic: [] }, { key: [], query: [] }], { key: secret, query: secret }), [
        `/x?token=${encoded}`,
        key,
        undefined,
        undefined
      ])
      assert.deepStrictEqual(yield* sent([{ basic: [] }], { key: secret }), ["/x", undefined, undefined, undefined])
    }))

  it.effect("are no parameters, even where the document has one of their name", () =>
    Effect.gen(function*() {
      const parameters = [["header", "x-key"], ["query", "token"], ["cookie", "session"], ["header", "Authorization"]]
        .map(([place, name]) => ({ name, in: place, schema: { type: "string" } }))
      const { toolkit } = yield* tools(secured([{ key: [] }], { parameters }))
      assert.deepStrictEqual(toolkit.tools[0]?.jsonSchema["properties"], {})
    }))

  it.effect("are in no text that a model or a log is shown", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logs = Logger.layer([Logger.make(({ cause, message }) => void logged.push(message, String(cause)))])
      const all = { key: secret, query: secret, cookie: secret, basic: Redacted.make("ann:s3cret+pass") }
      const security = [Object.fromEntries(Object.keys(all).map((name) => [name, []]))]
      const { echo, toolkit } = yield* tools(secured(security), { auth: all })
      const answers: ReadonlyArray<Echo.Answer> = [
        ({ headers, target }, response) => Echo.json({ headers, target }, 200)(echo.seen.at(-1)!, response),
        ({ headers, target }, response) => Echo.json({ headers, target }, 401)(echo.seen.at(-1)!, response),
        ({ headers, target }, response) => response.writeHead(500).end(JSON.stringify({ headers, target })),
        (_, response) => response.writeHead(401).end("s3cret+pass is no password of ann:s3cret+pass"),
        (_, response) => response.destroy()
      ]
      for (const answer of answers) {
        echo.answer = answer
        const { encoded, result } = yield* Effect.provide(call(toolkit, "ask"), logs)
        const shown = JSON.stringify([encoded, result, logged])
        for (const text of ["s3cret", Buffer.from("ann:s3cret+pass").toString("base64")]) assert.notInclude(shown, text)
      }
    }))

  it.effect("that cannot be had are that call's failure, and the reason is the host's", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logs = Logger.layer([Logger.make(({ message }) => void logged.push(message))])
      const { echo, toolkit } = yield* tools(secured([{ key: [] }]), { auth: { key: Effect.fail("vault is shut") } })
      const { encoded } = yield* Effect.provide(call(toolkit, "ask"), logs)
      assert.include(encoded, "\"type\":\"NoCredentials\"")
      assert.notInclude(encoded, "vault")
      assert.include(JSON.stringify(logged), "vault is shut")
      assert.lengthOf(echo.seen, 0)
    }))

  it.effect("are in no span", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const auth = { key: secret, query: secret, cookie: secret }
      const { echo, toolkit } = yield* tools(secured([{ key: [], query: [], cookie: [] }]), { auth })
      yield* call(toolkit, "ask").pipe(
        Effect.provideService(HttpClient.TracerHeaderFilter, () => true),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.include(echo.seen[0]?.target, "token=")
      const told = JSON.stringify(spans.map(({ attributes, name }) => [name, [...attributes]]))
      for (const part of ["http.request.header.x-key", "http.request.header.cookie", "token=REDACTED"]) {
        assert.include(told, part)
      }
      assert.notInclude(told, "s3cret")
    }))

  it.effect("for a scheme that there is not are a mistake", () =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(secured([]), { baseUrl: "http://localhost", auth: { kez: secret } })
      assert.strictEqual(reason, "UnknownSchemes")
      assert.include(message, "key, query, cookie, basic, bearer, oauth")
    }))
})

describe("a redirect", () => {
  it.effect("is followed within its host, and leads nothing elsewhere", () =>
    Effect.gen(function*() {
      const other = yield* Echo.serve
      const { echo, toolkit } = yield* tools(secured([{ key: [] }]), { auth: { key: secret } })
      echo.answer = ({ target }, response) =>
        target === "/x"
          ? response.writeHead(302, { location: "/y" }).end()
          : Echo.json({ at: target })(echo.seen[0]!, response)
      assert.strictEqual((yield* call(toolkit, "ask")).encoded, "{\"at\":\"/y\"}")
      echo.answer = (_, response) => response.writeHead(307, { location: `${other.url}/x` }).end()
      const { encoded } = yield* call(toolkit, "ask")
      assert.include(encoded, "\"type\":\"Redirected\"")
      assert.lengthOf(other.seen, 0)
    }))
})

describe("a path", () => {
  it.effect("keeps what the document has in it and behind it", () =>
    Effect.gen(function*() {
      const y = { name: "y", in: "path", required: true, schema: { type: "string" } }
      const z = { name: "z", in: "query", schema: { type: "string" } }
      const { echo, toolkit } = yield* tools(
        documentOf({
          "/": get("root"),
          "/a/": get("slash"),
          "/a?y={y}": get("query", [y, z]),
          "/a#Action": get("fragment", [z]),
          "/{y}.{y}/..a/.": get("dots", [y])
        }),
        {}
      )
      const ask = [["root"], ["slash"], ["query", { y: "a&b/", z: "1" }], ["fragment", { z: "2" }], ["dots", {
        y: "."
      }]] as const
      yield* calls(toolkit, ask, { concurrency: 1 })
      assert.deepStrictEqual(echo.seen.map(({ target }) => target), ["/", "/a/", "/a?y=a%26b%2F&z=1", "/a?z=2"])
    }))
})

describe("a client of one's own", () => {
  it.effect("sends the requests, as it changes them", () =>
    Effect.gen(function*() {
      const echo = yield* Echo.serve
      const client = Layer.effect(HttpClient.HttpClient)(
        Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setHeader("x-own", "1")))
      )
      const { toolkit } = yield* OpenApi.toolkit(pets, { baseUrl: echo.url }).pipe(
        Effect.provide(Layer.provide(client, FetchHttpClient.layer))
      )
      yield* call(toolkit, "listPets")
      assert.strictEqual(echo.seen[0]?.headers["x-own"], "1")
    }))
})

describe("a client that is no fetch", () => {
  it.effect("has the same limit of bytes, and follows no redirect", () =>
    Effect.gen(function*() {
      const echo = yield* Echo.serve
      const { toolkit } = yield* OpenApi.toolkit(pets, { baseUrl: echo.url, maxBytes: 10 }).pipe(
        Effect.provide(NodeHttpClient.layerNodeHttp)
      )
      const outcomeOf = Effect.fnUntraced(function*(answer: Echo.Answer) {
        echo.answer = answer
        return (yield* call(toolkit, "listPets")).encoded
      })
      assert.strictEqual(yield* outcomeOf((_, response) => response.end("0123456789")), "0123456789")
      assert.include(yield* outcomeOf((_, response) => response.end("0123456789a")), "\"type\":\"TooLarge\"")
      assert.strictEqual(yield* outcomeOf((_, response) => response.writeHead(204).end()), "null")
      const away: Echo.Answer = (_, response) => response.writeHead(302, { location: "/elsewhere" }).end()
      assert.include(yield* outcomeOf(away), "\"status\":302")
    }))
})

describe("OpenApiError", () => {
  it("is plain data, and names what to do", () => {
    const error = new OpenApiError.OpenApiError({
      reason: new OpenApiError.TooMany({ operations: 1223, maxTools: 64 })
    })
    const encoded = Schema.encodeSync(OpenApiError.OpenApiError)(error)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(encoded)).reason, {
      _tag: "TooMany",
      operations: 1223,
      maxTools: 64
    })
    assert.include(error.message, "name those that are wanted in `include`")
  })
})
