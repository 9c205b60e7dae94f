/**
 * Recorded runs on disk.
 */
import * as Run from "@volley/telemetry/Run"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ModuleFile from "./ModuleFile.ts"
import { UserError, whyOf } from "./UserError.ts"

/** Reads a recorded run, whole or as far as it went. */
export const read = Effect.fnUntraced(
  function*(file: string): Effect.fn.Return<Run.Decoded, UserError, FileSystem.FileSystem> {
    const path = yield* ModuleFile.pathOf(file, { flag: "this command", what: "recorded run" })
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(fs.readFileString(path), failing(`cannot read ${file}`))
    const run = Run.decode(text)
    if (Result.isSuccess(run)) return run.success
    const { line, problem } = run.failure
    return yield* new UserError({ message: `${file}:${line} is not of a recorded run: ${problem}`, exitCode: 2 })
  }
)

/** Records the agents of a command; nothing where there is no file. */
export const layer = (
  file: string | undefined,
  name: string
): Layer.Layer<never, UserError, FileSystem.FileSystem> =>
  file === undefined ? Layer.empty : Layer.effectContext(
    Effect.mapError(Layer.build(Run.layer({ file, name })), failing(`cannot write to ${file}`))
  )

/** Opens a file for the calls of a command, until the scope closes. */
export const open = (
  file: string,
  name: string
): Effect.Effect<Run.Writer, UserError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.mapError(Run.open({ file, name }), failing(`cannot write to ${file}`))

/** The name of one of several files: the mark stands before the extension. */
export const marked = (file: string, mark: string): string =>
  file.replace(/(\.[^./\\]+)?$/, (extension) => `.${mark}${extension}`)

const failing = (what: string) => ({ reason }: PlatformError) =>
  new UserError({ message: `${what}: ${whyOf(reason.cause ?? reason)}`, exitCode: 2 })
