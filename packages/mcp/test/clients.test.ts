import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Mcp } from "@volley/mcp"
import * as Server from "@volley/mcp/Server"
import { Laws } from "@volley/testing"
import { Effect, Layer, Result, Schema } from "effect"
import { McpClient, McpProtocol } from "effect/ai"
import { FetchHttpClient } from "effect/http"
import { setImmediate } from "node:timers/promises"
import { overHttp } from "./served.ts"

describe.each(
  [McpProtocol.v2025_11_25, McpProtocol.v2026_07_28] as const
)("Effect's client of MCP, in version $protocolVersion", (protocol) => {
  it.live("finds the tools of a served toolkit, and calls them", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp()
      const layer = McpClient.layerHttp({ name: "test", version: "1.0.0", protocol, url }).pipe(
        Layer.provide(FetchHttpClient.layer)
      )
      yield* Effect.provide(
        Effect.gen(function*() {
          const client = yield* McpClient.McpClient
          const tools = yield* client.listTools()
          assert.strictEqual(tools.length, 16)
          const tool = (name: string) => tools.find((tool) => tool.name === name)!
          const sum = yield* client.callTool({ tool: tool("sum"), arguments: { a: 1, b: 2 } })
          assert.deepStrictEqual(sum.structuredContent, { sum: 3 })
          assert.isTrue((yield* client.callTool({ tool: tool("sell") })).isError)
        }),
        layer
      )
    }))
})

describe("Our own client", () => {
  it.live("finds what is served, and is answered as a program is that has the tools", () =>
    Effect.gen(function*() {
      const { url } = yield* overHttp()
      const { toolkit } = yield* Mcp.connect({ name: "kit", prefix: "", url })
      const calls = [
        ["sum", { a: 1, b: 2 }],
        ["range", { n: 3 }],
        ["greet", {}],
        ["twice", { n: 3 }]
      ] as const
      const { outcomes } = yield* Batch.run(
        toolkit,
        calls.map(([name, args], index) => ToolCall.make({ id: `call_${index + 1}`, name, arguments: args, index }))
      )
      assert.deepStrictEqual(outcomes.map(({ result }) => Result.getOrThrow(result)), [
        { sum: 3 },
        [0, 1, 2],
        "hello",
        { sum: 12 }
      ])
    }))

  it.effect("keeps the laws through the wire", () =>
    Effect.gen(function*() {
      const pages = new Map<string, number>()
      const parameters = Schema.Struct({ page: Schema.Literals(["a", "b"]) })
      const traits = { description: "Counts a visit of a page.", parameters, success: Schema.Int }
      // Each run has a clock of its own, which the server knows nothing of.
      const aWhile = Effect.promise(() => setImmediate())
      const served = Toolkit.make(
        Tool.make("visit", {
          ...traits,
          access: ({ page }) => [Access.write(page)],
          execute: Effect.fnUntraced(function*({ page }) {
            const before = pages.get(page) ?? 0
            yield* aWhile
            pages.set(page, before + 1)
            return before + 1
          })
        }),
        Tool.make("visits", {
          ...traits,
          readOnly: true,
          access: ({ page }) => [Access.read(page)],
          limits: [Limits.concurrency(2)],
          execute: ({ page }) => Effect.map(aWhile, () => pages.get(page) ?? 0)
        })
      )
      const answer = yield* Server.handler(served, { name: "pages", batch: { timeout: "unbounded" } })
      yield* inMemory(answer)
      const { toolkit } = yield* Mcp.connect({ name: "pages", prefix: "", url: "http://localhost/mcp" })
      const through = (name: string) => ({ page }: { readonly page: string }, { id }: { readonly id: string }) =>
        Effect.flatMap(
          Batch.run(toolkit, [ToolCall.make({ id, name, arguments: { page } })], { timeout: "unbounded" }),
          ({ outcomes }) => Effect.orDie(Effect.fromResult(Result.map(outcomes[0]!.result, Number)))
        )
      const remote = Toolkit.make(
        Tool.make("visit", { ...traits, access: ({ page }) => [Access.write(page)], execute: through("visit") }),
        Tool.make("visits", {
          ...traits,
          readOnly: true,
          access: ({ page }) => [Access.read(page)],
          execute: through("visits")
        })
      )
      const state = { snapshot: Effect.sync(() => Object.fromEntries(pages)), reset: Effect.sync(() => pages.clear()) }
      yield* Laws.check(remote, { runs: 10, state, batch: { timeout: "unbounded" } })
    }))
})

/** Has requests answered by a function until the scope closes, with no socket in between. */
const inMemory = (answer: (request: Request) => Promise<Response>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { fetch } = globalThis
      globalThis.fetch = (input, init) => {
        const request = new Request(input, init)
        request.headers.set("host", "localhost")
        return answer(request)
      }
      return fetch
    }),
    (fetch) =>
      Effect.sync(() => {
        globalThis.fetch = fetch
      })
  )
