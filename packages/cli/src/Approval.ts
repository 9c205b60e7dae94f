/**
 * Who allows the calls of a command whose tools want that.
 */
import * as Approver from "@volley/core/Approver"
import type { ToolCall } from "@volley/core/ToolCall"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { openSync } from "node:fs"
import { createInterface, type Interface } from "node:readline/promises"
import { ReadStream, WriteStream } from "node:tty"
import { visible } from "./Screen.ts"
import { UserError } from "./UserError.ts"

/** Nothing that wants approval runs where nothing is said. */
export const layer = (command: string, approve: "all" | "ask" | undefined): Layer.Layer<never, UserError> => {
  if (approve === "all") return Approver.allow
  if (approve === "ask") return asking(open)
  const denied =
    `\`volley ${command}\` allows nothing of the kind unless it is started with --approve all or --approve ask.`
  return Approver.layer(() => Effect.succeed({ denied }))
}

/**
 * Asks the person at a terminal, one question after the other; standard input has the response.
 *
 * - Ctrl+C ends the program, as it does where nothing is asked; Ctrl+D denies what is asked then, and later
 */
export const asking = <E>(open: Effect.Effect<Interface, E>): Layer.Layer<never, E> =>
  Layer.unwrap(Effect.gen(function*() {
    const terminal = yield* Effect.acquireRelease(open, (terminal) => Effect.sync(() => terminal.close()))
    terminal.on("SIGINT", () => process.emit("SIGINT", "SIGINT"))
    const oneByOne = yield* Semaphore.make(1)
    return Approver.layer(({ call }) => oneByOne.withPermits(1)(ask(terminal, call)))
  }))

const open: Effect.Effect<Interface, UserError> = Effect.try({
  try: () => {
    const terminal = openSync(process.platform === "win32" ? "\\\\.\\CON" : "/dev/tty", "r+")
    return createInterface({ input: new ReadStream(terminal), output: new WriteStream(terminal) })
  },
  catch: () => new UserError({ message: "--approve ask needs a terminal to ask at; use --approve all", exitCode: 2 })
})

const ask = (terminal: Interface, { arguments: args, name }: ToolCall): Effect.Effect<Approver.Decision> => {
  const text = visible(typeof args === "string" ? args : JSON.stringify(args))
  return Effect.match(
    Effect.tryPromise((signal) => terminal.question(`Run ${visible(name)} ${text}? [y/N] `, { signal })),
    {
      onFailure: () => "denied",
      onSuccess: (answer) => /^\s*y(es)?\s*$/i.test(answer) ? "allowed" : "denied"
    }
  )
}
