/**
 * Servers whose tools become others while the connection lasts.
 */
import { assert, describe, it } from "@effect/vitest"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { Agent, type Toolkit } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber } from "effect"
import { http } from "./support.ts"

/** A server whose tool `change` has it list others, the last of which is none, and say so several times. */
const changing = Effect.gen(function*() {
  const inputSchema = { type: "object" as const }
  const counted = { lists: 0 }
  let isChanged = false
  const server = new Server({ name: "changing", version: "1.0.0" }, { capabilities: { tools: { listChanged: true } } })
  server.setRequestHandler(ListToolsRequestSchema, () => {
    counted.lists++
    const names = isChanged ? ["added", "odd"] : ["change", "odd"]
    return { tools: names.map((name) => name === "odd" ? { name } : { name, inputSchema }) } as never
  })
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name } }, { sendNotification }) => {
    isChanged = true
    for (let n = 0; n < 20; n++) await sendNotification({ method: "notifications/tools/list_changed" })
    return { content: [{ type: "text", text: `${name} ran` }] }
  })
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "a-session" })
  yield* Effect.promise(() => server.connect(transport))
  const url = yield* http((request, response) => void transport.handleRequest(request, response))
  return { url, counted }
})

const names = ({ tools }: Toolkit.Any) => tools.map(({ name }) => name)

describe("tools that become others", () => {
  it.live("are those of an agent's next turn, listed once; one that is gone is unknown", () =>
    Effect.gen(function*() {
      const { counted, url } = yield* changing
      const { latest } = yield* Mcp.connectAll([{ name: "changing", prefix: "", url }])
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "change" }),
        ScriptedModel.calls({ name: "added" }, { name: "change" }),
        ScriptedModel.says("Done.")
      ])
      const { rounds } = yield* Effect.provide(Agent.run({ toolkit: latest, prompt: "Go." }), model.layer)
      const [added, change] = rounds[1]?.settled.outcomes ?? []
      assert.strictEqual(added?.encoded, "added ran")
      assert.include(change?.encoded, "UnknownTool")
      // The call of `added` had the server say so again.
      assert.strictEqual(counted.lists, 3)
    }))

  it.live("are listed once for all who ask meanwhile, and what is left out is counted anew", () =>
    Effect.gen(function*() {
      const { counted, url } = yield* changing
      const server = yield* Mcp.connect({ name: "changing", prefix: "", url })
      assert.deepStrictEqual([names(server.toolkit), server.leftOut.length], [["change"], 1])
      yield* server.toolkit.byName.get("change")!.handler.attempt({}, {
        id: "call_1",
        attempt: 1,
        idempotencyKey: "",
        deadline: Infinity,
        progress: () => Effect.void
      })
      const asking = yield* Effect.forkChild(
        Effect.forEach(Array(10), () => server.latest, { concurrency: "unbounded" })
      )
      const all = yield* Fiber.join(asking)
      assert.deepStrictEqual(all.map(names), Array.from({ length: 10 }, () => ["added"]))
      assert.strictEqual(counted.lists, 2)
    }))
})
