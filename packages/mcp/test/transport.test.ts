/**
 * Servers over HTTP that say nothing, too much, or that somebody else is to be asked.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Cause, Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { ServerResponse } from "node:http"
import { inspect } from "node:util"
import { byHand, call, failureOf, http, json, type Message } from "./support.ts"

const says = { result: { content: [{ type: "text", text: "hello" }] } }

const event = (message: Message, body: object): string =>
  `data: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...body })}\n\n`

/** Answers calls in the way that they ask for; `stalled` once one of them stands still. */
const odd = () => {
  const stalled = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const listener = byHand((message, response) => {
    if (message.method !== "tools/call") return false
    const as = message.params?.arguments?.as
    const isStream = as?.includes("stream") === true
    response.on("close", left.resolve)
    if (as === "plain") {
      json(response, message, says)
    } else if (as === "silent") {
      stalled.resolve()
    } else {
      response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" })
      const filling = isStream ? `: ${"x".repeat(1000)}\n\n` : " ".repeat(1000)
      if (as?.startsWith("still")) {
        response.write(filling, () => stalled.resolve())
      } else {
        for (let n = 0; n < 20; n++) response.write(filling)
        response.end(isStream ? event(message, says) : JSON.stringify({ jsonrpc: "2.0", id: message.id, ...says }))
      }
    }
    return true
  })
  return { listener, stalled: Effect.promise(() => stalled.promise), left: Effect.promise(() => left.promise) }
}

const asking = (server: Mcp.Server, ways: ReadonlyArray<string>) =>
  Effect.map(
    Batch.run(server.toolkit, ways.map((as, n) => call("say", { as }, n)), { timeout: "unbounded" }),
    ({ outcomes }) => outcomes.map(({ result }): unknown => Result.merge(result))
  )

const because = (reason: McpError.Reason) => new McpError.McpError({ server: "shop", reason })

const minute = 60_000

describe("a call of a server over HTTP", () => {
  it.effect.each(
    [
      ["silent", "firstByte", undefined, minute],
      ["silent", "firstByte", "5 seconds", 5000],
      ["still", "idle", undefined, minute],
      ["still", "idle", "5 seconds", 5000],
      ["still stream", "idle", undefined, minute],
      ["still stream", "idle", "5 seconds", 5000]
    ] as const
  )("that is answered %s fails alone by %s, given %s", ([as, limit, given, millis]) =>
    Effect.gen(function*() {
      const { left, listener, stalled } = odd()
      const url = yield* http(listener)
      const server = yield* Mcp.connect({ name: "shop", prefix: "", url, parallel: true, [limit]: given })
      const fiber = yield* Effect.forkChild(asking(server, [as, "plain"]))
      yield* stalled
      yield* TestClock.adjust(millis - 1)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const [slow, plain] = yield* Fiber.join(fiber)
      assert.deepStrictEqual(failureOf(slow), because(new McpError.TimedOut({ limit, millis })))
      assert.strictEqual(plain, "hello")
      yield* left
      assert.deepStrictEqual(yield* asking(server, ["plain"]), ["hello"])
    }))

  it.live.each(["large", "large stream"])(
    "whose answer is larger than it may be fails alone: %s",
    (as) =>
      Effect.gen(function*() {
        const url = yield* http(odd().listener)
        const options = { name: "shop", prefix: "", url, parallel: true }
        const strict = yield* Mcp.connect({ ...options, maxBytes: 10_000 })
        const [large, plain] = yield* asking(strict, [as, "plain"])
        assert.deepStrictEqual(failureOf(large), because(new McpError.TooLarge({ maxBytes: 10_000 })))
        assert.strictEqual(plain, "hello")
        assert.deepStrictEqual(yield* asking(strict, ["plain"]), ["hello"])
        assert.deepStrictEqual(yield* asking(yield* Mcp.connect(options), [as]), ["hello"])
      })
  )

  it.effect("is none of the stream on which a server may have news, or none for hours", () =>
    Effect.gen(function*() {
      const opened = Promise.withResolvers<ServerResponse>()
      const closed: Array<string> = []
      const url = yield* http(byHand((message, response, request) => {
        if (message.method === "tools/call") json(response, message, says)
        if (request.method === "GET") {
          response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
          response.on("close", () => closed.push("closed"))
          opened.resolve(response)
        }
        return message.method === "tools/call" || request.method === "GET"
      }))
      const server = yield* Mcp.connect({ name: "shop", prefix: "", url })
      yield* Effect.promise(() => opened.promise)
      yield* TestClock.adjust("10 hours")
      assert.deepStrictEqual(yield* asking(server, ["plain"]), ["hello"])
      assert.deepStrictEqual(closed, [])
    }))
})

describe("a redirect of a server over HTTP", () => {
  it.live.each([301, 302, 303, 307, 308])(
    "leads to no other server: %i",
    (status) =>
      Effect.gen(function*() {
        const seen: Array<string | undefined> = []
        const other = yield* http((request, response) => {
          seen.push(request.url)
          response.writeHead(500).end()
        })
        const url = yield* http((_, response) => response.writeHead(status, { location: `${other}?secret=1` }).end())
        const headers = { authorization: "Bearer secret" }
        const error = yield* Effect.flip(Mcp.connect({ name: "shop", url, headers }))
        assert.deepStrictEqual(error, because(new McpError.Redirected({ status, to: new URL(other).origin })))
        assert.notInclude(inspect(error, { depth: 20 }), "secret")
        assert.deepStrictEqual(seen, [])
      })
  )

  it.live("leads on within the server, where the request stays as it is", () =>
    Effect.gen(function*() {
      const { listener } = odd()
      const url = yield* http((request, response) =>
        request.url === "/mcp/" ? listener(request, response) : response.writeHead(307, { location: "/mcp/" }).end()
      )
      const server = yield* Mcp.connect({ name: "shop", prefix: "", url, headers: { authorization: "Bearer mine" } })
      assert.deepStrictEqual(yield* asking(server, ["plain"]), ["hello"])
    }))
})

describe("what is secret of the address of a server", () => {
  const secrets = ["ann-of-acme", "pass-of-ann", "token-of-ann", "key-of-the-shop"]

  /** All that an error shows to whoever looks. */
  const everything = (error: McpError.McpError): string =>
    [
      error.message,
      String(error),
      error.stack,
      inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(error),
      JSON.stringify(Schema.encodeSync(McpError.McpError)(error)),
      Cause.pretty(Cause.fail(error)),
      inspect(Cause.fail(error), { depth: 20 })
    ].join("\n")

  const quoting = (status: number) =>
    http((request, response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(`no ${request.url} for ${secrets.join()}`)
    )

  const refusing = http(
    byHand((message, response) => {
      if (message.method !== "tools/list") return false
      json(response, message, { error: { code: -32000, message: `no ${secrets.join()} ${"x".repeat(100_000)}` } })
      return true
    })
  )

  const user = "ann-of-acme:pass-of-ann@"
  const withUser = (url: string): string => url.replace("//", `//${user}`)

  it.live.each(
    [
      ["no host", Effect.succeed(`http://${user}?token=token-of-ann`)],
      ["a bad port", Effect.succeed(`http://${user}127.0.0.1:x/mcp?token=token-of-ann`)],
      ["no URL", Effect.succeed(`${user}nowhere?token=token-of-ann`)],
      ["a user", Effect.map(quoting(500), withUser)],
      ["nobody who listens", Effect.scoped(quoting(500))],
      ["a refusal", quoting(401)],
      ["a server that fails", quoting(500)],
      ["an answer of another shape", quoting(200)],
      ["an error of the protocol", refusing],
      [
        "a redirect",
        http((request, response) => response.writeHead(302, { location: `http://other.test${request.url}` }).end())
      ]
    ] as const
  )("stands in no error: %s", ([, served]) =>
    Effect.gen(function*() {
      const url = yield* served
      const query = url.includes("?") ? "" : "?token=token-of-ann&user=ann-of-acme&pass=pass-of-ann"
      const headers = { authorization: "Bearer key-of-the-shop" }
      const error = yield* Effect.flip(Mcp.connect({ name: "shop", url: `${url}${query}`, headers }))
      const all = everything(error)
      for (const secret of secrets) assert.notInclude(all, secret)
      assert.isBelow(error.message.length, 4500)
    }))
})
