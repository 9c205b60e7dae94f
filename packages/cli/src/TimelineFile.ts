/**
 * Timelines as files.
 */
import type { Run } from "@volley/telemetry/Run"
import * as Timeline from "@volley/telemetry/Timeline"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { extname } from "node:path"
import { UserError, whyOf } from "./UserError.ts"

/** How a picture is written, by the end of its file's name. */
const writers: { readonly [extension: string]: (run: Run, options: Timeline.HtmlOptions) => string } = {
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
export const write = (file: string, run: Run, options: Timeline.HtmlOptions = {}): Effect.Effect<void, UserError> =>
  Effect.andThen(
    check(file),
    Effect.try({
      try: () => writeFileSync(file, writers[extname(file)]?.(run, options) ?? ""),
      catch: (error) => new UserError({ message: `cannot write to ${file}: ${whyOf(error)}`, exitCode: 1 })
    })
  )

const unusable = (message: string) => Effect.fail(new UserError({ message, exitCode: 2 }))
