import { assert, describe, it } from "@effect/vitest"
import type { Client } from "@modelcontextprotocol/client"
import { Batch } from "@volley/core"
import { Effect, Fiber, References } from "effect"
import { ask, client, overHttp, overStdio, type Version, versions } from "./served.ts"

describe.each(versions)("Server, in version %s", (version) => {
  it.live("answers the official client over HTTP", () =>
    Effect.gen(function*() {
      const { to } = yield* overHttp()
      const one = yield* client(version, to())
      yield* says(version, one)
      yield* runs(one, yield* client(version, to()))
    }))

  it.live("answers the official client over stdio, with nothing but protocol on standard output", () =>
    Effect.gen(function*() {
      const transport = overStdio()
      const only = yield* client(version, transport)
      const errors: Array<Error> = []
      Object.assign(only, { onerror: (error: Error) => errors.push(error) })
      yield* says(version, only)
      const crashed = JSON.stringify(yield* ask(only, "crash"))
      assert.include(crashed, "Defect")
      assert.notInclude(crashed, "sk-123")
      yield* runs(only, only)
      assert.deepStrictEqual(errors, [])
    }))

  it.live("interrupts the calls of a client that is gone, over HTTP", () =>
    Effect.gen(function*() {
      const { to, until } = yield* overHttp()
      const one = yield* client(version, to())
      const lost = yield* Effect.forkChild(Effect.exit(ask(one, "capped", { n: 1 })))
      yield* until("capped 1 begins")
      yield* Effect.promise(() => one.close())
      yield* until("capped 1 is interrupted")
      yield* Fiber.join(lost)
    }))

  it.live("tells a client how its call goes on, though the listener of the program crashes", () =>
    Effect.gen(function*() {
      const onCall = () => Effect.die(new Error("no room"))
      const { to } = yield* Effect.provideService(overHttp({ batch: { onCall } }), References.CurrentLoggers, new Set())
      yield* tellsProgress(yield* client(version, to()))
    }))

  it.live("tells the listener of all batches too, where a client asks how its call goes on", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const onCall = ({ _tag }: Batch.CallEvent) => Effect.sync(() => void told.push(_tag))
      const { to } = yield* Effect.provideService(overHttp({ batch: {} }), Batch.Defaults, { onCall })
      yield* tellsProgress(yield* client(version, to()))
      assert.include(told, "CallProgress")
    }))
})

/** What a client is told of the tools, and of results of every kind. */
const says = Effect.fnUntraced(function*(version: Version, client: Client) {
  assert.strictEqual(client.getNegotiatedProtocolVersion(), version)
  const { tools } = yield* Effect.promise(() => client.listTools())
  const tool = (name: string) => tools.find((tool) => tool.name === name)
  assert.strictEqual(tools.length, 16)
  assert.deepStrictEqual(tool("sum")?.annotations, hints(true, true))
  assert.deepStrictEqual(tool("note")?.annotations, hints(false, true))
  assert.deepStrictEqual(tool("write")?.annotations, hints(false, false))
  assert.strictEqual(tool("sum")?.inputSchema.type, "object")
  assert.strictEqual(tool("greet")?.outputSchema, undefined)

  assert.deepInclude(yield* ask(client, "sum", { a: 1, b: 2 }), {
    content: [{ type: "text", text: "{\"sum\":3}" }],
    structuredContent: { sum: 3 }
  })
  // Older versions have objects alone, so that the SDK puts a list into one.
  assert.deepStrictEqual(
    (yield* ask(client, "range", { n: 2 })).structuredContent,
    version === "2026-07-28" ? [0, 1] : { result: [0, 1] }
  )
  assert.deepInclude(yield* ask(client, "greet"), { content: [{ type: "text", text: "hello" }] })
  const long = yield* ask(client, "long")
  assert.deepStrictEqual(long.structuredContent, { text: "x".repeat(70_000) })
  assert.isBelow(JSON.stringify(long.content).length, 66_000)
  const shown = yield* ask(client, "show")
  assert.deepStrictEqual(shown.content.map(({ type }) => type), ["text", "image", "resource", "resource"])
  assert.deepInclude(shown.content[2], {
    resource: { uri: "volley:///a%20b.pdf", mimeType: "application/pdf", blob: "JVBERi0=" }
  })
  assert.deepInclude(shown.content[3], {
    resource: { uri: "volley:///document-3", mimeType: "text/plain", text: "hello" }
  })
  assert.deepStrictEqual(shown.structuredContent, { seen: 3 })
  yield* fails(client)
  yield* composes(client)
})

const hints = (readOnlyHint: boolean, idempotentHint: boolean) => ({
  readOnlyHint,
  destructiveHint: !readOnlyHint,
  idempotentHint
})

/** Failures are results, which a model can read; a name that there is not is the client's own mistake. */
const fails = Effect.fnUntraced(function*(client: Client) {
  const error = (text: string) => ({ isError: true, content: [{ type: "text" as const, text }] })
  assert.deepInclude(
    yield* ask(client, "sell"),
    error(
      "{\"error\":{\"type\":\"Sold\",\"message\":\"It is gone.\",\"safeToRepeat\":false,\"data\":{}}}"
    )
  )
  for (
    const [name, args, type] of [["sum", { a: "1" }, "InvalidArguments"], [
      "refund",
      { amount: 1 },
      "Undecided"
    ]] as const
  ) {
    const { content, isError } = yield* ask(client, name, args)
    assert.isTrue(isError)
    assert.include(JSON.stringify(content), type)
  }
  const refused = yield* Effect.promise(() => client.callTool({ name: "nope", arguments: {} }).catch((error) => error))
  assert.deepInclude(refused, { code: -32602, message: "There is no tool \"nope\"." })
})

/** A plan and a pipeline are tools like others. */
const composes = Effect.fnUntraced(function*(client: Client) {
  assert.deepStrictEqual((yield* ask(client, "twice", { n: 3 })).structuredContent, { sum: 12 })
  const steps = [
    { id: "x", tool: "sum", arguments: { a: 1, b: 2 } },
    { id: "y", tool: "sum", arguments: { a: { $ref: "x/sum" }, b: 10 } }
  ]
  const { content } = yield* ask(client, "plan", { steps })
  assert.include(JSON.stringify(content), "13")
})

/** Two clients, which may be one, under the same limits and in one order. */
const runs = Effect.fnUntraced(function*(one: Client, other: Client) {
  const until = (event: string) => ask(one, "until", { event })
  const note = (event: string) => ask(one, "note", { event })

  const first = yield* Effect.forkChild(ask(one, "write", { n: 1 }))
  yield* until("write 1 begins")
  const second = yield* Effect.forkChild(ask(other, "write", { n: 2 }))
  yield* until("write waits for access")
  yield* note("write 2 may end")
  yield* note("write 1 may end")
  yield* Fiber.join(first)
  yield* Fiber.join(second)

  const running = yield* Effect.forkChild(ask(one, "capped", { n: 1 }))
  yield* until("capped 1 begins")
  const stop = new AbortController()
  const cancelled = yield* Effect.forkChild(Effect.exit(ask(other, "capped", { n: 2 }, { signal: stop.signal })))
  yield* until("capped waits for limit")
  yield* note("capped 1 may end")
  yield* Fiber.join(running)
  yield* until("capped 2 begins")
  stop.abort("not wanted any more")
  yield* until("capped 2 is interrupted")
  yield* Fiber.join(cancelled)

  const { structuredContent } = yield* ask(one, "log")
  const events = Object.values(structuredContent ?? {}).flat().filter((event) =>
    /begins|ends|interrupted/.test(String(event))
  )
  assert.deepStrictEqual(events, [
    "write 1 begins",
    "write 1 ends",
    "write 2 begins",
    "write 2 ends",
    "capped 1 begins",
    "capped 1 ends",
    "capped 2 begins",
    "capped 2 is interrupted"
  ])
  yield* tellsProgress(one)
})

/** Progress grows, whatever a tool says of it. The official client forgets what comes at once with the answer. */
const tellsProgress = Effect.fnUntraced(function*(client: Client) {
  const told: Array<unknown> = []
  const three = Promise.withResolvers<void>()
  const onprogress = (progress: unknown) => {
    if (told.push(progress) === 3) three.resolve()
  }
  const walk = yield* Effect.forkChild(ask(client, "walk", {}, { onprogress }))
  yield* Effect.promise(() => three.promise)
  yield* ask(client, "note", { event: "walk may end" })
  yield* Fiber.join(walk)
  assert.deepStrictEqual(told, [
    { progress: 1, total: 3, message: "one" },
    { progress: 2, message: "two" },
    { progress: 2.5 }
  ])
})
