/**
 * An MCP server over HTTP, as a global `fetch`: one tool that says what it gives back, and one whose input has to be checked
 * by more than Effect's own importer knows.
 */
import { Batch, ToolCall } from "@volley/core"
import { Mcp } from "@volley/mcp"
import * as Effect from "effect/Effect"

const tools = [
  {
    name: "add",
    description: "Adds two numbers.",
    inputSchema: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"]
    },
    outputSchema: { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] }
  },
  {
    name: "pick",
    description: "Picks one of two.",
    inputSchema: {
      type: "object",
      properties: { left: { type: "string" }, right: { type: "string" } },
      not: { required: ["left", "right"] }
    }
  }
]

const resultOf = (method: string, args: { readonly a?: number; readonly b?: number }): object => {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "demo", version: "1" }
      }
    case "tools/list":
      return { tools }
    default: {
      const sum = { sum: (args.a ?? 0) + (args.b ?? 0) }
      return { content: [{ type: "text", text: JSON.stringify(sum) }], structuredContent: sum }
    }
  }
}

const answer: typeof globalThis.fetch = async (input, init) => {
  const request = new Request(input, init)
  if (request.method !== "POST") return new Response(null, { status: 405 })
  const { id, method, params } = JSON.parse(await request.text())
  if (id === undefined) return new Response(null, { status: 202 })
  if (method === "server/discover") {
    return Response.json({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } })
  }
  return Response.json({ jsonrpc: "2.0", id, result: resultOf(method, params?.arguments ?? {}) })
}

/** Puts another `fetch` in the place of the global one while an effect runs. */
const withFetch = <A, E, R>(fetch: typeof globalThis.fetch, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = globalThis.fetch
      globalThis.fetch = fetch
      return before
    }),
    () => effect,
    (before) => Effect.sync(() => void (globalThis.fetch = before))
  )

export const mcp = withFetch(
  answer,
  Effect.scoped(Effect.gen(function*() {
    const { leftOut, toolkit } = yield* Mcp.connect({ name: "demo", url: "http://127.0.0.1:1/mcp" })
    const calls = [["add", { a: 1, b: 2 }], ["pick", { left: "x", right: "y" }], ["add", { a: "1", b: 2 }]] as const
    const { outcomes } = yield* Batch.run(
      toolkit,
      calls.map(([name, args], index) =>
        ToolCall.make({ id: `call_${index}`, name: `demo_${name}`, arguments: args, index })
      )
    )
    const ends = outcomes.map(({ encoded }) => /"type":"(\w+)"/.exec(encoded)?.[1] ?? encoded)
    return `${ends.join(" ")}, left out ${JSON.stringify(leftOut)}`
  }))
)
