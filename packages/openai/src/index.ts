/** OpenAI for Volley. */
export * as OpenAiChat from "./OpenAiChat.ts"
