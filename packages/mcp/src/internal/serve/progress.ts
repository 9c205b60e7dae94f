import type { Progress } from "@modelcontextprotocol/server"
import * as Json from "@volley/core/Json"
import type * as Schema from "effect/Schema"

/**
 * A call's progress as a client gets it. It has to grow from one to the next; undefined where it does not.
 *
 * - a tool that speaks of `{ progress, total?, message? }` itself is taken by its word; all else is a message, and counted,
 *   and so is what the steps of a plan say
 * - `last`: how far it was
 */
export const progressOf = (
  progress: Schema.Json,
  { isStep, last }: { readonly isStep: boolean; readonly last: number | undefined }
): Progress | undefined => {
  if (isStep || !Json.isObject(progress) || typeof progress["progress"] !== "number") {
    return { progress: (last ?? 0) + 1, message: typeof progress === "string" ? progress : JSON.stringify(progress) }
  }
  const { message, progress: at, total } = progress
  if (last !== undefined && at <= last) return undefined
  return {
    progress: at,
    ...(typeof total === "number" && { total }),
    ...(typeof message === "string" && { message })
  }
}
