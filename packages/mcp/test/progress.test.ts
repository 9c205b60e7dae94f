/**
 * How far calls of servers are, and calls that nobody waits for any more.
 */
import { assert, describe, it } from "@effect/vitest"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { Batch } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect, Fiber, Queue, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { overHttp } from "./served.ts"
import { call, failureOf, http } from "./support.ts"

/** A server with one tool, which tells its progress when the test says so, and the end of which the test says too. */
const worker = Effect.gen(function*() {
  const said = Promise.withResolvers<(progress: object) => Promise<void>>()
  const ended = Promise.withResolvers<{ content: Array<{ type: "text"; text: string }> }>()
  const cancelled = Promise.withResolvers<void>()
  const server = new Server({ name: "worker", version: "1.0.0" }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: "work", inputSchema: { type: "object" as const } }]
  }))
  server.setRequestHandler(CallToolRequestSchema, (_request, { _meta, sendNotification, signal }) => {
    const progressToken = _meta?.progressToken ?? "none"
    signal.addEventListener("abort", () => cancelled.resolve())
    said.resolve((progress) =>
      sendNotification({ method: "notifications/progress", params: { progressToken, progress: 0, ...progress } })
    )
    return ended.promise
  })
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "a-session" })
  yield* Effect.promise(() => server.connect(transport))
  const url = yield* http((request, response) => void transport.handleRequest(request, response))
  return {
    url,
    say: (progress: object) => Effect.promise(() => said.promise.then((say) => say(progress))),
    end: Effect.sync(() => ended.resolve({ content: [{ type: "text", text: "done" }] })),
    cancelled: Effect.promise(() => cancelled.promise)
  }
})

/** Runs one call, with what it tells of its progress. */
const working = Effect.fnUntraced(function*(toolkit: Mcp.Server["toolkit"], name: string, options: Batch.Options = {}) {
  const told = yield* Queue.unbounded<Schema.Json>()
  const onCall = (event: Batch.CallEvent) =>
    event._tag === "CallProgress" ? Queue.offer(told, event.progress) : Effect.void
  const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call(name)], { ...options, onCall }))
  const end = Effect.map(Fiber.join(fiber), ({ outcomes }): unknown => outcomes[0] && Result.merge(outcomes[0].result))
  return { told, fiber, end }
})

/** The last step of the way that `walk` goes. */
const Last = Schema.Struct({ progress: Schema.Literal(2.5) })

describe("the progress of a call", () => {
  it.live("is told as it comes, in version 2026-07-28 too", () =>
    Effect.gen(function*() {
      const { note, url } = yield* overHttp()
      const { toolkit } = yield* Mcp.connect({ name: "kit", prefix: "", url })
      const { end, told } = yield* working(toolkit, "walk")
      const last = yield* Effect.repeat(Queue.take(told), { until: (one) => Schema.is(Last)(one) })
      assert.deepStrictEqual(last, { progress: 2.5 })
      yield* note("walk may end")
      assert.strictEqual(yield* end, "there")
    }))

  it.effect("is told a few times however often it comes, its last step always, and its words are cut", () =>
    Effect.gen(function*() {
      const { end, say, url } = yield* worker
      const { toolkit } = yield* Mcp.connect({ name: "worker", prefix: "", url })
      const running = yield* working(toolkit, "work")
      yield* say({ progress: 1 })
      assert.deepStrictEqual(yield* Queue.take(running.told), { progress: 1 })
      for (let progress = 2; progress < 500; progress++) yield* say({ progress })
      yield* say({ progress: 500, message: "x".repeat(100_000) })
      yield* end
      assert.strictEqual(yield* running.end, "done")
      const last = { progress: 500, message: `${"x".repeat(500)} …` }
      assert.deepStrictEqual(yield* Queue.clear(running.told), [last])
    }))

  it.effect("extends its time where that is asked for, and silence ends it", () =>
    Effect.gen(function*() {
      const { cancelled, say, url } = yield* worker
      const { toolkit } = yield* Mcp.connect({ name: "worker", prefix: "", url, silence: "10 seconds" })
      const running = yield* working(toolkit, "work", { timeout: "5 seconds" })
      for (const progress of [1, 2, 3]) {
        yield* say({ progress })
        assert.deepStrictEqual(yield* Queue.take(running.told), { progress })
        yield* TestClock.adjust("9999 millis")
      }
      assert.isUndefined(running.fiber.pollUnsafe())
      yield* TestClock.adjust("1 milli")
      const reason = new McpError.Silent({ millis: 10_000 })
      assert.deepStrictEqual(failureOf(yield* running.end), new McpError.McpError({ server: "worker", reason }))
      yield* cancelled
    }))
})

describe("a call that is interrupted", () => {
  it.live("is cancelled at the server in version 2026-07-28", () =>
    Effect.gen(function*() {
      const { until, url } = yield* overHttp()
      const { toolkit } = yield* Mcp.connect({ name: "kit", prefix: "", url })
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call("write", { n: 1 })]))
      yield* until("write 1 begins")
      yield* Fiber.interrupt(fiber)
      yield* until("write 1 is interrupted")
    }))
})
