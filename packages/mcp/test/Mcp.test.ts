import { assert, describe, it } from "@effect/vitest"
import { Batch, CallError } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect, Exit, Fiber, Result, Scope } from "effect"
import { TestClock } from "effect/testing"
import { call, ends, failureOf, patience, served, server, watch } from "./support.ts"

/** The server of the fixtures, in this process, where nothing depends on its being one of its own. */
const shop = (more: Partial<Pick<Mcp.Remote, "prefix" | "trustHints" | "approval" | "parallel">> = { prefix: "" }) =>
  Effect.map(served, ({ url }) => ({ name: "shop", url, ...patience, ...more }))

describe("Mcp.connect", () => {
  it.live("gives the tools of all pages, under names that every provider accepts, behind the server's name", () =>
    Effect.gen(function*() {
      const { instructions, leftOut, toolkit } = yield* Mcp.connect(yield* shop({}))
      const names = toolkit.tools.map(({ name }) => name)
      assert.deepStrictEqual([names.length, names[0], names.at(-1)], [17, "shop_math.add", "shop_die"])
      assert.strictEqual(toolkit.wireNames.get("shop_math.add"), "shop_math_add")
      assert.strictEqual(toolkit.tools[0]?.description, "It is math.add.")
      assert.deepStrictEqual(leftOut.map(({ tool }) => tool), ["typo", "riddle"])
      assert.include(leftOut[0]?.why, "\"properties.list.items\" has the type \"float\"")
      assert.strictEqual(instructions, "Ask nicely.")
    }))

  it.live("calls a tool by the server's own name for it, under any of its names", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(yield* shop({ prefix: "my." }))
      const answers = yield* ends(toolkit, [["my.math.add", { a: 1, b: 2 }], ["my_math_add", { a: 3, b: 4 }]])
      assert.deepStrictEqual(answers, ["3", "7"])
      assert.deepStrictEqual(yield* ends(toolkit, [["my.received"]]), [["math.add", "math.add", "received"]])
    }))

  it.live("sends no arguments that do not fit, whoever can check them", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(yield* shop())
      const wrong = yield* ends(toolkit, [["math.add", { a: 1, b: "2" }], ["choosy", { n: 1, m: 2 }], ["choosy", {
        n: "1"
      }]])
      for (const error of wrong) {
        assert.instanceOf(error, CallError.CallError)
        assert.strictEqual(error.reason._tag, "InvalidArguments")
      }
      const right = [["choosy", { n: 1 }], ["received"]] as const
      assert.deepStrictEqual(yield* ends(toolkit, right), ["1", ["choosy", "received"]])
    }))

  it.live("asks for approval of what the server does not say to be a read alone, whether it is trusted or not", () =>
    Effect.gen(function*() {
      for (const trustHints of [false, true]) {
        const { toolkit } = yield* Mcp.connect(yield* shop({ prefix: "", approval: "writes", trustHints }))
        const free = toolkit.tools.filter(({ approval }) => approval === undefined)
        const reads = toolkit.tools.filter(({ readOnly }) => readOnly)
        assert.deepStrictEqual(free.map(({ name }) => name), ["math.add"])
        assert.deepStrictEqual(reads.map(({ name }) => name), trustHints ? ["math.add"] : [])
      }
    }))

  it.live("asks for approval where the user wants that, by the server's own names", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const approval = (call: { readonly tool: string; readonly arguments: unknown }) => {
        asked.push(call)
        return call.tool === "math.add"
      }
      const { toolkit } = yield* Mcp.connect(yield* shop({ prefix: "", parallel: true, approval }))
      const [first, second] = yield* ends(toolkit, [["math.add", { a: 1, b: 2 }], ["choosy", { n: 1 }]])
      assert.instanceOf(first, CallError.CallError)
      assert.strictEqual(first.reason._tag, "Undecided")
      assert.strictEqual(second, "1")
      assert.deepStrictEqual(asked[0], { tool: "math.add", arguments: { a: 1, b: 2 } })
    }))

  it.live("sends providers a JSON Schema of 2020-12 where the server still writes draft-07", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(yield* shop())
      const { $defs, ...root } = toolkit.byName.get("old")?.jsonSchema ?? {}
      const integer = { type: "integer" }
      assert.deepStrictEqual(root, {
        type: "object",
        properties: { point: { $ref: "#/$defs/point" } },
        required: ["point"]
      })
      assert.deepStrictEqual($defs, {
        point: { type: "array", prefixItems: [integer, integer], minItems: 2, items: false }
      })
      const [right, wrong] = yield* ends(toolkit, [["old", { point: [1, 2] }], ["old", { point: [1, 2, 3] }]])
      assert.strictEqual(right, "1,2")
      assert.instanceOf(wrong, CallError.CallError)
    }))

  it.live("has many requests in flight on one connection, each answered by its id", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(server("shop", { prefix: "", parallel: true }))
      const calls = Array.from({ length: 50 }, (_, n) => call("gather", { n, of: 50 }, n))
      const { outcomes } = yield* Batch.run(toolkit, calls, { concurrency: 50 })
      assert.deepStrictEqual(outcomes.map(({ result }) => result), calls.map((_, n) => Result.succeed(`${n}`)))
    }))

  it.live("gives structured content where there is some, and refuses what does not meet its schema", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(yield* shop())
      const [kept, lied] = yield* ends(toolkit, [["keeps"], ["lies"]])
      assert.deepStrictEqual(kept, { n: 1 })
      const error = failureOf(lied)
      assert.instanceOf(error, McpError.McpError)
      assert.strictEqual(error.reason._tag, "Unusable")
      assert.include(error.message, "data/n must be integer")
    }))

  it.live("tells a tool that failed from a server that refused", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(yield* shop())
      const [failed, refused] = yield* ends(toolkit, [["fails"], ["refuses"]])
      assert.deepStrictEqual(failureOf(failed), new McpError.McpToolFailed({ content: "there is no such file" }))
      const reason = new McpError.Refused({ code: -32050, message: "MCP error -32050: not today" })
      assert.deepStrictEqual(failureOf(refused), new McpError.McpError({ server: "shop", reason }))
    }))

  it.effect("cancels at the server a call that met its timeout", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(server("shop", { prefix: "" }))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call("slow")], { timeout: "1 second" }))
      assert.deepStrictEqual(yield* ends(toolkit, [["arrived"]]), ["arrived"])
      yield* TestClock.adjust("1 second")
      const { outcomes } = yield* Fiber.join(fiber)
      assert.include(outcomes[0]?.encoded, "Timeout")
      assert.deepStrictEqual(yield* ends(toolkit, [["cancelled"]]), ["cancelled"])
    }))

  it.live("cancels at the server a call that is interrupted", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(server("shop", { prefix: "" }))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call("slow")]))
      assert.deepStrictEqual(yield* ends(toolkit, [["arrived"]]), ["arrived"])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* ends(toolkit, [["cancelled"]]), ["cancelled"])
    }))

  it.live("answers every call in flight when the server dies, and leaves other servers alone", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connectAll([server("mortal", { parallel: true }), server("other")])
      const end = yield* ends(toolkit, [["mortal_slow"], ["mortal_die"], ["other_math.add", { a: 1, b: 1 }]])
      const closed = new McpError.McpError({ server: "mortal", reason: new McpError.Closed({ sent: true }) })
      assert.deepStrictEqual(end.map((end) => typeof end === "string" ? end : failureOf(end)), [closed, closed, "2"])
    }))

  it.live("believes a server's hints where it is told to, and only there", () =>
    Effect.gen(function*() {
      const flags = ({ toolkit }: Mcp.Server) =>
        ["math.add", "gather", "slow"].map((name) => {
          const tool = toolkit.byName.get(name)
          return [tool?.readOnly, tool?.idempotent]
        })
      const trusted = yield* Mcp.connect(yield* shop({ prefix: "", trustHints: true }))
      assert.deepStrictEqual(flags(trusted), [[true, false], [false, true], [false, false]])
      const other = yield* Mcp.connect(yield* shop())
      assert.deepStrictEqual(flags(other), [[false, false], [false, false], [false, false]])
    }))

  it.live("ends the server's process with the scope", () =>
    Effect.gen(function*() {
      const { ended, port, started } = yield* watch
      const scope = yield* Scope.make()
      yield* Mcp.connect(server("shop", { args: [port] })).pipe(Scope.provide(scope))
      yield* started
      yield* Scope.close(scope, Exit.void)
      yield* ended
    }))

  it.effect("ends the process of a server that is not ready in time", () =>
    Effect.gen(function*() {
      const { ended, port, started } = yield* watch
      const silent = server("silent", { args: [port, "silent"], timeout: "5 seconds" })
      const fiber = yield* Effect.forkChild(Effect.flip(Mcp.connect(silent)))
      yield* started
      yield* TestClock.adjust("5 seconds")
      const error = yield* Fiber.join(fiber)
      assert.include(error.message, "MCP server \"silent\": it was not ready within 5000 ms; `timeout` gives it longer")
      yield* ended
    }))

  it.live("says why a server cannot be started", () =>
    Effect.gen(function*() {
      const servers = [
        server("dead", { args: ["0", "dead"] }),
        { name: "absent", command: "no-such-command" },
        { name: "nowhere", command: process.execPath, cwd: "/no/such/folder" },
        { name: "vague", url: "the usual place" }
      ]
      const { failed, toolkit } = yield* Mcp.connectAll(servers)
      assert.deepStrictEqual(failed.map(({ message }) => message), [
        "MCP server \"dead\": the process ended before it answered: no database at hand",
        "MCP server \"absent\": it cannot be started: spawn no-such-command ENOENT",
        `MCP server "nowhere": it cannot be started: spawn ${process.execPath} ENOENT`,
        "MCP server \"vague\": \"the usual place\" is no URL"
      ])
      assert.isEmpty(toolkit.tools)
    }))

  it.live("gives the process what it is told to, and no other variable of this environment", () =>
    Effect.gen(function*() {
      process.env["VOLLEY_SECRET"] = "hunter2"
      const { toolkit } = yield* Mcp.connect(server("shop", { prefix: "", env: { VOLLEY_OPEN: "yes" } }))
      const [names] = yield* ends(toolkit, [["env"]])
      assert.include(names, "VOLLEY_OPEN")
      assert.include(names, "PATH")
      assert.notInclude(names, "VOLLEY_SECRET")
    }).pipe(Effect.ensuring(Effect.sync(() => delete process.env["VOLLEY_SECRET"]))))
})

describe("Mcp.connectAll", () => {
  it.effect("waits for nobody longer than for its own timeout, and says who is not there", () =>
    Effect.gen(function*() {
      const { port, started } = yield* watch
      const silent = server("silent", { args: [port, "silent"], timeout: "5 seconds" })
      const fiber = yield* Effect.forkChild(Mcp.connectAll([silent, server("shop")]))
      yield* started
      yield* TestClock.adjust("5 seconds")
      const { failed, servers, toolkit } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(failed.map(({ reason, server }) => [server, reason._tag]), [["silent", "NotReady"]])
      assert.deepStrictEqual(servers.map(({ name }) => name), ["shop"])
      assert.deepStrictEqual(yield* ends(toolkit, [["shop_math.add", { a: 1, b: 2 }]]), ["3"])
    }))

  it.live("keeps servers of the same tools apart, and leaves out the one whose names are taken", () =>
    Effect.gen(function*() {
      const [one, two, three] = yield* Effect.all([served, served, served])
      const { failed, toolkit } = yield* Mcp.connectAll([
        { name: "one", url: one.url, ...patience },
        { name: "two", url: two.url, ...patience },
        { name: "three", url: three.url, prefix: "one_", ...patience }
      ])
      assert.strictEqual(toolkit.tools.length, 34)
      assert.strictEqual(failed[0]?.server, "three")
      assert.strictEqual(failed[0]?.reason._tag, "NamesTaken")
      assert.deepStrictEqual(yield* ends(toolkit, [["one_math.add", { a: 1, b: 2 }]]), ["3"])
      assert.deepStrictEqual(yield* ends(toolkit, [["two_received"]]), [["received"]])
    }))
})
