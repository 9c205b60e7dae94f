/**
 * A picture on the terminal that is drawn anew while what it shows goes on.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Picture from "./Picture.ts"
import type { Progress } from "./Play.ts"
import type { Terminal } from "./Screen.ts"

/**
 * Draws the progress of plays ten times a second, and takes the picture away when the scope closes.
 *
 * - only on a terminal; what does not fit on it is left out at the end
 */
export const make = Effect.fnUntraced(function*(
  screen: Terminal
): Effect.fn.Return<(name: string, progress: Progress) => Effect.Effect<void>, never, Scope.Scope> {
  if (screen.isTTY !== true) return () => Effect.void
  const plays = new Map<string, Progress>()
  let drawn = 0
  const replace = (lines: ReadonlyArray<string>) => {
    const shown = lines.slice(0, (screen.rows ?? 24) - 1)
    screen.write(`${drawn > 0 ? `\u001b[${drawn}A` : ""}\u001b[J${shown.map((line) => `${line}\n`).join("")}`)
    drawn = shown.length
  }
  const draw = Effect.map(Clock.currentTimeMillis, (now) => replace(Picture.drawLive(plays, now, screen)))
  yield* Effect.addFinalizer(() => Effect.sync(() => replace([])))
  yield* Effect.forkScoped(Effect.repeat(draw, Schedule.spaced("100 millis")))
  return (name, progress) => Effect.sync(() => void plays.set(name, progress))
})
