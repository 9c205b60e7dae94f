/**
 * Forms that servers want to have filled in.
 */
import { assert, describe, it } from "@effect/vitest"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { Approver, Batch } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Fiber, Logger } from "effect"
import { overHttp } from "./served.ts"
import { call, ends, http, installed } from "./support.ts"

const who = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 5, title: "Who \u202eare you?" },
    age: { type: "integer", default: 30 }
  },
  required: ["name"]
}

const small = { type: "object", properties: { age: { type: "integer", default: 30 } } }

/** A server whose tool asks for a form, of the older versions; it answers what it was told, or how it was refused. */
const asking = Effect.fnUntraced(function*(form: object = {}) {
  const server = new Server({ name: "curious", version: "1.0.0" }, { capabilities: { tools: {} } })
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "a-session" })
  server.setRequestHandler(
    ListToolsRequestSchema,
    () => ({ tools: [{ name: "ask", inputSchema: { type: "object" } }] })
  )
  server.setRequestHandler(CallToolRequestSchema, async (_, { requestId }) => {
    const params = { message: "Hello\u001b[2J?", requestedSchema: who, ...form }
    const told: unknown = await server.elicitInput(params as never, { relatedRequestId: requestId }).catch(String)
    return { content: [{ type: "text", text: JSON.stringify(told) }] }
  })
  yield* Effect.promise(() => server.connect(transport))
  const url = yield* http((request, response) => void transport.handleRequest(request, response))
  const mcp = yield* Mcp.connect({ name: "shop", prefix: "", url, parallel: true })
  return { server, toolkit: mcp.toolkit }
})

/** What such a server is told where this is decided, and what is logged then. */
const told = Effect.fnUntraced(function*(decide: (typeof Approver.Approver)["Service"]["decide"], form?: object) {
  const { toolkit } = yield* asking(form)
  const logs: Array<string> = []
  const logger = Logger.make(({ message }) => void logs.push(JSON.stringify(message)))
  const [answer] = yield* Effect.provide(ends(toolkit, [["ask"]]), [Approver.layer(decide), Logger.layer([logger])])
  return { answer, logs }
})

const decided = (decision: Approver.Decision, form?: object) => told(() => Effect.succeed(decision), form)

describe("a form that a server wants to have filled in", () => {
  it.live("is a question to the approver of the call, in which nothing is hidden; what it allows is sent", () =>
    Effect.gen(function*() {
      const questions: Array<Approver.Question> = []
      const { answer } = yield* told((question) => {
        questions.push(question)
        return Effect.succeed({ allowed: { name: "Ada", age: 36 } })
      })
      assert.deepStrictEqual(answer, { action: "accept", content: { name: "Ada", age: 36 } })
      const [question, ...more] = questions
      const form = {
        server: "shop",
        message: "Hello\\u001b[2J?",
        requestedSchema: {
          ...who,
          properties: { ...who.properties, name: { ...who.properties.name, title: "Who \\u202eare you?" } }
        }
      }
      assert.deepStrictEqual([question?.tool, question?.parameters, more], ["elicitation/create", form, []])
      assert.deepStrictEqual([question?.call.name, question?.call.arguments], ["elicitation/create", form])
    }))

  it.live("is declined or cancelled as that is decided", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* decided("denied")).answer, { action: "decline" })
      assert.deepStrictEqual((yield* decided({ denied: "not today" })).answer, { action: "decline" })
      assert.deepStrictEqual((yield* decided("undecided")).answer, { action: "cancel" })
    }))

  it.live("has its defaults where it is allowed as it is, if they are enough", () =>
    Effect.gen(function*() {
      const enough = yield* decided("allowed", { requestedSchema: small })
      assert.deepStrictEqual(enough.answer, { action: "accept", content: { age: 30 } })
      const { answer, logs } = yield* decided("allowed")
      assert.deepStrictEqual(answer, { action: "cancel" })
      assert.include(logs.join(), "An approver allowed a form with what does not fit")
    }))

  it.live("takes nothing that does not fit, and nothing from an approver that crashes", () =>
    Effect.gen(function*() {
      for (const allowed of [{ name: "Augusta" }, { name: "Ada", age: "36" }, {}, null, "Ada"]) {
        const { answer, logs } = yield* decided({ allowed })
        assert.deepStrictEqual(answer, { action: "cancel" })
        assert.strictEqual(logs.length, 1)
      }
      const nested = yield* decided({ allowed: { other: { deep: [] } } }, { requestedSchema: small })
      assert.include(nested.logs.join(), "a form has texts, numbers, truths and lists of texts")
      const { answer, logs } = yield* told(() => {
        throw new Error("no terminal")
      })
      assert.deepStrictEqual(answer, { action: "cancel" })
      assert.include(logs.join(), "An approver crashed")
    }))

  it.live("is declined where the program has nobody to ask, and where it is too long to be shown", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* asking()
      assert.deepStrictEqual(yield* ends(toolkit, [["ask"]]), [{ action: "decline" }])
      const { answer, logs } = yield* told(() => Effect.die("asked"), { message: "x".repeat(70_000) })
      assert.deepStrictEqual(answer, { action: "decline" })
      assert.include(logs.join(), "A form that a server wants to have filled in is declined")
    }))

  it.live("is refused where it is an address: nothing is opened, and nobody is asked", () =>
    Effect.gen(function*() {
      const form = { mode: "url", url: "https://evil.example", elicitationId: "1", requestedSchema: undefined }
      const { answer } = yield* told(() => Effect.die("asked"), form)
      assert.include(String(answer), "Client does not support url elicitation")
    }))

  it.live("is declined where requests of several approvers are in flight", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* asking()
      const asked = Promise.withResolvers<void>()
      const waits = Approver.layer(() => Effect.andThen(Effect.sync(() => asked.resolve()), Effect.never))
      const first = yield* Effect.forkChild(Effect.provide(Batch.run(toolkit, [call("ask")]), waits))
      yield* Effect.promise(() => asked.promise)
      const other = Approver.layer(() => Effect.die("asked"))
      assert.deepStrictEqual(yield* Effect.provide(ends(toolkit, [["ask"]]), other), [{ action: "decline" }])
      yield* Fiber.interrupt(first)
      const allowing = Approver.layer(() => Effect.succeed({ allowed: { name: "Ada" } }))
      const [answer] = yield* Effect.provide(ends(toolkit, [["ask"]]), allowing)
      assert.deepStrictEqual(answer, { action: "accept", content: { name: "Ada" } })
    }))

  it.live("is asked about no longer than the call lasts", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* asking()
      const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const waits = Approver.layer(() =>
        Effect.onInterrupt(
          Effect.andThen(Effect.sync(() => asked.resolve()), Effect.never),
          () => Effect.sync(() => left.resolve())
        )
      )
      const run = yield* Effect.forkChild(Effect.provide(Batch.run(toolkit, [call("ask")]), waits))
      yield* Effect.promise(() => asked.promise)
      yield* Fiber.interrupt(run)
      yield* Effect.promise(() => left.promise)
    }))
})

describe("a form of another's server", () => {
  it.live("is filled in, in version 2026-07-28", () =>
    Effect.gen(function*() {
      const { log, url } = yield* overHttp({ approval: "elicit", batch: {} })
      const { toolkit } = yield* Mcp.connect({ name: "kit", prefix: "", url })
      const refund = ends(toolkit, [["refund", { amount: 500 }]])
      const allow = Approver.layer(({ parameters }) =>
        Effect.succeed(JSON.stringify(parameters).includes("May refund run") ? { allowed: { allow: true } } : "denied")
      )
      assert.deepStrictEqual(yield* Effect.provide(refund, allow), ["paid"])
      assert.deepStrictEqual(log, ["refund 500"])
      const [denied] = yield* Effect.provide(refund, Approver.deny)
      assert.include(JSON.stringify(denied), "The person at the client said no.")
    }))

  it.live("is filled in, for server-everything over stdio", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Mcp.connect(installed("everything", ["stdio"]))
      const allow = Approver.layer(() => Effect.succeed({ allowed: { name: "Ada", check: true } }))
      const [end] = yield* Effect.provide(ends(toolkit, [["trigger-elicitation-request"]]), allow)
      assert.include(JSON.stringify(end), "Ada")
    }))
})
