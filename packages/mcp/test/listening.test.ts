/**
 * Servers of 2026-07-28, which tell that their tools are others only for those who ask to be told.
 */
import { assert, describe, it } from "@effect/vitest"
import { createMcpHandler, InMemoryServerEventBus } from "@modelcontextprotocol/server"
import type { Toolkit } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Exit, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { bundleOf } from "../../../test/bundles.ts"
import * as Node from "../src/internal/serve/node.ts"
import { make, type Shared } from "./fixtures/changing.ts"
import { ends } from "./support.ts"

/** The official server over HTTP, as it is and as it is when it knows of no listening. */
const serving = Effect.gen(function*() {
  const shared: Shared = { lists: 0, isChanged: false }
  const bus = new InMemoryServerEventBus()
  const begin = () =>
    createMcpHandler(() => make(shared, async () => bus.publish({ kind: "tools_list_changed" })), {
      bus,
      legacy: "reject",
      keepAliveMs: 0
    })
  const house = { handler: begin(), listens: 0, knowsListening: true }
  const fetch = async (request: Request): Promise<Response> => {
    if (request.headers.get("mcp-method") !== "subscriptions/listen") return house.handler.fetch(request)
    house.listens++
    if (house.knowsListening) return house.handler.fetch(request)
    const { id } = JSON.parse(await request.text())
    const error = { code: -32601, message: "Method not found" }
    return Response.json({ jsonrpc: "2.0", id, error }, { status: 404 })
  }
  const port = yield* Node.listen({ fetch, host: "127.0.0.1", port: 0, path: "/mcp" })
  /** Ends all streams, as a server that starts again does. */
  const again = Effect.promise(async () => {
    await house.handler.close()
    house.handler = begin()
  })
  return { url: `http://127.0.0.1:${port}/mcp`, shared, bus, house, again }
})

const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** Waits for what comes over the wire, whatever time it is here. */
const until = (is: Effect.Effect<boolean>) => Effect.repeat(Effect.andThen(turn, is), { until: (so) => so })

const untilSo = (is: () => boolean) => until(Effect.sync(is))

const names = ({ tools }: Toolkit.Any) => tools.map(({ name }) => name)

const hasAdded = ({ latest }: Mcp.Server) => until(Effect.map(latest, (toolkit) => names(toolkit)[0] === "added"))

/** Until the tools were listed once more, as they are when the server has agreed to tell. */
const isTold = ({ latest }: Mcp.Server, shared: Shared) => until(Effect.map(latest, () => shared.lists === 2))

describe("a server of 2026-07-28 whose tools become others", () => {
  it.effect("tells of it on one stream, which may be silent for hours, until the scope closes", () =>
    Effect.gen(function*() {
      const { bus, house, shared, url } = yield* serving
      const scope = yield* Scope.make()
      const server = yield* Mcp.connect({ name: "changing", prefix: "", url }).pipe(Scope.provide(scope))
      yield* isTold(server, shared)
      yield* TestClock.adjust("10 hours")
      assert.deepStrictEqual(yield* ends(server.toolkit, [["change"]]), ["changed"])
      yield* hasAdded(server)
      assert.deepStrictEqual([house.listens, bus.listenerCount, shared.lists], [1, 1, 3])
      yield* Scope.close(scope, Exit.void)
      yield* untilSo(() => bus.listenerCount === 0)
    }))

  it.effect("is asked to tell again where the stream has ended, and what it could not tell meanwhile is seen", () =>
    Effect.gen(function*() {
      const { again, bus, house, shared, url } = yield* serving
      const server = yield* Mcp.connect({ name: "changing", prefix: "", url })
      yield* isTold(server, shared)
      yield* again
      yield* untilSo(() => bus.listenerCount === 0)
      shared.isChanged = true
      yield* until(Effect.map(TestClock.adjust("250 millis"), () => house.listens === 2))
      yield* hasAdded(server)
    }))

  it.effect("and that does not know how to tell is asked once, and a warning is logged", () =>
    Effect.gen(function*() {
      const { house, url } = yield* serving
      house.knowsListening = false
      const said: Array<unknown> = []
      const logger = Logger.make(({ message }) => void said.push(message))
      yield* Effect.provide(Mcp.connect({ name: "changing", url }), Logger.layer([logger]))
      yield* untilSo(() => said.length > 0)
      yield* TestClock.adjust("1 hour")
      assert.include(JSON.stringify(said), "404")
      assert.strictEqual(house.listens, 1)
    }))

  it.live("tells of it over stdio unasked, since there the version before is spoken", () =>
    Effect.gen(function*() {
      const args = [bundleOf("changing")]
      const server = yield* Mcp.connect({ name: "changing", prefix: "", command: process.execPath, args })
      assert.deepStrictEqual(yield* ends(server.toolkit, [["change"]]), ["changed"])
      yield* hasAdded(server)
    }))
})
