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

const call = (name: string) => ({ id: name, name })

const started = { _tag: "TurnStarted", at: 1000, turn: 1, toolsOff: false } as const

/** A turn and a call that are over, and a call that goes on. */
const progress: Progress = {
  ended: undefined,
  run: {
    head: { volley: "run", version: 1, at: 1000 },
    events: [
      started,
      {
        _tag: "TurnEnded",
        at: 2000,
        text: "",
        calls: [call("get_orders"), call("get_customer")],
        finish: "tool-calls"
      },
      { _tag: "CallStarted", at: 2000, call: call("get_orders") },
      { _tag: "CallStarted", at: 2000, call: call("get_customer") },
      {
        _tag: "CallSettled",
        at: 2500,
        call: call("get_orders"),
        isError: false,
        text: "",
        attempts: 1,
        startedAt: 2000
      }
    ]
  }
}

const begun: Progress = { ...progress, run: { ...progress.run, events: [started] } }

describe("Picture.drawLive", () => {
  it("draws what is over and what goes on, on one scale for all plays", () => {
    expect(Picture.drawLive(new Map([["parallel", progress], ["serial", begun]]), 3000).join("\n"))
      .toMatchInlineSnapshot(`
        "parallel: 2 s · 2 calls in 1 s instead of 1.5 s (1.5×)
        model        ███████████████████████████                           1 s
        get_orders                              █████████████              500 ms
        get_customer                            ██████████████████████████ 1 s goes on

        serial: 2 s · No calls
        model        █████████████████████████████████████████████████████ 2 s goes on
                     0            500 ms        1 s          1.5 s       2 s"
      `)
  })

  it("draws nothing before anything was played", () => {
    assert.deepStrictEqual(Picture.drawLive(new Map(), 0), [])
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
      yield* show("parallel", begun)
      yield* TestClock.adjust(300)
      const frames = terminal.written.filter((text) => text.includes("model"))
      assert.strictEqual(frames.length, 4)
      assert.isTrue(frames[2]!.startsWith("\u001b[3A\u001b[J"))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(terminal.written.at(-1), "\u001b[3A\u001b[J")
    }))

  it.effect("shows what others called something as text, on its own line", () =>
    Effect.gen(function*() {
      const terminal = screen(true)
      const show = yield* Live.make(terminal)
      const event = { _tag: "CallStarted", at: 1500, call: call(hostile) } as const
      yield* show(hostile, { ...progress, run: { ...progress.run, events: [event] } })
      yield* TestClock.adjust(100)
      const frame = terminal.written.at(-1)?.split("\u001b[J")[1] ?? ""
      assert.notMatch(frame, /(?!\n)[\p{Cc}\p{Cf}]/u)
      assert.isAtMost(Math.max(...frame.split("\n").map(({ length }) => length)), 80)
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
