/**
 * A module whose default export is a toolkit, or `{ toolkit, layer }`.
 */
import type * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ModuleFile from "./ModuleFile.ts"
import { get } from "./ModuleFile.ts"
import { UserError } from "./UserError.ts"

/** A toolkit whose tools need nothing more. */
export type AnyToolkit = Toolkit.Toolkit<
  Tool.Tool<string, Tool.Any["parameters"], Tool.Any["success"], Tool.Any["failure"]>
>

/** Loads the toolkit of a file. */
export const load = Effect.fnUntraced(function*(file: string): Effect.fn.Return<AnyToolkit, UserError> {
  const exported = yield* ModuleFile.load(file, { flag: "--toolkit", what: "toolkit" })
  if (isToolkit(exported)) return exported
  const toolkit = get(exported, "toolkit")
  const layer = get(exported, "layer")
  if (isToolkit(toolkit) && isLayer(layer)) return Toolkit.provide(toolkit, layer)
  return yield* unusable(
    exported === undefined
      ? `${file} has no default export: write \`export default Toolkit.make(…)\``
      : `the default export of ${file} is no toolkit: it must be what Toolkit.make gives, or { toolkit, layer } where tools ` +
        "need services"
  )
})

const isToolkit = (value: unknown): value is AnyToolkit =>
  Array.isArray(get(value, "tools")) && get(value, "byName") instanceof Map

/** The type of a file's layer is unknown; a tool that lacks a service crashes, and says which. */
const isLayer = (value: unknown): value is Layer.Layer<never> => Layer.isLayer(value)

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
