import { assert, describe, it } from "@effect/vitest"
import * as Stdio from "@volley/mcp/Stdio"
import { Effect } from "effect"
import { connectBy } from "../src/internal/connect.ts"
import { start } from "../src/internal/noStdio.ts"
import { ends, server } from "./support.ts"

describe("Stdio.connect", () => {
  it.live("starts a server's program and calls its tools", () =>
    Effect.gen(function*() {
      const { toolkit } = yield* Stdio.connect(server("shop", { prefix: "" }))
      assert.deepStrictEqual(yield* ends(toolkit, [["math.add", { a: 1, b: 2 }]]), ["3"])
    }))
})

describe("Where no program can be started", () => {
  it.effect("a server that is one is unreachable", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(connectBy(start)(server("shop")))
      assert.strictEqual(message, "MCP server \"shop\": nothing here can start a program")
    }))
})
