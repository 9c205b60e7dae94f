import type * as Batch from "@volley/core/Batch"
import type * as Tool from "@volley/core/Tool"
import type { ToolCall } from "@volley/core/ToolCall"

/**
 * An assistant turn of some wire.
 *
 * - `ids`: of its calls, as they arrived
 */
export interface Turn {
  readonly ids: ReadonlyArray<string | null | undefined>
  readonly calls: ReadonlyArray<ToolCall>
  readonly results: (settled: Batch.Settled<Tool.Any>) => ReadonlyArray<object>
  readonly followUp: (settled: Batch.Settled<Tool.Any>) => ReadonlyArray<object>
}
