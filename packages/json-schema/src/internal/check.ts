import type { Patterns } from "@volley/core/Tool"
import type * as JsonSchema from "effect/JsonSchema"

/** Says what is wrong with a value, `undefined` when nothing is. */
export type Check = (value: unknown) => string | undefined

/** Makes checks of JSON Schemas, each draft by its own rules; throws for one that cannot be checked. */
export type ChecksOf = (patterns: Patterns, trustPatterns: boolean) => (schema: JsonSchema.JsonSchema) => Check
