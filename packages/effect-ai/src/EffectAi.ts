/**
 * Tools and models of `effect/ai` in Volley, and Volley's in `effect/ai`.
 */
export { chatModel } from "./internal/chatModel.ts"
export { AiFailure, type Converted, type FromTool, fromToolkit, type LeftOut } from "./internal/fromToolkit.ts"
export { languageModel, ParallelToolCalls } from "./internal/languageModel.ts"
export { type ToTool, toToolkit, type ToTools } from "./internal/toToolkit.ts"
