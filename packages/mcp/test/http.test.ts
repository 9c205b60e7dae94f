import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect, Exit, Fiber, Layer, Result, Schema, Scope } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { HttpRouter, HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { createServer } from "node:http"
import { byHand, call, ends, failureOf, http, served } from "./support.ts"

describe("Mcp.connect, to a URL", () => {
  it.live("has many requests in flight at once, each answered by its id", () =>
    Effect.gen(function*() {
      const { url } = yield* served
      const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url, parallel: true })
      const calls = Array.from({ length: 50 }, (_, n) => call("gather", { n, of: 50 }, n))
      const { outcomes } = yield* Batch.run(toolkit, calls, { concurrency: 50 })
      assert.deepStrictEqual(outcomes.map(({ result }) => result), calls.map((_, n) => Result.succeed(`${n}`)))
    }))

  it.effect("cancels at the server a call that met its timeout", () =>
    Effect.gen(function*() {
      const { url } = yield* served
      const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url })
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call("slow")], { timeout: "1 second" }))
      assert.deepStrictEqual(yield* ends(toolkit, [["arrived"]]), ["arrived"])
      yield* TestClock.adjust("1 second")
      assert.include((yield* Fiber.join(fiber)).outcomes[0]?.encoded, "Timeout")
      assert.deepStrictEqual(yield* ends(toolkit, [["cancelled"]]), ["cancelled"])
    }))

  it.live.each(["end", "destroy"] as const)(
    "answers a call whose stream stops without an answer: %s",
    (stop) =>
      Effect.gen(function*() {
        const url = yield* http(byHand(({ method }, response) => {
          if (method !== "tools/call") return false
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.write(": one moment\n\n", () => response[stop]())
          return true
        }))
        const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url })
        const [end] = yield* ends(toolkit, [["say"]])
        const closed = new McpError.McpError({ server: "shop", reason: new McpError.Closed({ sent: true }) })
        assert.deepStrictEqual(failureOf(end), closed)
      })
  )

  it.live("sends its headers with every request, and ends its session with the scope", () =>
    Effect.gen(function*() {
      const { ended, requests, url } = yield* served
      const scope = yield* Scope.make()
      const headers = { authorization: "Bearer hunter2" }
      yield* Mcp.connect({ name: "shop", url, headers }).pipe(Scope.provide(scope))
      yield* Scope.close(scope, Exit.void)
      yield* ended
      assert.deepStrictEqual(new Set(requests.map(({ headers }) => headers.authorization)), new Set(["Bearer hunter2"]))
      assert.strictEqual(requests.at(-1)?.headers["mcp-session-id"], "a-session")
    }))

  it.live("says why there is no server", () =>
    Effect.gen(function*() {
      const refusing = yield* http((_, response) => response.writeHead(401).end())
      const missing = yield* http((_, response) => response.writeHead(404).end("<html>"))
      const failing = yield* http((_, response) => response.writeHead(503).end())
      const gone = yield* Effect.scoped(http(() => {}))
      const urls = [refusing, missing, failing, gone]
      const { failed } = yield* Mcp.connectAll(urls.map((url, index) => ({ name: `${index}`, url })))
      assert.deepStrictEqual(failed.map(({ message }) => message), [
        "MCP server \"0\": it answered with HTTP status 401",
        "MCP server \"1\": it answered with HTTP status 404: is it the URL of an MCP server with streamable HTTP? " +
        "The HTTP+SSE transport of 2024 is not supported",
        "MCP server \"2\": it answered with HTTP status 503",
        `MCP server "3": connect ECONNREFUSED ${new URL(gone).host}`
      ])
    }))

  it.effect("lets go of a server that is not ready in time", () =>
    Effect.gen(function*() {
      const asked = Promise.withResolvers<void>()
      const left = Promise.withResolvers<void>()
      const url = yield* http((_, response) => {
        asked.resolve()
        response.on("close", () => left.resolve())
      })
      const fiber = yield* Effect.forkChild(Effect.flip(Mcp.connect({ name: "silent", url, timeout: "5 seconds" })))
      yield* Effect.promise(() => asked.promise)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "NotReady")
      yield* Effect.promise(() => left.promise)
    }))

  it.effect("speaks to a server of 2026-07-28, which knows no `initialize`", () => {
    const add = Tool.make("add", {
      description: "Adds.",
      parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
      success: Schema.Struct({ sum: Schema.Int })
    })
    const toolkit = Toolkit.make(add)
    const server = McpServer.toolkit(toolkit).pipe(
      Layer.provide(toolkit.toLayer({ add: ({ a, b }) => Effect.succeed({ sum: a + b }) })),
      Layer.provide(
        McpServer.layerHttp({ name: "new", version: "1.0.0", path: "/mcp", protocols: [McpProtocol.v2026_07_28] })
      ),
      HttpRouter.serve,
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
    )
    return Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : 0
      const { toolkit } = yield* Mcp.connect({ name: "new", prefix: "", url: `http://127.0.0.1:${port}/mcp` })
      assert.deepStrictEqual(yield* ends(toolkit, [["add", { a: 1, b: 2 }]]), [{ sum: 3 }])
      // The connection ends first: the server waits for open streams, and one of them is for its news.
    }).pipe(Effect.scoped, Effect.provide(server))
  })
})
