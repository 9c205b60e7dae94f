/**
 * `volley timeline`: a recorded run as a picture.
 */
import * as Timeline from "@volley/telemetry/Timeline"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as RunFile from "./RunFile.ts"
import { Screen } from "./Screen.ts"
import * as TimelineFile from "./TimelineFile.ts"
import * as TimelineServer from "./TimelineServer.ts"
import type { UserError } from "./UserError.ts"

/**
 * What to draw.
 *
 * - `output`: a file, whose name says which picture it is, or `-` for the page on standard output; lines of text when left out
 * - `results`: with arguments and results, where it is a page
 */
export interface Options {
  readonly file: string
  readonly output: string | undefined
  readonly results: boolean
}

/** Draws a run, whole or as far as its file goes. */
export const draw = Effect.fnUntraced(function*(
  { file, output, results }: Options
): Effect.fn.Return<void, UserError, FileSystem.FileSystem | Screen> {
  if (output !== undefined && output !== "-") yield* TimelineFile.check(output)
  const run = yield* RunFile.read(file)
  const { page, paint } = yield* Screen
  if (output === "-") return yield* paint(Timeline.html(run, { results }))
  if (output !== undefined) return yield* TimelineFile.write(output, run, { results })
  return yield* paint(`${Timeline.text(run, { width: page.columns, colour: page.colour })}\n`)
})

/** Serves a page that follows the run, and prints its address as one line of JSON. */
export const live = (
  options: TimelineServer.Options
): Effect.Effect<never, UserError, FileSystem.FileSystem | Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const url = yield* TimelineServer.serve(options)
    yield* Screen.use(({ print }) => print(`${JSON.stringify({ url })}\n`))
    return yield* Effect.never
  }))
