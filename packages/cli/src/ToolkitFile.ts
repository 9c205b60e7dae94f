/**
 * A module whose default export is a toolkit, or `{ toolkit, layer }`.
 */
import type * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { UserError } from "./UserError.ts"

/** A toolkit whose tools need nothing more. */
export type AnyToolkit = Toolkit.Toolkit<
  Tool.Tool<string, Tool.Any["parameters"], Tool.Any["success"], Tool.Any["failure"]>
>

/** Loads the toolkit of a file. */
export const load = Effect.fnUntraced(function*(file: string): Effect.fn.Return<AnyToolkit, UserError> {
  const path = resolve(file)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return yield* unusable(`there is no file ${file} (looked in ${dirname(path)})`)
  if (found.isDirectory()) return yield* unusable(`"${file}" is a folder: --toolkit takes a file`)
  const module: unknown = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(path).href),
    catch: (error) => unusable(`cannot load the toolkit ${file}: ${explain(error)}`)
  })
  const exported = get(module, "default")
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

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.message.includes("strip-only mode")
    ? `${error.message}. Node runs TypeScript without compiling it: use a union or an object instead`
    : error.message
}

const get = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const isToolkit = (value: unknown): value is AnyToolkit =>
  Array.isArray(get(value, "tools")) && get(value, "byName") instanceof Map

/** Nobody can know what the layer of a file gives; a tool that lacks a service crashes, and says which. */
const isLayer = (value: unknown): value is Layer.Layer<never> => Layer.isLayer(value)

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
