/**
 * Which span a server is told that a call of it is inside of.
 */
import { assert, describe, it } from "@effect/vitest"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { Batch } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Tracer } from "effect"
import { call, http } from "./support.ts"

/** A server whose one tool says which span it was told. */
const telling = Effect.gen(function*() {
  const server = new Server({ name: "telling", version: "1.0.0" }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: "tell", inputSchema: { type: "object" as const } }]
  }))
  server.setRequestHandler(CallToolRequestSchema, (_request, { _meta }) => ({
    content: [{ type: "text" as const, text: String(_meta?.["traceparent"]) }]
  }))
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "a-session" })
  yield* Effect.promise(() => server.connect(transport))
  return yield* http((request, response) => void transport.handleRequest(request, response))
})

describe("a call of a server", () => {
  it.live("names its span in `_meta`, where somebody traces", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const { toolkit } = yield* Mcp.connect({ name: "kit", prefix: "", url: yield* telling })
      const run = Effect.map(Batch.run(toolkit, [call("tell")]), ({ outcomes }) => outcomes[0]?.encoded)
      assert.include(String(yield* Effect.withSpan(run, "app")), "undefined")
      const told = yield* Effect.provideService(run, Tracer.Tracer, tracer)
      const span = spans.find(({ name }) => name === "execute_tool tell")
      assert.isDefined(span)
      assert.include(String(told), `00-${span.traceId}-${span.spanId}-01`)
    }))
})
