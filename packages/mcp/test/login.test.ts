import { assert, describe, it } from "@effect/vitest"
import { Batch, Json } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect, Redacted, Result, Schema } from "effect"
import type { ServerResponse } from "node:http"
import { inspect } from "node:util"
import { afterEach, beforeEach, vi } from "vitest"
import { authority, guarded } from "./authority.ts"
import { logIn, Memory } from "./fixtures/provider.ts"
import { byHand, call, ends, failureOf, http, json, patience } from "./support.ts"

// The official client says on the console what it does.
beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

/** A server that wants a login, and a provider; nobody has logged in. */
const wanting = Effect.fnUntraced(function*(
  ...[odd, scope]: [
    odd?: Parameters<typeof authority>[0],
    scope?: Parameters<typeof guarded>[1]
  ]
) {
  const one = yield* authority(odd)
  const { shown, url } = yield* guarded(one, scope)
  const authProvider = new Memory()
  const server = { name: "shop", prefix: "", url, authProvider, parallel: true, ...patience }
  return { ...one, shown, authProvider, server }
})

const needed = (error: unknown): McpError.NeedsLogin => {
  assert.instanceOf(error, McpError.McpError)
  assert.instanceOf(error.reason, McpError.NeedsLogin)
  return error.reason
}

/** Connects, logs in where that is asked, and connects again. */
const loggedIn = Effect.fnUntraced(function*(server: Mcp.Remote) {
  const { url } = needed(yield* Effect.flip(Mcp.connect(server)))
  yield* Mcp.finishAuth(server, yield* logIn(Redacted.value(url)))
  return yield* Mcp.connect(server)
})

const sums = Array.from({ length: 20 }, (_, n) => call("math.add", { a: n, b: 1 }, n))

describe("a server that wants a login", () => {
  it.live("says where somebody has to log in, and takes the token that the login comes back with", () =>
    Effect.gen(function*() {
      const { authProvider, books, origin, server } = yield* wanting()
      const error = yield* Effect.flip(Mcp.connect(server))
      const { url } = needed(error)
      assert.strictEqual(Redacted.value(url), authProvider.urls[0]?.href)
      assert.strictEqual(
        error.message,
        `MCP server "shop": a person has to log in first, at ${origin}/authorize: send them to the \`url\` of this error`
      )
      yield* Mcp.finishAuth(server, yield* logIn(Redacted.value(url)))
      const { toolkit } = yield* Mcp.connect(server)
      assert.deepStrictEqual(yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]]), ["3"])
      assert.deepStrictEqual([books.times("authorization_code"), authProvider.urls.length], [1, 1])
    }))

  it.live("is found by what it says itself, where the provider forgets what was discovered", () =>
    Effect.gen(function*() {
      const { server } = yield* wanting()
      const authProvider = Object.assign(server.authProvider, { discoveryState: () => undefined })
      const { url } = needed(yield* Effect.flip(Mcp.connect({ ...server, authProvider })))
      Object.assign(authProvider, { saveDiscoveryState: undefined })
      yield* Mcp.finishAuth({ ...server, authProvider }, yield* logIn(Redacted.value(url)))
      assert.include(authProvider.tokens()?.access_token, "access-")
    }))

  it.live("refreshes its token once for many calls in flight", () =>
    Effect.gen(function*() {
      const { authProvider, books, server } = yield* wanting()
      const { toolkit } = yield* loggedIn(server)
      books.tokens.clear()
      const { outcomes } = yield* Batch.run(toolkit, sums)
      assert.deepStrictEqual(outcomes.map(({ result }) => result), sums.map((_, n) => Result.succeed(`${n + 1}`)))
      assert.deepStrictEqual([books.times("refresh_token"), authProvider.urls.length], [1, 1])
    }))

  it.live("asks for one login where many calls in flight need it", () =>
    Effect.gen(function*() {
      const { authProvider, books, server } = yield* wanting()
      const { toolkit } = yield* loggedIn(server)
      books.tokens.clear()
      books.refreshes.clear()
      authProvider.saveTokens({ access_token: "none-that-is-known", token_type: "Bearer" })
      const calls = sums.map((_, n) => ["math.add", { a: n, b: 1 }] as const)
      const failed = (yield* ends(toolkit, calls)).map(failureOf)
      const { url } = needed(failed[0])
      assert.isTrue(failed.every((one) => Redacted.value(needed(one).url) === Redacted.value(url)))
      assert.strictEqual(authProvider.urls.length, 2)
      // The same connection goes on with the new token.
      yield* Mcp.finishAuth(server, yield* logIn(Redacted.value(url)))
      assert.deepStrictEqual(yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]]), ["3"])
    }))

  it.live("sends somebody to where its tokens come from now", () =>
    Effect.gen(function*() {
      const [before, after] = [yield* authority(), yield* authority()]
      const at = { ...before }
      const { url } = yield* guarded(at)
      const { toolkit } = yield* loggedIn({ name: "shop", prefix: "", url, authProvider: new Memory() })
      Object.assign(at, after)
      const [end] = yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]])
      assert.strictEqual(new URL(Redacted.value(needed(failureOf(end)).url)).origin, after.origin)
      assert.deepStrictEqual([before.books.clients.size, after.books.clients.size], [1, 1])
    }))

  it.live("asks for a login anew where it wants more than the token is for", () =>
    Effect.gen(function*() {
      const wants = { scope: "read" }
      const { authProvider, server } = yield* wanting(undefined, () => wants.scope)
      const { toolkit } = yield* loggedIn({ ...server, authProvider: withScope(authProvider, "read") })
      wants.scope = "write"
      const [end] = yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]])
      const url = Redacted.value(needed(failureOf(end)).url)
      assert.strictEqual(new URL(url).searchParams.get("scope"), "read write")
      yield* Mcp.finishAuth(server, yield* logIn(url))
      assert.deepStrictEqual(yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]]), ["3"])
    }))
})

const withScope = (provider: Memory, scope: string) =>
  Object.assign(provider, { clientMetadata: { ...provider.clientMetadata, scope } })

describe("a token", () => {
  it.live("is in no message, no JSON and nothing printed, even where others repeat it", () =>
    Effect.gen(function*() {
      const { calls: printed } = vi.mocked(console.warn).mock
      const secrets: Array<string> = []
      const { books, server } = yield* wanting(({ form, path }, response) => {
        if (path !== "/token" || form.get("grant_type") !== "refresh_token") return false
        secrets.push(form.get("refresh_token") ?? "")
        response.writeHead(400).end(`no such token: ${form.get("refresh_token")}`)
        return true
      })
      const mcp = yield* loggedIn(server)
      secrets.push(server.authProvider.tokens()?.access_token ?? "", server.authProvider.codeVerifier())
      books.tokens.clear()
      const { outcomes: [outcome] } = yield* Batch.run(mcp.toolkit, [call("math.add", { a: 1, b: 2 })])
      assert.include(outcome?.encoded, "a person has to log in first")
      const error = failureOf(Result.merge(outcome?.result ?? Result.fail(undefined)))
      const seen = [mcp, outcome, error, printed].map((one) => inspect(one, { depth: 8, showHidden: true }))
      const texts = [...seen, JSON.stringify([outcome, error]), String(outcome?.encoded)].join("\n")
      assert.isAbove(printed.length, 0)
      const hidden = [...secrets, "a-state-that-nobody-sees", "code_challenge"]
      assert.deepStrictEqual([secrets.length, hidden.filter((secret) => texts.includes(secret))], [3, []])
    }))

  it.live("is hidden where the server repeats it in an error", () =>
    Effect.gen(function*() {
      const url = yield* http(byHand((message, response, { headers }) => {
        if (message.method !== "tools/call") return false
        json(response, message, { error: { code: -32000, message: `what is ${headers.authorization}?` } })
        return true
      }))
      const authProvider = { token: () => Promise.resolve("my-own-token") }
      const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url, authProvider })
      const [end] = yield* ends(toolkit, [["say"]])
      assert.include(String(failureOf(end)), "what is Bearer <hidden>?")
    }))

  it.live("goes to its server alone, and the server's headers go nowhere else either", () =>
    Effect.gen(function*() {
      const { books, server, shown } = yield* wanting()
      yield* loggedIn({ ...server, headers: { "x-key": "of-the-gateway" } })
      assert.deepStrictEqual(books.asked.filter(({ headers }) => headers.authorization ?? headers["x-key"]), [])
      assert.isTrue(shown.every((headers) => headers["x-key"] === "of-the-gateway"))
    }))

  it.live("of one's own is shown as it is; where it is refused nothing more is done", () =>
    Effect.gen(function*() {
      const { books, server } = yield* wanting()
      const { access_token } = books.grant("")
      const tokens = { now: access_token }
      const authProvider = { token: () => Promise.resolve(tokens.now) }
      const { toolkit } = yield* Mcp.connect({ ...server, authProvider })
      assert.deepStrictEqual(yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]]), ["3"])
      tokens.now = "another-one"
      const [end] = yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]])
      assert.include(String(failureOf(end)), "it answered with HTTP status 401")
    }))
})

describe("an authorization server", () => {
  const redirected = http((_, response) => response.writeHead(200).end("{}"))

  it.live("that does not answer for a while, or sends elsewhere, has nobody log in", () =>
    Effect.gen(function*() {
      const elsewhere = yield* redirected
      const odd: { now: (response: ServerResponse) => unknown } = { now: () => {} }
      const { authProvider, books, server } = yield* wanting(({ form, path }, response) => {
        if (path !== "/token" || form.get("grant_type") !== "refresh_token") return false
        odd.now(response)
        return true
      })
      const { toolkit } = yield* loggedIn({ ...server, maxBytes: 100_000 })
      const ends: Array<string> = []
      for (
        const now of [
          (response) => response.writeHead(503).end(),
          (response) => response.writeHead(307, { location: elsewhere }).end(),
          (response) => response.writeHead(200, { "content-type": "application/json" }).end(" ".repeat(100_001)),
          (response) => response.destroy()
        ] satisfies ReadonlyArray<typeof odd.now>
      ) {
        odd.now = now
        books.tokens.clear()
        const { outcomes: [outcome] } = yield* Batch.run(toolkit, [call("math.add", { a: 1, b: 2 })])
        ends.push(String(failureOf(Result.merge(outcome?.result ?? Result.fail(undefined)))))
      }
      assert.deepStrictEqual(authProvider.urls.length, 1)
      const [failed, moved, large, gone] = ends
      assert.include(failed, "the authorization server answered with HTTP status 503")
      assert.include(moved, `it redirects to ${new URL(elsewhere).origin}, which was not followed`)
      assert.include(large, "the answer has more than 100000 bytes")
      assert.include(gone, "the login failed: ")
    }))

  it.live("that another one answers for gives no token", () =>
    Effect.gen(function*() {
      const { server } = yield* wanting()
      const { url } = needed(yield* Effect.flip(Mcp.connect(server)))
      const callback = yield* logIn(Redacted.value(url))
      callback.set("iss", "http://evil.example")
      const other = yield* Effect.flip(Mcp.finishAuth(server, callback))
      assert.strictEqual(
        other.message,
        "MCP server \"shop\": the login failed: the authorization server that was asked is not the one that answered"
      )
      const empty = yield* Effect.flip(Mcp.finishAuth(server, new URLSearchParams({ error: "access_denied" })))
      assert.strictEqual(empty.message, "MCP server \"shop\": the login came back without a `code`")
    }))
})

describe("the error that says where to log in", () => {
  it("has the address without its query as JSON", () => {
    const reason = new McpError.NeedsLogin({ url: Redacted.make("https://a.example/authorize?state=secret") })
    const error = new McpError.McpError({ server: "shop", reason })
    const encoded = Schema.encodeSync(McpError.McpError)(error)
    assert.deepStrictEqual(Json.canonical(encoded).includes("secret"), false)
    assert.include(JSON.stringify(encoded), "https://a.example/authorize")
    assert.notInclude(`${inspect(error)}${JSON.stringify(error)}`, "secret")
  })
})
