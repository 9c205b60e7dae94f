/** Strict local servers that speak each provider's wire, and the scenarios they play. */
export * as Script from "./Script.ts"
