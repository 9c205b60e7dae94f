/** Volley's core: tools, batches and agents, for any provider. */
export * as Batch from "./Batch.ts"
export * as CallError from "./CallError.ts"
export * as Outcome from "./Outcome.ts"
export * as Tool from "./Tool.ts"
export * as ToolCall from "./ToolCall.ts"
export * as Toolkit from "./Toolkit.ts"
