import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { EventEmitter } from "node:events"
import { constants } from "node:os"
import { vi } from "vitest"
import * as Signals from "../src/Signals.ts"

/** Runs a program that is told these signals; gives the exit codes, and how to hear of the first. */
const run = (program: Effect.Effect<unknown, unknown>, ...signals: ReadonlyArray<NodeJS.Signals>) => {
  const source = new EventEmitter()
  const codes: Array<number> = []
  const ended = Promise.withResolvers<number>()
  Signals.run(program, (code) => {
    codes.push(code)
    ended.resolve(code)
  }, source)
  for (const signal of signals) source.emit(signal, signal)
  return { codes, ended: ended.promise, source }
}

const told = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const

describe("Signals.run", () => {
  it("ends with the program, and listens no longer", async () => {
    for (const [program, code] of [[Effect.void, 0], [Effect.fail("no"), 1], [Effect.die("no"), 1]] as const) {
      const { ended, source } = run(program)
      assert.strictEqual(await ended, code)
      assert.deepStrictEqual(told.map((signal) => source.listenerCount(signal)), told.map(() => 0))
    }
  })

  it.each(told)(
    "interrupts the program at %s, which says so in the exit code once it has cleaned up",
    async (signal) => {
      const events: Array<string> = []
      const cleaning = Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("cleaned up")))
      const { ended } = run(cleaning, signal)
      assert.strictEqual(await ended, 128 + constants.signals[signal])
      assert.deepStrictEqual(events, ["cleaned up"])
    }
  )

  it("ends a program that does not end at the second signal", () => {
    for (const signal of told) {
      const { codes } = run(Effect.uninterruptible(Effect.never), "SIGTERM", signal)
      assert.deepStrictEqual(codes, [128 + constants.signals[signal]])
    }
  })

  it("takes the end of the process that has started it for a signal, where it is looked for that", () => {
    vi.useFakeTimers()
    try {
      let parent = 7
      const codes: Array<number> = []
      const interrupted = vi.fn<() => void>()
      const program = Effect.onInterrupt(Effect.never, () => Effect.sync(interrupted))
      Signals.run(program, (code) => codes.push(code), new EventEmitter(), () => parent)
      vi.advanceTimersByTime(5_000)
      assert.deepStrictEqual(interrupted.mock.calls.length, 0)
      parent = 1
      vi.advanceTimersByTime(500)
      assert.deepStrictEqual([interrupted.mock.calls.length, codes], [1, [143]])
    } finally {
      vi.useRealTimers()
    }
  })

  it("ends a program that does not end after ten seconds", () => {
    vi.useFakeTimers()
    try {
      const { codes } = run(Effect.uninterruptible(Effect.never), "SIGTERM")
      vi.advanceTimersByTime(9_999)
      assert.deepStrictEqual(codes, [])
      vi.advanceTimersByTime(1)
      assert.deepStrictEqual(codes, [143])
    } finally {
      vi.useRealTimers()
    }
  })
})
