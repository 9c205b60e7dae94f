/**
 * Calls of one turn to servers that would lose changes which are made at the same time.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, type ToolCall, type Toolkit } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { call, ends, installed, served } from "./support.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "volley-mcp-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

/** One turn, with the most of its calls that were at work at once. */
const turn = Effect.fnUntraced(function*(
  toolkit: Toolkit.Toolkit<Mcp.McpTool>,
  calls: ReadonlyArray<ToolCall.ToolCall>
) {
  let [now, most] = [0, 0]
  const { outcomes } = yield* Batch.run(toolkit, calls, {
    onCall: (event) =>
      Effect.sync(() => {
        if (event._tag === "CallStarted") most = Math.max(most, ++now)
        if (event._tag === "CallSettled") now--
      })
  })
  for (const { encoded, result } of outcomes) assert.strictEqual(result._tag, "Success", encoded)
  return { most, outcomes }
})

const five = [0, 1, 2, 3, 4]

describe("calls of one turn", () => {
  it.live("to server-filesystem, five edits of one file in each of twenty turns, lose nothing; its reads run at once", () =>
    Effect.gen(function*() {
      const inside = yield* folder
      const path = join(inside, "notes.txt")
      const { toolkit } = yield* Mcp.connect(installed("filesystem", [inside]))
      writeFileSync(path, five.map((n) => `line ${n} of turn 0\n`).join(""))
      for (let at = 1; at <= 20; at++) {
        const edits = five.map((n) => ({ oldText: `line ${n} of turn ${at - 1}`, newText: `line ${n} of turn ${at}` }))
        const { most } = yield* turn(toolkit, edits.map((edit, n) => call("edit_file", { path, edits: [edit] }, n)))
        assert.strictEqual(most, 1)
        assert.strictEqual(readFileSync(path, "utf8"), edits.map(({ newText }) => `${newText}\n`).join(""))
      }
      const reads = yield* turn(toolkit, five.map((n) => call("read_text_file", { path, head: n + 1 }, n)))
      assert.strictEqual(reads.most, 5)
    }))

  it.live("to server-memory, five entities in each of twenty turns, lose nothing; its reads run at once", () =>
    Effect.gen(function*() {
      const env = { MEMORY_FILE_PATH: join(yield* folder, "memory.jsonl") }
      const { toolkit } = yield* Mcp.connect({ ...installed("memory", []), env })
      const names = Array.from({ length: 20 }, (_, at) => five.map((n) => `entity ${at} ${n}`))
      for (const turnOf of names) {
        const { most } = yield* turn(
          toolkit,
          turnOf.map((name, n) =>
            call("create_entities", { entities: [{ name, entityType: "thing", observations: [] }] }, n)
          )
        )
        assert.strictEqual(most, 1)
      }
      const { most, outcomes } = yield* turn(toolkit, five.map((n) => call("read_graph", {}, n)))
      assert.strictEqual(most, 5)
      for (const { encoded } of outcomes) {
        assert.deepStrictEqual(Array.from(encoded.matchAll(/entity \d+ \d/g), ([name]) => name), names.flat())
      }
    }))
})

describe("the order of calls", () => {
  const claimsOf = ({ toolkit }: Mcp.Server, name: string, args: object = {}) => {
    const { claims } = toolkit.byName.get(name) ?? {}
    return typeof claims === "function" ? claims(args) : claims
  }

  it.live("is by the server's name and by hints, whether they are trusted or not; what destroys is no read", () =>
    Effect.gen(function*() {
      const { url } = yield* served
      const server = yield* Mcp.connect({ name: "shop", prefix: "", url })
      const access = ["math.add", "slow", "torn"].map((name) => claimsOf(server, name)?.access)
      assert.deepStrictEqual(access, [[Access.read("shop")], [Access.write("shop")], [Access.write("shop")]])
    }))

  it.live("is what the program says instead, by tool and arguments, with limits", () =>
    Effect.gen(function*() {
      const { url } = yield* served
      const server = yield* Mcp.connect({
        name: "shop",
        prefix: "",
        url,
        access: ({ arguments: args, tool }) => tool === "gather" ? [Access.write(JSON.stringify(args))] : undefined,
        limits: ({ tool }) => tool === "gather" ? [Limits.concurrency(3, "crowd")] : []
      })
      const all = five.slice(0, 3).map((n) => ["gather", { n, of: 3 }] as const)
      assert.deepStrictEqual(yield* ends(server.toolkit, all), ["0", "1", "2"])
      assert.deepStrictEqual(claimsOf(server, "gather", { n: 1 }), {
        access: [Access.write("{\"n\":1}")],
        slots: [{ key: "key/crowd", limit: 3 }],
        rates: []
      })
      assert.deepStrictEqual(claimsOf(server, "slow"), { access: [Access.write("shop")], slots: [], rates: [] })
    }))

  it.live("is none where the server is said to be parallel", () =>
    Effect.gen(function*() {
      const { url } = yield* served
      const server = yield* Mcp.connect({ name: "shop", prefix: "", url, parallel: true })
      assert.deepStrictEqual(yield* ends(server.toolkit, five.map((n) => ["gather", { n, of: 5 }])), five.map(String))
      assert.isUndefined(claimsOf(server, "slow"))
    }))
})
