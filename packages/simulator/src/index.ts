/** Strict local servers that speak each provider's wire, and the scenarios they play. */
export * as AnthropicMessagesWire from "./AnthropicMessagesWire.ts"
export * as OpenAiChatWire from "./OpenAiChatWire.ts"
export * as Scenario from "./Scenario.ts"
export * as Scenarios from "./Scenarios.ts"
export * as Script from "./Script.ts"
export * as Simulator from "./Simulator.ts"
export * as WebService from "./WebService.ts"
export * as Wire from "./Wire.ts"
