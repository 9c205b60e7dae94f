/** The JSON Schemas of others. */
export * as Checks from "./Checks.ts"
export * as Patterns from "./Patterns.ts"
