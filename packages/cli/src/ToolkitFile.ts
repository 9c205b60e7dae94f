/**
 * A module whose default export is a toolkit, or `{ toolkit, layer }`.
 */
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as ModuleFile from "./ModuleFile.ts"
import { get } from "./ModuleFile.ts"
import { shorten } from "./Screen.ts"
import { UserError } from "./UserError.ts"

/** A toolkit whose tools need nothing more. */
export type AnyToolkit = Toolkit.Toolkit<
  Tool.Tool<string, Tool.Any["parameters"], Tool.Any["success"], Tool.Any["failure"]>
>

/**
 * Loads the toolkit of a file; its layer is built once, and released when the scope closes.
 *
 * - errors: a file without a toolkit, a layer that cannot be built, a tool whose handler nothing provides; no call has run then
 */
export const load = Effect.fnUntraced(function*(file: string): Effect.fn.Return<AnyToolkit, UserError, Scope.Scope> {
  const exported = yield* ModuleFile.load(file, { flag: "--toolkit", what: "toolkit", works: ".js or .mjs" })
  if (isToolkit(exported)) return yield* complete(exported, Context.empty(), file)
  const toolkit = get(exported, "toolkit")
  const layer = get(exported, "layer")
  if (isToolkit(toolkit) && isLayer(layer)) return yield* complete(toolkit, yield* built(layer, file), file)
  return yield* unusable(
    exported === undefined
      ? `${file} has no default export: write \`export default Toolkit.make(…)\``
      : `the default export of ${file} is no toolkit: it must be what Toolkit.make gives, or { toolkit, layer } where tools ` +
        "need services"
  )
})

const built = (layer: Layer.Layer<never>, file: string) =>
  Effect.catchCause(Layer.build(layer), (cause) =>
    Cause.hasInterrupts(cause) ? Effect.interrupt : unusable(
      `the layer of ${file} cannot be built, so that no call has run: ${shorten(messageOf(Cause.squash(cause)), 400)}`
    ))

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

const complete = (toolkit: AnyToolkit, services: Context.Context<never>, file: string) => {
  const missing = toolkit.tools.filter(({ handler, name }) =>
    handler.isAwaited && !services.mapUnsafe.has(Tool.handlerKey(name).key)
  )
  return missing.length === 0 ? Effect.succeed(Toolkit.provide(toolkit, Layer.succeedContext(services))) : unusable(
    `the toolkit of ${file} has no handler for ${
      missing.map(({ name }) => name).join(", ")
    }, so that no call has run: ` +
      "give the tool `execute`, or export { toolkit, layer } with a layer of Toolkit.toLayer"
  )
}

const isToolkit = (value: unknown): value is AnyToolkit =>
  Array.isArray(get(value, "tools")) && get(value, "byName") instanceof Map

/** The type of a file's layer is unknown: a tool whose own effect lacks a service crashes when it runs, and says which. */
const isLayer = (value: unknown): value is Layer.Layer<never> => Layer.isLayer(value)

const unusable = (message: string) => Effect.fail(new UserError({ message, exitCode: 2 }))
