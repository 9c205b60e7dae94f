/**
 * How a program ends: by itself, or because the process is told to.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constants } from "node:os"

const signals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const

/** How long a program that was told to end may take, in milliseconds: servers get four seconds, and tools may hang. */
const grace = 10_000

/** How often it is looked whether the shell is still there that npx has started, in milliseconds. */
const glance = 500

/** The process that has started this one, where that is the shell of npx: anybody else may end before what it has started. */
const parentUnderNpx = (): number | undefined => process.env["npm_lifecycle_event"] === "npx" ? process.ppid : undefined

/** Where signals come from: the process, in the tests something else. */
export interface Source {
  readonly on: (signal: NodeJS.Signals, listener: NodeJS.SignalsListener) => unknown
  readonly off: (signal: NodeJS.Signals, listener: NodeJS.SignalsListener) => unknown
}

/**
 * Runs a program to its end; `exit` gets the code of the process.
 *
 * - a signal interrupts the program, and 128 + the signal is the code
 * - the next one ends it at once, as `grace` does
 * - under npx, the end of the shell between the two is as good as a signal: npx passes signals on to that shell alone
 */
export const run = <A, E>(
  program: Effect.Effect<A, E>,
  exit: (code: number) => void,
  source: Source = process,
  parent: () => number | undefined = parentUnderNpx
): void => {
  let told: number | undefined
  let timer: NodeJS.Timeout | undefined
  const fiber = Effect.runFork(program)
  const end = (code: number) => {
    clearTimeout(timer)
    clearInterval(looking)
    for (const signal of signals) source.off(signal, tell)
    exit(code)
  }
  const tell = (signal: NodeJS.Signals) => {
    const code = 128 + constants.signals[signal]
    if (told !== undefined) return end(code)
    told = code
    timer = setTimeout(end, grace, code)
    fiber.interruptUnsafe()
  }
  const first = parent()
  const look = () => {
    if (first === parent()) return
    clearInterval(looking)
    if (told === undefined) tell("SIGTERM")
  }
  const looking = first === undefined ? undefined : setInterval(look, glance).unref()
  for (const signal of signals) source.on(signal, tell)
  fiber.addObserver((result) => end(told ?? (Exit.isFailure(result) ? 1 : Number(process.exitCode ?? 0))))
}
