/**
 * Timelines and the runs that they show, as files.
 */
import * as Run from "@volley/telemetry/Run"
import * as Timeline from "@volley/telemetry/Timeline"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readFileSync, writeFileSync } from "node:fs"
import { extname } from "node:path"
import * as ModuleFile from "./ModuleFile.ts"
import { UserError, whyOf } from "./UserError.ts"

/** How a picture is written, by the end of its file's name. */
const writers: { readonly [extension: string]: (run: Run.Run, options: Timeline.HtmlOptions) => string } = {
  ".html": Timeline.html,
  ".svg": (run) => Timeline.svg(run),
  ".json": (run) => `${JSON.stringify(Timeline.chromeTrace(run))}\n`,
  ".txt": (run) => `${Timeline.text(run)}\n`
}

/** Fails where the name of a file does not say which picture it is. */
export const check = (file: string): Effect.Effect<void, UserError> =>
  extname(file) in writers
    ? Effect.void
    : unusable(`${file}: the name of a timeline ends in ${Object.keys(writers).join(", ")}`)

/** Draws a run into a file. */
export const write = (file: string, run: Run.Run, options: Timeline.HtmlOptions = {}): Effect.Effect<void, UserError> =>
  Effect.andThen(
    check(file),
    attempt(1, `cannot write to ${file}`, () => writeFileSync(file, writers[extname(file)]?.(run, options) ?? ""))
  )

/** Reads a run, as far as it has come. */
export const read = Effect.fnUntraced(function*(file: string): Effect.fn.Return<Run.Run, UserError> {
  const path = yield* ModuleFile.pathOf(file, { flag: "FILE", what: "recorded run" })
  const text = yield* attempt(2, `cannot read ${file}`, () => readFileSync(path, "utf8"))
  const run = Run.decode(text)
  return Result.isSuccess(run) ? run.success : yield* unusable(`${file}: ${run.failure.message}`)
})

const attempt = <A>(exitCode: 1 | 2, what: string, run: () => A): Effect.Effect<A, UserError> =>
  Effect.try({
    try: run,
    catch: (error) => new UserError({ message: `${what}: ${whyOf(error)}`, exitCode })
  })

const unusable = (message: string) => Effect.fail(new UserError({ message, exitCode: 2 }))
