/**
 * What the tests of several modules arrange.
 */
import { assert } from "@effect/vitest"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { Batch, CallError, type Tool, ToolCall, type Toolkit } from "@volley/core"
import type { Mcp } from "@volley/mcp"
import { Effect, Result, type Schema } from "effect"
import { once } from "node:events"
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { type AddressInfo, createServer as createWatch } from "node:net"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { bundleOf } from "../../../test/bundles.ts"
import { make } from "./fixtures/make.ts"

/** As long as a test may take: how soon a server is ready is the machine's matter, and it may be busy. */
export const patience = { timeout: "10 minutes" } as const

/** The server of the fixtures, as a process. */
export const server = (
  name: string,
  more: { readonly args?: ReadonlyArray<string> } & Partial<Omit<Mcp.Command, "args" | "command" | "url">> = {}
): Mcp.Command => ({
  command: process.execPath,
  ...patience,
  ...more,
  name,
  args: [bundleOf("server"), ...more.args ?? []]
})

/** An installed server, as a process. */
export const installed = (name: string, args: ReadonlyArray<string>): Mcp.Command => ({
  name,
  command: fileURLToPath(new URL(`../../../node_modules/.bin/mcp-server-${name}`, import.meta.url)),
  args,
  prefix: "",
  ...patience
})

/** A call of this tool. */
export const call = (name: string, args: Schema.Json = {}, index = 0): ToolCall.ToolCall =>
  ToolCall.make({ id: `call_${index + 1}`, name, arguments: args, index })

/** How each of these calls of a batch ended: its value, or the error. */
export const ends = <T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  calls: ReadonlyArray<readonly [name: string, args?: Schema.Json]>
) =>
  Effect.map(
    Batch.run(toolkit, calls.map(([name, args], index) => call(name, args, index))),
    ({ outcomes }) =>
      outcomes.map(({ call, result }, index): unknown => {
        assert.strictEqual(call.index, index)
        return Result.merge(result)
      })
  )

/** The failure of a call that its tool answered for. */
export const failureOf = (end: unknown): unknown => {
  assert.instanceOf(end, CallError.ToolFailure)
  return end.failure
}

/** A port that a process of the fixtures stays connected to for as long as it lives. */
export const watch = Effect.acquireRelease(
  Effect.promise(async () => {
    const started = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const listener = createWatch((socket) => {
      started.resolve()
      socket.on("error", () => {}).on("close", () => ended.resolve()).resume()
    }).listen(0, "127.0.0.1")
    await once(listener, "listening")
    return {
      port: `${portOf(listener.address())}`,
      started: Effect.promise(() => started.promise),
      ended: Effect.promise(() => ended.promise),
      close: () => listener.close()
    }
  }),
  ({ close }) => Effect.sync(close)
)

/** A port that nobody listens on. */
export const freePort = Effect.promise(async () => {
  const listener = createWatch().listen(0, "127.0.0.1")
  await once(listener, "listening")
  const port = portOf(listener.address())
  listener.close()
  await once(listener, "close")
  return port
})

/** An HTTP server, until the scope closes; gives its URL. */
export const http = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      // A client that a busy machine holds up must not find the connection ended that it was kept.
      const server = createServer({ keepAliveTimeout: 0 }, listener).listen(0, "127.0.0.1")
      await once(server, "listening")
      return { url: `http://127.0.0.1:${portOf(server.address())}/mcp`, server }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  ).pipe(Effect.map(({ url }) => url))

/** The server of the fixtures, in this process: its URL, and what it was asked. */
export const served = Effect.gen(function*() {
  const requests: Array<IncomingMessage> = []
  const ended = Promise.withResolvers<void>()
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "a-session" })
  yield* Effect.promise(() => make(() => {}).connect(transport))
  const url = yield* http((request, response) => {
    requests.push(request)
    if (request.method === "DELETE") ended.resolve()
    void transport.handleRequest(request, response)
  })
  return { url, requests, ended: Effect.promise(() => ended.promise) }
})

const replies: Record<string, object> = {
  initialize: {
    result: {
      protocolVersion: "2025-06-18",
      capabilities: { tools: {} },
      serverInfo: { name: "by hand", version: "1.0.0" }
    }
  },
  "tools/list": { result: { tools: [{ name: "say", inputSchema: { type: "object" } }] } }
}

const unknownMethod = { error: { code: -32601, message: "Method not found" } }

/** What a client of `byHand` sends. */
export type Message = {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly arguments?: { readonly as?: string }; readonly cursor?: string }
}

/** Answers a message with this. */
export const json = (response: ServerResponse, { id }: Message, body: object): void => {
  response.writeHead(200, { "content-type": "application/json" })
  response.end(JSON.stringify({ jsonrpc: "2.0", id, ...body }))
}

/** A server by hand, where `odd` answers what it likes; it returns true where it has. */
export const byHand =
  (odd: (message: Message, response: ServerResponse, request: IncomingMessage) => boolean): RequestListener =>
  async (request, response) => {
    const message: Message = JSON.parse((await text(request)) || "{}")
    if (odd(message, response, request)) return
    if (message.id === undefined) return void response.writeHead(request.method === "POST" ? 202 : 405).end()
    json(response, message, replies[message.method ?? ""] ?? unknownMethod)
  }

/** The port of an address that is one of the network. */
export const portOf = (address: string | AddressInfo | null): number =>
  typeof address === "object" && address !== null ? address.port : 0
