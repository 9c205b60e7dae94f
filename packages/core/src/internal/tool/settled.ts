import type * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Media } from "../../Content.ts"
import type { ToolCall } from "../../ToolCall.ts"

/**
 * One settled call.
 *
 * - `encoded`: what the model is shown, JSON text, cut with a visible mark where it was too long
 * - `json`: the success as the tool's schema writes it, whole; there only where the call has one
 * - `media`: the images and documents that it is shown besides; there only where a tool's `content` gave some
 * - `startedAt`, `endedAt`: milliseconds since the epoch; their difference is monotonic
 * - `attempts`: how often the tool was started; 0 when it never was
 */
export interface Settled<out Name extends string | undefined, out A, out E> {
  readonly name: Name
  readonly call: ToolCall
  readonly result: Result.Result<A, E>
  readonly encoded: string
  readonly json?: Schema.Json
  readonly media?: ReadonlyArray<Media>
  readonly startedAt: number
  readonly endedAt: number
  readonly attempts: number
}
