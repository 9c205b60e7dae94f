/**
 * Servers that die, come back, or forget who asks them.
 */
import { assert, describe, it } from "@effect/vitest"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { Batch, CallError, type ToolCall } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Clock, Effect, Exit, Fiber, Latch, Result, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundleOf } from "../../../test/bundles.ts"
import { patiently } from "../src/internal/patience.ts"
import { make } from "./fixtures/make.ts"
import { byHand, call, ends, failureOf, freePort, http } from "./support.ts"

const fixture = bundleOf("ledger")

/** A file in which a server writes down what it does. */
const ledger = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "volley-ledger-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
).pipe(Effect.map((folder) => {
  const path = join(folder, "ledger")
  appendFileSync(path, "")
  const lines = () => readFileSync(path, "utf8").split("\n").filter((line) => line !== "")
  return {
    path,
    done: () => lines().filter((line) => !line.startsWith("pid ")),
    pids: () => lines().flatMap((line) => line.startsWith("pid ") ? [Number(line.slice(4))] : [])
  }
}))

type Ledger = Effect.Success<typeof ledger>

const overStdio = ({ path }: Ledger) =>
  Effect.succeed<Mcp.Options>({ name: "ledger", prefix: "", command: process.execPath, args: [fixture, path] })

/** The server at a port, where another process comes in the place of one that has died. */
const overHttp = Effect.fnUntraced(function*({ path }: Ledger) {
  const port = yield* freePort
  const kept: { child?: ChildProcess; isOver: boolean } = { isOver: false }
  const begin = () => {
    if (kept.isOver) return
    kept.child = spawn(process.execPath, [fixture, path, `${port}`], { stdio: "ignore" })
    kept.child.once("exit", begin)
  }
  begin()
  yield* Effect.addFinalizer(() =>
    Effect.promise(async () => {
      kept.isOver = true
      if (kept.child?.kill("SIGKILL") === true) await once(kept.child, "exit")
    })
  )
  return { name: "ledger", prefix: "", url: `http://127.0.0.1:${port}/mcp` } satisfies Mcp.Options
})

/** Tries until the server is there, which nobody tells. */
const connected = (options: Mcp.Options) => patiently(Effect.mapError(Mcp.connect(options), ({ reason }) => reason), {})

const isLostAs = (end: unknown, sent: boolean): boolean =>
  end instanceof CallError.ToolFailure && end.failure instanceof McpError.McpError &&
  end.failure.reason._tag === "Closed" && end.failure.reason.sent === sent

/** Over HTTP a call may go out on another connection of the dead server, which has not told of its end yet: that call is lost too. */
describe.each([["stdio", overStdio, 0], ["streamable HTTP", overHttp, 9]] as const)(
  "a server over %s that dies",
  (_, serve, times) => {
    it.live("is there again for the next call; what was in flight may have been done, and is not sent again", () =>
      Effect.gen(function*() {
        const book = yield* ledger
        const { toolkit } = yield* connected(yield* serve(book))
        const before = yield* ends(toolkit, [["write", { id: "a", die: "before" }]])
        const after = yield* Effect.repeat(ends(toolkit, [["write", { id: "b", die: "after" }]]), {
          times,
          until: () => book.done().length > 0
        })
        for (const end of [...before, ...after]) assert.isTrue(isLostAs(end, true), String(end))
        const next = yield* Effect.repeat(ends(toolkit, [["write", { id: "c" }]]), {
          times,
          until: ([end]) => !isLostAs(end, true)
        })
        assert.deepStrictEqual(next, ["write c"])
        assert.deepStrictEqual(book.done(), ["write b", "write c"])
        assert.strictEqual(new Set(book.pids()).size, 3)
      }))

    it.live.each([1, 2])(
      "has done no write twice, and of each that is missing it is said so: %i",
      (seed) =>
        Effect.gen(function*() {
          const book = yield* ledger
          const { toolkit } = yield* connected({ ...yield* serve(book), parallel: true })
          const random = numbers(seed)
          const calls = Array.from({ length: 40 }, (_, n): ToolCall.ToolCall => {
            const die = random() < 0.08 ? { die: random() < 0.5 ? "before" : "after" } : {}
            return call(random() < 0.5 ? "write" : "read", { id: `${n}`, ...die }, n)
          })
          const kill = Effect.sync(() => random() < 0.05 && slain(book.pids().at(-1)))
          const { outcomes } = yield* Batch.run(toolkit, calls, {
            concurrency: 5,
            onCall: ({ _tag }) => _tag === "CallStarted" ? kill : Effect.void
          })
          assert.strictEqual(outcomes.length, calls.length)
          const done = book.done()
          assert.strictEqual(new Set(done).size, done.length)
          assert.isAbove(book.pids().length, 1)
          outcomes.forEach(({ call: { arguments: args, name }, result }) => {
            const end: unknown = Result.merge(result)
            const isDone = done.includes(`${name} ${Object(args).id}`)
            if (typeof end === "string") assert.isTrue(isDone)
            else {assert.isTrue(
                isLostAs(end, true) || (!isDone && failureOf(end) instanceof McpError.McpError),
                String(end)
              )}
          })
        })
    )
  }
)

/** Numbers from 0 to 1 that are the same for each seed. */
const numbers = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
  return seed / 2 ** 32
}

const slain = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(pid, "SIGKILL")
  } catch {
    // It has died already.
  }
}

describe("a connection", () => {
  it.live("says how it is, from its start to its end, and starts nothing behind it", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const book = yield* ledger
      const { state, toolkit } = yield* Scope.provide(connected(yield* overStdio(book)), scope)
      const seen: Array<Mcp.State> = []
      const isLost = yield* Latch.make()
      const watching = yield* Effect.forkChild(Stream.runForEach(state, (now) => {
        seen.push(now)
        return now === "lost" ? isLost.open : Effect.void
      }))
      yield* ends(toolkit, [["write", { id: "a" }]])
      slain(book.pids()[0])
      yield* isLost.await
      yield* ends(toolkit, [["write", { id: "b" }]])
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(watching)
      assert.deepStrictEqual(seen, ["ready", "lost", "reconnecting", "ready", "closed"])
      const [end] = yield* ends(toolkit, [["write", { id: "c" }]])
      assert.isTrue(isLostAs(end, false))
      assert.deepStrictEqual(book.done(), ["write a", "write b"])
      assert.lengthOf(book.pids(), 2)
      for (const pid of book.pids()) assert.throws(() => process.kill(pid, 0))
    }))

  it.effect("is tried again after pauses that grow up to five seconds, as long as the server may take", () =>
    Effect.gen(function*() {
      const times: Array<number> = []
      const gone = new McpError.Unreachable({ message: "nobody is there" })
      const opening = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return Effect.fail(gone)
      })
      const trying = yield* Effect.forkChild(Effect.flip(patiently(opening, {})))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(trying), gone)
      assert.deepStrictEqual(times, [0, 250, 750, 1750, 3750, 7750, 12_750, 17_750, 22_750, 27_750])
    }))

  it.effect("is not tried again where another try would come to the same", () =>
    Effect.gen(function*() {
      const refused = new McpError.HttpFailed({ status: 401 })
      assert.strictEqual(yield* Effect.flip(patiently(Effect.fail(refused), {})), refused)
    }))
})

describe("a server over HTTP that has forgotten its sessions", () => {
  /** Says who was asked for what, and forgets all of its sessions. */
  const forgetful = Effect.fnUntraced(function*(refuse: (response: ServerResponse) => void) {
    const sessions = new Map<unknown, StreamableHTTPServerTransport>()
    const asked: Array<string> = []
    const url = yield* http(async (request, response) => {
      const id = request.headers["mcp-session-id"]
      const known = sessions.get(id)
      if (known !== undefined) return known.handleRequest(request, response)
      if (id !== undefined) return refuse(response)
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => {
          asked.push("initialize")
          sessions.set(id, transport)
        }
      })
      await make(() => {}).connect(transport)
      return transport.handleRequest(request, response)
    })
    return { url, asked, forget: () => sessions.clear() }
  })

  it.live.each([404, 400])(
    "is given one new session by all calls that meet that, and each runs once: %i",
    (status) =>
      Effect.gen(function*() {
        const { asked, forget, url } = yield* forgetful((response) =>
          response.writeHead(status).end("Bad Request: No valid session ID provided")
        )
        const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url, parallel: true })
        for (const times of [2, 3]) {
          forget()
          const calls = Array.from({ length: 40 }, (_, n) => call("math.add", { a: n, b: 1 }, n))
          const { outcomes } = yield* Batch.run(toolkit, calls, { concurrency: 40 })
          assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded), calls.map((_, n) => `${n + 1}`))
          assert.lengthOf(asked, times)
          assert.deepStrictEqual(yield* ends(toolkit, [["received"]]), [[...calls.map(() => "math.add"), "received"]])
        }
      })
  )

  it.live("and forgets each new one at once, is given up, with what it says", () =>
    Effect.gen(function*() {
      let asked = 0
      const url = yield* http(byHand((message, response) => {
        if (message.method === "initialize") {
          asked++
          response.setHeader("mcp-session-id", `${asked}`)
        }
        if (message.method === "tools/call") response.writeHead(404).end()
        return message.method === "tools/call"
      }))
      const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url })
      const [end] = yield* ends(toolkit, [["say"]])
      const reason = new McpError.HttpFailed({ status: 404 })
      assert.deepStrictEqual(failureOf(end), new McpError.McpError({ server: "shop", reason }))
      assert.strictEqual(asked, 3)
    }))

  it.live("but had given none, only says 404", () =>
    Effect.gen(function*() {
      let asked = 0
      const url = yield* http(byHand((message, response) => {
        if (message.method === "initialize") asked++
        if (message.method === "tools/call") response.writeHead(404).end()
        return message.method === "tools/call"
      }))
      const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url })
      const [end] = yield* ends(toolkit, [["say"]])
      const reason = new McpError.HttpFailed({ status: 404 })
      assert.deepStrictEqual(failureOf(end), new McpError.McpError({ server: "shop", reason }))
      assert.strictEqual(asked, 1)
    }))
})
