import { assert, describe, it } from "@effect/vitest"
import { Batch, ToolCall } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect } from "effect"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { bundleOf } from "../../../test/bundles.ts"
import { main, start, volley } from "./support/spawn.ts"

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

const calls = [
  ToolCall.make({ id: "call_1", name: "double", arguments: { n: 21 } }),
  ToolCall.make({ id: "call_2", name: "pay", arguments: { to: "Ada" }, index: 1 })
]

/** What a client of ours is shown of both calls. */
const shown = Effect.fnUntraced(function*(server: Mcp.Options) {
  const { toolkit } = yield* Mcp.connect(server)
  const { outcomes } = yield* Batch.run(toolkit, calls)
  return outcomes.map(({ encoded }) => encoded)
})

describe("volley serve", () => {
  it.live("serves a toolkit over stdio, whatever its file and its tools print", () =>
    Effect.gen(function*() {
      const args = [main, "serve", "--toolkit", fixture("noisy.ts")]
      const [doubled, paid] = yield* shown({ name: "noisy", prefix: "", command: process.execPath, args })
      assert.strictEqual(doubled, "42")
      assert.include(paid, "It is not yet decided")
    }))

  it.live("serves a toolkit over HTTP, to those that have the token", () =>
    Effect.gen(function*() {
      const { child } = yield* Effect.acquireRelease(
        Effect.sync(() =>
          start(["serve", "--toolkit", bundleOf("plain"), "--http", "0", "--token-env", "MCP_TOKEN"], {
            env: { MCP_TOKEN: "secret" }
          })
        ),
        ({ child, ended }) =>
          Effect.promise(() => {
            child.kill("SIGTERM")
            return ended
          })
      )
      const [line] = yield* Effect.promise(() => once(createInterface(child.stdout), "line"))
      const { url }: { readonly url: string } = JSON.parse(String(line))
      const server = { name: "plain", prefix: "", url }
      const refused = yield* Effect.flip(Mcp.connect(server))
      assert.include(refused.message, "401")
      const [doubled] = yield* shown({ ...server, headers: { authorization: "Bearer secret" } })
      assert.strictEqual(doubled, "42")
    }))

  it("says in a line what is wrong, before it serves anything", async () => {
    const said = async (...args: ReadonlyArray<string>) => {
      const { code, stderr, stdout } = await volley(["serve", "--toolkit", bundleOf("plain"), ...args])
      assert.deepStrictEqual([code, stdout], [2, ""])
      return stderr
    }
    assert.deepStrictEqual(
      await Promise.all([said("--token-env", "MCP_TOKEN"), said("--http", "0", "--token-env", "MCP_TOKEN")]),
      [
        "volley serve: --token-env is for --http: over standard input and output there is only one client\n",
        "volley serve: --token-env: the environment has no MCP_TOKEN\n"
      ]
    )
  })
})
