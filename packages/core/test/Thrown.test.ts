/**
 * What can be told of an error by its shape, whichever class and realm it is of.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatModelError, Thrown } from "@volley/core"
import { runInNewContext } from "node:vm"

const coded = (code: string, message = "No.") => Object.assign(new Error(message), { code })

class SdkError extends Error {}
class ConnectionLike extends SdkError {
  readonly status = undefined
  readonly headers = undefined
  readonly error = undefined
}
/** As a bundler leaves it. */
const minified = class a extends Error {}
const foreign = (code: string): unknown => runInNewContext(code)

/** What was thrown, and what that is: a connection's, the program's or the SDK's, or nobody's that is known. */
const table: ReadonlyArray<readonly [what: string, thrown: unknown, is: "broken" | "mistake" | "unsent" | "unknown"]> =
  [
    ["a connection, by a code", coded("ECONNRESET"), "broken"],
    ["a connection, by a code as Bun has it", coded("ConnectionRefused"), "broken"],
    ["a connection, by a code underneath", new TypeError("No.", { cause: coded("UND_ERR_SOCKET") }), "broken"],
    ["a connection, by a code of several", new AggregateError([coded("ETIMEDOUT")], "No."), "broken"],
    ["a connection, by what an API's error lacks", new ConnectionLike("No."), "broken"],
    ["a connection under an SDK's error", new SdkError("No.", { cause: coded("EPIPE") }), "broken"],
    ["an abortion", new DOMException("No.", "AbortError"), "broken"],
    ["an abortion in another realm", foreign(`Object.assign(new Error("No."), { name: "AbortError" })`), "broken"],
    ["an error that asks for another try", Object.assign(new SdkError("No."), { name: "RetryableError" }), "broken"],
    ["an address that is none", Object.assign(new TypeError("No."), { code: "ERR_INVALID_URL" }), "mistake"],
    ["a file that is not there", new Error("No.", { cause: coded("ENOENT") }), "mistake"],
    ["a header that is none", new TypeError("Headers.append: \"a\" is an invalid header value."), "mistake"],
    ["a body that cannot be written", new TypeError("Converting circular structure to JSON"), "mistake"],
    ["a client without the method", new TypeError("client.fetch is not a function"), "mistake"],
    ["the same in another realm", foreign(`new TypeError("x is not a function")`), "mistake"],
    ["a name that is not there", new ReferenceError("x is not defined"), "mistake"],
    ["no key", new Error("Could not resolve authentication method."), "mistake"],
    ["no credentials", new Error("Could not load the default credentials."), "mistake"],
    ["a connection as Chrome says it", new TypeError("Failed to fetch"), "unknown"],
    ["a connection as Firefox says it", new TypeError("NetworkError when attempting to fetch resource."), "unknown"],
    ["a connection as Safari says it", new TypeError("Load failed"), "unknown"],
    ["a body as Deno says it", new TypeError("error reading a body from connection"), "unknown"],
    ["a connection underneath, in words", new TypeError("No.", { cause: new Error("socket hang up") }), "unknown"],
    ["an SDK's error", new SdkError("No."), "unsent"],
    ["an SDK's error by its own name", Object.assign(new Error("No."), { name: "SdkError" }), "unsent"],
    ["an SDK's error underneath", new Error("No.", { cause: new SdkError("No.") }), "unsent"],
    ["an SDK's error without its name", new minified("No."), "unsent"],
    ["an SDK's error without its name, with a cause", new minified("No.", { cause: "x" }), "unsent"],
    ["another nameless error that has more to it", Object.assign(new minified("No."), { kind: 1 }), "unknown"],
    ["an error of nobody", new Error("No."), "unknown"],
    ["an error that has a small code", coded("lost"), "unknown"],
    ["a text", "No.", "unknown"],
    ["nothing", undefined, "unknown"],
    ["null", null, "unknown"]
  ]

describe("What was thrown", () => {
  it.each(table)("is told by its shape: %s", (_, thrown, is) => {
    const told = {
      broken: Thrown.isBroken(thrown),
      mistake: Thrown.isMistake(thrown),
      unsent: Thrown.isUnsent(thrown, "SdkError")
    }
    assert.deepStrictEqual(told, {
      broken: is === "broken",
      mistake: is === "mistake",
      unsent: is === "mistake" || is === "unsent"
    })
  })

  it("is followed down to its root, in no circle and not for ever", () => {
    const root = new Error("c")
    const top = new Error("a", { cause: new AggregateError([root, new Error("d")], "b") })
    assert.deepStrictEqual(Thrown.chainOf(top).map(Thrown.messageOf), ["a", "b", "c"])
    root.cause = top
    assert.lengthOf(Thrown.chainOf(top), 3)
    assert.strictEqual(Thrown.told(top), "a: b: c")
    const deep = Array.from({ length: 99 }).reduce<Error>((cause) => new Error("", { cause }), new Error("root"))
    assert.lengthOf(Thrown.chainOf(deep), 16)
  })

  it("says what it is, whatever it is", () => {
    const texts = [coded("E1"), "text", undefined, null, Object.create(null), Symbol("s")].map(Thrown.told)
    assert.deepStrictEqual(texts, ["No. (E1)", "text", "undefined", "[object Null]", "[object Object]", "Symbol(s)"])
  })

  it("has a status wherever its client keeps one, and none that is no status", () => {
    const thrown = [
      { status: 429 },
      { statusCode: 500 },
      { response: { status: 404 } },
      { $metadata: { httpStatusCode: 403 } },
      { status: undefined, statusCode: 100 },
      { status: 599 },
      { status: "429" },
      { status: 99 },
      { status: 600 },
      { status: 400.5 },
      "400"
    ]
    const read = [429, 500, 404, 403, 100, 599, undefined, undefined, undefined, undefined, undefined]
    assert.deepStrictEqual(thrown.map(Thrown.statusOf), read)
  })

  it("has headers in every form that clients give them", () => {
    const advice = { "retry-after": "2" }
    const given = [
      { headers: new Headers(advice) },
      { headers: advice },
      { headers: new Map(Object.entries(advice)) },
      { response: { headers: advice } }
    ]
    for (const thrown of given) {
      const headers = Thrown.headersOf(thrown)
      assert.strictEqual(ChatModelError.retryAfterMillis(headers, 0), 2000)
      assert.isNull(headers?.get("other"))
    }
    assert.isUndefined(Thrown.headersOf({ headers: null }))
    assert.isUndefined(Thrown.headersOf({ headers: "retry-after: 2" }))
  })

  it("lacks a property that throws when it is read", () => {
    const thrown = Object.defineProperty(new Error("No."), "status", {
      get: () => {
        throw new Error("Ask nothing.")
      }
    })
    assert.isUndefined(Thrown.statusOf(thrown))
  })
})

describe("Thrown.nameOf", () => {
  it.each([
    ["of an error of the language", new TypeError(), "TypeError"],
    ["of a class", new SdkError(), "SdkError"],
    ["that an error of a class has", Object.assign(new SdkError(), { name: "Gone" }), "Gone"],
    ["of every error, of what a bundler left", new minified(), "Error"],
    ["of a class, without one of its own", Object.assign(new SdkError(), { name: undefined }), "SdkError"],
    ["of an error in another realm", foreign("new Error()"), "Error"],
    ["of every error, of nothing", undefined, "Error"]
  ])("is the one %s", (_, thrown, name) => assert.strictEqual(Thrown.nameOf(thrown), name))
})
