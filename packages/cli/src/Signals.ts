/**
 * How a program ends: by itself, or because the process is told to.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constants } from "node:os"

const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const

/** How long a program that was told to end may take, in milliseconds: servers get four seconds, and tools may hang. */
const grace = 10_000

/**
 * Runs a program to its end; `exit` gets the code of the process.
 *
 * - a signal interrupts the program, and 128 + the signal is the code
 * - the next one ends it at once, as `grace` does
 */
export const run = <A, E>(program: Effect.Effect<A, E>, exit: (code: number) => void): void => {
  let told: number | undefined
  const fiber = Effect.runFork(program)
  const tell = (signal: NodeJS.Signals) => {
    const again = told !== undefined
    told = 128 + constants.signals[signal]
    if (again) return end(told)
    setTimeout(end, grace, told).unref()
    fiber.interruptUnsafe()
  }
  const end = (code: number) => {
    for (const signal of signals) process.off(signal, tell)
    exit(code)
  }
  for (const signal of signals) process.on(signal, tell)
  fiber.addObserver((result) => end(told ?? (Exit.isFailure(result) ? 1 : Number(process.exitCode ?? 0))))
}
