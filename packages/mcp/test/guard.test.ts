import { assert, describe, it } from "@effect/vitest"
import * as Server from "@volley/mcp/Server"
import { Cause, Effect, Exit, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { once } from "node:events"
import { connect } from "node:net"
import { callTool, post } from "./byHand.ts"
import { Greeting, make } from "./fixtures/kit.ts"
import { overHttp } from "./served.ts"

const options = { name: "kit", version: "1.0.0" }

const died = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.exit(effect), (exit) => Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "it lives")

const served = (options: Partial<Server.HttpOptions>) => Effect.scoped(Effect.asVoid(overHttp(options)))

const handled = (options: Partial<Server.WebOptions>) =>
  Effect.scoped(Server.handler(make().tools, { name: "kit", ...options })).pipe(
    Effect.provideService(Greeting, "hello")
  )

describe("Server, closed by default", () => {
  it.live("takes a request for this machine, from no page or a page of it", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp()
      const { port } = new URL(url)
      for (const host of ["localhost", `localhost:${port}`, "127.0.0.1", "[::1]:1"]) {
        assert.strictEqual((yield* post(url, { headers: { host } })).status, 200, host)
      }
      assert.strictEqual((yield* post(url, { headers: { origin: "http://localhost:5173" } })).status, 200)
      for (const host of ["evil.example", "localhost.evil.example", `127.0.0.1.nip.io:${port}`]) {
        assert.strictEqual((yield* post(url, { headers: { host } })).status, 403, host)
      }
      for (const origin of ["http://evil.example", "null", "http://localhost.evil.example", "file://"]) {
        assert.strictEqual((yield* post(url, { headers: { origin } })).status, 403, origin)
      }
      assert.strictEqual((yield* post(new URL("/other", url).href)).status, 404)
    }))

  it.live("takes the hosts and the pages that it is told to take, and no others", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp({
        allowedHosts: ["tools.example"],
        allowedOrigins: ["app.example"],
        token: Redacted.make("secret")
      })
      const authorization = "Bearer secret"
      const asked = (host: string, origin: string) => post(url, { headers: { host, origin, authorization } })
      assert.strictEqual((yield* asked("tools.example", "https://app.example")).status, 200)
      assert.strictEqual((yield* asked("localhost", "https://app.example")).status, 403)
      assert.strictEqual((yield* asked("tools.example", "http://localhost")).status, 403)
    }))

  it.live("wants the token where there is one, and says so before it reads the body", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp({ token: Redacted.make("secret"), maxBodyBytes: 10 })
      for (const authorization of [undefined, "secret", "Bearer", "Bearer secre", "Bearer secret2", "Basic secret"]) {
        const { headers, status } = yield* post(url, { headers: authorization === undefined ? {} : { authorization } })
        assert.strictEqual(status, 401, authorization)
        assert.include(String(headers["www-authenticate"]), "Bearer")
      }
      assert.strictEqual((yield* post(url, { headers: { authorization: "Bearer secret" } })).status, 413)
      assert.strictEqual((yield* post(url, { headers: { authorization: "bearer secret" } })).status, 413)
    }))

  it.live("refuses what is too long, is no JSON, or does not say that it is", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp({ maxBodyBytes: 1000 })
      assert.strictEqual((yield* post(url, { body: JSON.stringify("x".repeat(1000)) })).status, 413)
      const chunked = { body: JSON.stringify("x".repeat(1000)), headers: { "transfer-encoding": "chunked" } }
      assert.strictEqual((yield* post(url, chunked)).status, 413)
      assert.strictEqual((yield* post(url, { body: "{" })).status, 400)
      assert.strictEqual((yield* post(url, { headers: { "content-type": "text/plain" } })).status, 415)
      assert.strictEqual((yield* post(url, { body: "[]" })).status, 400)
      assert.strictEqual((yield* post(url, { headers: { "mcp-session-id": "made up" } })).status, 404)
      assert.strictEqual((yield* post(url)).status, 200)
    }))

  it.live("answers methods that no request can have, at a path without its slash too", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp({ path: "tools" })
      assert.strictEqual(new URL(url).pathname, "/tools")
      assert.strictEqual((yield* post(url, { method: "TRACE", body: "" })).status, 405)
      assert.strictEqual((yield* post(url)).status, 200)
    }))

  it.effect("dies where anybody could call the tools", () =>
    Effect.gen(function*() {
      const sentence = (host: string) =>
        `Error: Anybody who reaches "${host}" could call the tools: give the MCP server a \`token\`, or say \`unsafe: true\`.`
      assert.strictEqual(yield* died(served({ host: "0.0.0.0" })), sentence("0.0.0.0"))
      assert.strictEqual(yield* died(served({ host: "::" })), sentence("::"))
      assert.strictEqual(yield* died(handled({ allowedHosts: ["tools.example"] })), sentence("tools.example"))
      assert.include(yield* died(served({ token: Redacted.make("") })), "The token of the MCP server is empty")
      assert.strictEqual(yield* died(served({ host: "0.0.0.0", unsafe: true })), "it lives")
      assert.strictEqual(yield* died(served({ host: "0.0.0.0", token: Redacted.make("secret") })), "it lives")
      assert.strictEqual(yield* died(handled({ allowedHosts: ["tools.example"], unsafe: true })), "it lives")
      assert.strictEqual(yield* died(served({ host: "localhost" })), "it lives")
    }))

  it.live("fails where the port is taken", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp()
      const failure = yield* Effect.flip(overHttp({ port: Number(new URL(url).port) }))
      assert.strictEqual(failure._tag, "NotListening")
      assert.include(failure.message, "EADDRINUSE")
    }))

  it.live("answers nobody any more when its scope has closed, and has interrupted what it ran", () =>
    Effect.gen(function*() {
      const kit = make()
      yield* Effect.scoped(Effect.gen(function*() {
        const { tools, until } = kit
        const { url } = yield* Server.serveHttp(tools, options).pipe(Effect.provideService(Greeting, "hello"))
        yield* Effect.forkChild(callTool(url, "write", { arguments: { n: 1 } }))
        yield* until("write 1 begins")
      }))
      assert.deepStrictEqual(kit.log, ["write 1 begins", "write 1 is interrupted"])
    }))
})

describe("The sessions of a server", () => {
  it.effect("end when nobody has used them for a while, but for those that still listen", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp({ sessionIdle: "10 minutes" })
      const open = Effect.map(post(url), ({ headers }) => String(headers["mcp-session-id"]))
      const ping = (session: string) =>
        Effect.map(
          post(url, {
            body: JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" }),
            headers: { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }
          }),
          ({ status }) => status
        )
      const [idle, used, listening] = [yield* open, yield* open, yield* open]
      yield* listen(url, listening)
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual(yield* ping(used), 200)
      yield* TestClock.adjust("6 minutes")
      assert.deepStrictEqual([yield* ping(idle), yield* ping(used), yield* ping(listening)], [404, 200, 200])
    }))

  it.live("make room for a new one, where there are as many as there may be", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp({ maxSessions: 2 })
      const open = Effect.map(post(url), ({ headers }) => String(headers["mcp-session-id"]))
      const ids = [yield* open, yield* open, yield* open]
      const ping = (session: string) =>
        post(url, {
          body: JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" }),
          headers: { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }
        })
      const statuses = yield* Effect.forEach(ids, (id) => Effect.map(ping(id), ({ status }) => status))
      assert.deepStrictEqual(statuses, [404, 200, 200])
    }))
})

/** Has the stream of a session open until the scope closes. */
const listen = (url: string, session: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const { hostname, pathname, port } = new URL(url)
      const socket = connect(Number(port), hostname)
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nmcp-session-id: ${session}\r\n\r\n`
      )
      await once(socket, "data")
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )
