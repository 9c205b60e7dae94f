import type { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import type * as Effect from "effect/Effect"

/** `Batch.run`, or what takes its place. */
export type Runner = <T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  calls: ReadonlyArray<ToolCall.ToolCall>,
  options: Batch.Options
) => Effect.Effect<Pick<Batch.Settled<T>, "outcomes">, never, Tool.Requirements<T>>

/** The same, its types forgotten. */
export type AnyRunner = (
  toolkit: Toolkit.Toolkit<Tool.Any>,
  calls: ReadonlyArray<ToolCall.ToolCall>,
  options: Batch.Options
) => Effect.Effect<Pick<Batch.Settled<Tool.Any>, "outcomes">, never, unknown>
