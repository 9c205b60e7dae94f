/**
 * The names of OpenTelemetry's GenAI conventions, as they were at one commit: `docs/gen-ai` of
 * `open-telemetry/semantic-conventions-genai` at 004902b8cb70aa5ae6ca4ae07132b7daabcd3e10. All of them are in development
 * there, and change from commit to commit: a new snapshot is a change of this file.
 */
export const snapshot = "004902b8cb70aa5ae6ca4ae07132b7daabcd3e10"

export const operation = "gen_ai.operation.name"
export const provider = "gen_ai.provider.name"
export const conversationId = "gen_ai.conversation.id"
export const agentName = "gen_ai.agent.name"
export const requestModel = "gen_ai.request.model"
export const requestStream = "gen_ai.request.stream"
export const outputType = "gen_ai.output.type"
export const responseModel = "gen_ai.response.model"
export const finishReasons = "gen_ai.response.finish_reasons"
export const firstChunk = "gen_ai.response.time_to_first_chunk"
export const inputTokens = "gen_ai.usage.input_tokens"
export const outputTokens = "gen_ai.usage.output_tokens"
export const cacheReadTokens = "gen_ai.usage.cache_read.input_tokens"
export const cacheWriteTokens = "gen_ai.usage.cache_creation.input_tokens"
export const reasoningTokens = "gen_ai.usage.reasoning.output_tokens"
export const tokenType = "gen_ai.token.type"
export const toolName = "gen_ai.tool.name"
export const toolType = "gen_ai.tool.type"
export const toolCallId = "gen_ai.tool.call.id"
export const errorType = "error.type"

/** Contents, which the conventions have as opt-in. */
export const contents = {
  instructions: "gen_ai.system_instructions",
  input: "gen_ai.input.messages",
  output: "gen_ai.output.messages",
  arguments: "gen_ai.tool.call.arguments",
  result: "gen_ai.tool.call.result",
  crash: "volley.crash"
} as const

/** What the conventions have no name for. */
export const waitMillis = "volley.wait.ms"
export const waitReason = "volley.wait.reason"
export const waitBehind = "volley.wait.behind"
export const attempts = "volley.attempts"
export const sharedWith = "volley.shared_with"
export const recorded = "volley.recorded"
export const cost = "volley.cost"

/** Histograms of the conventions; the last two count what one agent asked for. */
export const histograms = {
  operation: "gen_ai.client.operation.duration",
  tokens: "gen_ai.client.token.usage",
  firstChunk: "gen_ai.client.operation.time_to_first_chunk",
  tool: "gen_ai.execute_tool.duration",
  agent: "gen_ai.invoke_agent.duration",
  inferences: "gen_ai.invoke_agent.inference_calls",
  toolCalls: "gen_ai.invoke_agent.tool_calls"
} as const

/** The boundaries that the conventions ask for, in seconds and in tokens. */
export const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
export const tokens = Array.from({ length: 14 }, (_, power) => 4 ** power)
export const counts = [1, 2, 4, 8, 16, 32, 64, 128]
