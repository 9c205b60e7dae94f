import type * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Media } from "../../Content.ts"
import type { ToolCall } from "../../ToolCall.ts"

/** How one call ended. */
export interface Settled<out Name extends string | undefined, out A, out E> {
  /** The name of its tool; undefined if the toolkit has no tool of that name. Narrow an outcome on it. */
  readonly name: Name
  /** The call as the model wrote it. */
  readonly call: ToolCall
  /** The value of the tool, or why there is none: `ToolFailure` or `CallError`. For your program. */
  readonly result: Result.Result<A, E>
  /** What the model reads: JSON, or the texts of `content`; cut with a visible mark if it is too long. */
  readonly encoded: string
  /** The success in full, as the tool's schema writes it; left out if the call has none. */
  readonly json?: Schema.Json
  /** Images and documents that the model is shown besides; left out unless the tool's `content` gave some. */
  readonly media?: ReadonlyArray<Media>
  /** When it began, in milliseconds since 1970; the difference to `endedAt` is monotonic. */
  readonly startedAt: number
  /** When it was answered, in milliseconds since 1970. */
  readonly endedAt: number
  /** How often the tool was started; 0 if it never was. */
  readonly attempts: number
}
