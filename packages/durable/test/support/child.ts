/**
 * Scripts of this folder as processes of their own, which are told lines and answer lines.
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { basename, join } from "node:path"
import { createInterface } from "node:readline"
import { bundleOf } from "../../../../test/bundles.ts"

/** Where a script is: the tests have most of them in one file, made anew before each run. */
const placeOf = (script: string): string => {
  const bundle = bundleOf(basename(script, ".ts"))
  return process.env["VITEST"] !== undefined && existsSync(bundle) ? bundle : join(import.meta.dirname, script)
}

/** Starts a script, with flags of Node before its name where there are some; it is killed with the scope. */
export const start = Effect.fnUntraced(function*(...line: ReadonlyArray<string>) {
  const args = line.map((part) => part.endsWith(".ts") ? placeOf(part) : part)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })),
    (child) => ended(child, () => child.kill("SIGKILL"))
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    tell: (line: string) => Effect.sync(() => child.stdin.write(`${line}\n`)),
    line: Effect.promise(async () => {
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`${line.join(" ")} ended with ${child.exitCode ?? child.signalCode}`)
      return value
    }),
    kill: ended(child, () => child.kill("SIGKILL"))
  }
})

const ended = (child: ReturnType<typeof spawn>, end: () => void) =>
  Effect.promise(async () => {
    const isOver = child.exitCode !== null || child.signalCode !== null
    const exit = isOver ? undefined : once(child, "exit")
    end()
    await exit
  })
