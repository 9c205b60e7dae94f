/**
 * The waterfall that a demo draws while it plays.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Live from "../src/Live.ts"
import * as Picture from "../src/Picture.ts"
import type { Progress } from "../src/Play.ts"
import { hostile } from "./fixtures/hostile.ts"

const row = (label: string, startedAt: number, endedAt?: number) => ({ id: label, label, startedAt, endedAt })

const progress: Progress = {
  startedAt: 1000,
  turns: [row("model", 1000, 2000), row("model", 2600)],
  calls: [row("get_orders", 1500, 2500), row("get_customer", 2000)],
  endedAt: undefined,
  ended: undefined
}

describe("Picture.drawLive", () => {
  it("draws what is over and what goes on, on one scale for all plays", () => {
    const over = { ...progress, calls: [], turns: [row("model", 1000, 1500)], endedAt: 1500 }
    expect(Picture.drawLive(new Map([["parallel", progress], ["serial", over]]), 3000).join("\n"))
      .toMatchInlineSnapshot(`
        "  parallel: 2.00 s
          model        ████████████████████████████                 ███████████
          get_orders                 ████████████████████████████
          get_customer                             ████████████████████████████
          serial: 0.50 s
          model ██████████████"
      `)
  })

  it("draws nothing before anything was played, and one second at least", () => {
    assert.deepStrictEqual(Picture.drawLive(new Map(), 0), [])
    const begun = { ...progress, turns: [row("model", 1000)], calls: [] }
    assert.match(Picture.drawLive(new Map([["parallel", begun]]), 1100).join("\n"), /model █{6}$/)
  })
})

describe("Live.make", () => {
  const screen = (isTTY: boolean, rows = 24) => {
    const written: Array<string> = []
    return { written, isTTY, rows, write: (text: string) => written.push(text) }
  }

  it.effect("draws anew ten times a second, over what it drew before, and takes all of it away in the end", () =>
    Effect.gen(function*() {
      const terminal = screen(true)
      const scope = yield* Scope.make()
      const show = yield* Scope.provide(Live.make(terminal), scope)
      yield* show("parallel", { ...progress, startedAt: 0, turns: [row("model", 0)], calls: [] })
      yield* TestClock.adjust(300)
      const frames = terminal.written.filter((text) => text.includes("model"))
      assert.strictEqual(frames.length, 4)
      assert.isTrue(frames[2]!.startsWith("\u001b[2A\u001b[J"))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(terminal.written.at(-1), "\u001b[2A\u001b[J")
    }))

  it.effect("shows what others called something as text, on its own line", () =>
    Effect.gen(function*() {
      const terminal = screen(true)
      const show = yield* Live.make(terminal)
      yield* show(hostile, { ...progress, calls: [row(hostile, 1500)] })
      yield* TestClock.adjust(100)
      const frame = terminal.written.at(-1)?.split("\u001b[J")[1] ?? ""
      assert.notMatch(frame, /(?!\n)[\p{Cc}\p{Cf}]/u)
      assert.strictEqual(frame.split("\n").length, 4)
    }))

  it.effect("draws no more lines than the terminal has", () =>
    Effect.gen(function*() {
      const terminal = screen(true, 3)
      const show = yield* Live.make(terminal)
      yield* show("parallel", progress)
      yield* TestClock.adjust(100)
      assert.strictEqual(terminal.written.at(-1)?.split("\n").length, 3)
    }))

  it.effect("draws nothing where there is no terminal", () =>
    Effect.gen(function*() {
      const file = screen(false)
      const show = yield* Live.make(file)
      yield* show("parallel", progress)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(file.written, [])
    }))
})
