/**
 * What goes wrong on the standard output of a server, and what is left of its processes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect, Exit, Fiber, Scope } from "effect"
import * as Lines from "../src/internal/lines.ts"
import { call, ends, failureOf, server, watch } from "./support.ts"

describe("an answer that is too long", () => {
  it.live("is the error of its call; the calls beside it get theirs, and the connection lasts", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect({ ...server("s"), parallel: true, maxBytes: 100_000 })
      const calls = [["s_gather", { n: 1, of: 2 }], ["s_long", { n: 300_000 }], ["s_gather", { n: 2, of: 2 }]] as const
      const [one, long, two] = yield* ends(toolkit, calls)
      assert.deepStrictEqual([one, two], [1, 2].map(String))
      const error = failureOf(long)
      assert.instanceOf(error, McpError.McpError)
      assert.deepStrictEqual(error.reason, new McpError.TooLarge({ maxBytes: 100_000 }))
      assert.deepStrictEqual(yield* ends(toolkit, [["s_long", { n: 10 }]]), ["x".repeat(10)])
    }))

  it.live("to the listing of tools is why there is no server", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Mcp.connect({ ...server("s"), maxBytes: 300 }))
      assert.include(error.message, "more than 300 bytes")
    }))
})

describe("Lines.make", () => {
  const bytes = (text: string) => Buffer.from(text)

  it("gives the same lines however they are cut, and the ends of those that are too long", () => {
    const long = `{"id":7,${"é".repeat(9000)}`
    const text = `one\n\n${long}\r\ntwö\n`
    for (const size of [1, 2, 3, 1000, 100_000]) {
      const take = Lines.make(1000)
      const lines = []
      for (let at = 0; at < bytes(text).length; at += size) lines.push(...take(bytes(text).subarray(at, at + size)))
      assert.deepStrictEqual(lines.filter((line) => "text" in line), [{ text: "one" }, { text: "" }, { text: "twö" }])
      const [cut] = lines.filter((line) => "head" in line)
      assert.isTrue(cut?.head.startsWith("{\"id\":7,éé"))
      assert.isTrue(cut?.tail.endsWith("éé\r"))
      assert.strictEqual(Lines.answered(cut?.head ?? "", cut?.tail ?? ""), 7)
    }
  })
})

describe("Lines.answered", () => {
  const middle = "x".repeat(10)

  it.each<readonly [what: string, head: string, tail: string, id: number | "none" | undefined]>([
    ["an id in front", `{"jsonrpc":"2.0","id":3,"result":{"content":[`, `"id":4}]}}`, 3],
    ["an id in front of all", `{ "id" : 3 , "jsonrpc" : "2.0", "result": `, "}", 3],
    ["an id behind", `{"result":{"id":4,`, `"id":5},"jsonrpc":"2.0","id":3}`, 3],
    ["an id behind that is not last", `{"result":{`, `},"id":3,"jsonrpc":"2.0"}`, 3],
    ["an id in what was found", `{"result":{"content":[`, `,"id":3}}`, undefined],
    ["an id in a text", `{"result":"`, `,\\"id\\":3}"}`, undefined],
    ["a request of the server", `{"jsonrpc":"2.0","id":3,"method":"ping",`, "}", "none"],
    ["another one", `{"method":"sampling/createMessage","params":{`, `},"jsonrpc":"2.0","id":3}`, "none"],
    ["a notification", `{"jsonrpc":"2.0","method":"notifications/message","params":`, "}", "none"],
    ["what is no message", middle, middle, undefined]
  ])("knows %s", (_, head, tail, id) => {
    assert.strictEqual(Lines.answered(`${head}${middle}`, `${middle}${tail}`), id)
  })
})

describe("the processes of a server", () => {
  const connected = Effect.fnUntraced(function*(fault: string) {
    const scope = yield* Scope.make()
    const helper = yield* watch
    const connecting = Scope.provide(Mcp.connect(server("s", { args: ["0", fault, helper.port] })), scope)
    return { scope, helper, connecting }
  })

  it.live("end with it, those that it has started too, though they ask for more", () =>
    Effect.gen(function*() {
      const { connecting, helper, scope } = yield* connected("parent")
      const { toolkit } = yield* connecting
      yield* helper.started
      yield* Scope.close(scope, Exit.void)
      yield* helper.ended
      assert.lengthOf(toolkit.tools.filter(({ name }) => name === "s_pid"), 1)
    }))

  it.live("end where it dies and leaves them behind", () =>
    Effect.gen(function*() {
      const { connecting, helper } = yield* connected("parent")
      const { toolkit } = yield* connecting
      yield* helper.started
      yield* Batch.run(toolkit, [call("s_die")])
      yield* helper.ended
    }))

  it.live("end where the connecting is interrupted", () =>
    Effect.gen(function*() {
      const { connecting, helper } = yield* connected("silent parent")
      const fiber = yield* Effect.forkChild(connecting)
      yield* helper.started
      yield* Fiber.interrupt(fiber)
      yield* helper.ended
    }))
})
