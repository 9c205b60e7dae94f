/** Google for Volley. */
export * as GeminiContent from "./GeminiContent.ts"
