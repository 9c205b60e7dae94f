/**
 * One call of an assistant turn, as a codec read it from the provider's response.
 */

/**
 * A call that a model asked for.
 *
 * - `id`: unique in its turn; the codec that made the call sees to it
 * - `arguments`: as they arrived, a JSON string (OpenAI) or a value already parsed (Anthropic)
 * - `index`: place in the turn, from 0
 * - `status`: `"truncated"` when the turn was cut off before the call was proven complete; such a call never runs
 */
export interface ToolCall<out Name extends string = string> {
  readonly id: string
  readonly name: Name
  readonly arguments: unknown
  readonly index: number
  readonly status: "complete" | "truncated"
}

/** Makes a complete call, for loops and tests that have no provider. */
export const make = (call: {
  readonly id: string
  readonly name: string
  readonly arguments?: unknown
  readonly index?: number | undefined
}): ToolCall => ({
  id: call.id,
  name: call.name,
  arguments: call.arguments ?? {},
  index: call.index ?? 0,
  status: "complete"
})
