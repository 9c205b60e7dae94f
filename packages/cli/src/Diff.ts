/**
 * `volley diff`: two recorded runs beside each other.
 */
import * as Run from "@volley/telemetry/Run"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as DiffPicture from "./DiffPicture.ts"
import * as RunFile from "./RunFile.ts"
import { Screen } from "./Screen.ts"
import { exitWith, type UserError } from "./UserError.ts"

/** Two files, and how the difference is printed. */
export interface Options {
  readonly a: string
  readonly b: string
  readonly json: boolean
}

/** Prints how two runs differ; the exit code is 1 where they do. */
export const diff = Effect.fnUntraced(
  function*({ a, b, json }: Options): Effect.fn.Return<void, UserError, Screen | FileSystem.FileSystem> {
    const runs = { a: yield* RunFile.read(a), b: yield* RunFile.read(b) }
    const difference = Run.diff(runs.a, runs.b)
    const cut = [...runs.a.isCut ? [a] : [], ...runs.b.isCut ? [b] : []]
    const text = json
      ? JSON.stringify({ ...difference, isCut: { a: runs.a.isCut, b: runs.b.isCut } }, undefined, 2)
      : DiffPicture.draw(difference, { a, b, cut })
    yield* Screen.use(({ print }) => print(`${text}\n`))
    if (!difference.isSame) yield* exitWith(1)
  }
)
