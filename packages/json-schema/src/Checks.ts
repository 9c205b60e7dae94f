/**
 * Checks values by JSON Schemas from outside, such as a server's, that cannot block the program.
 */
import { checksOf } from "#validator"
import type { Patterns } from "@volley/core/Tool"
import type * as JsonSchema from "effect/JsonSchema"
import type { Check } from "./internal/check.ts"
import { unfold, type Unfolded, withNullable } from "./internal/unfolded.ts"
import { linear } from "./Patterns.ts"

export type { Check } from "./internal/check.ts"
export { draftOf, type Node, rewritten, withoutNulls } from "./internal/unfolded.ts"

/**
 * How the JSON Schemas of one source are checked.
 *
 * - `patterns`: matches the patterns of the schemas, for `Tool.fromJsonSchema`
 * - `of`: makes a check; throws for a JSON Schema that cannot be checked. No two may have one `$id`
 */
export interface Checks {
  readonly patterns: Patterns
  readonly of: (schema: JsonSchema.JsonSchema) => Check
}

/**
 * Makes the checks of one source.
 *
 * - `trustPatterns`: matches with `RegExp`; a pattern may then block the program for ever
 *
 * @example
 * ```ts
 * import { Checks } from "@volley/json-schema"
 *
 * const check = Checks.make().of({ type: "object", required: ["city"], properties: { city: { type: "string" } } })
 * console.log(check({ city: "Tokyo" })) // => undefined
 * console.log(check({})) // => data must have required property 'city'
 * ```
 */
export const make = (trustPatterns = false): Checks => {
  const patterns: Patterns = trustPatterns ? (source) => new RegExp(source, "u") : linear
  const checks = checksOf(patterns, trustPatterns)
  return { patterns, of: (schema) => checks(withNullable(schema)) }
}

/**
 * Measures a JSON Schema; throws if it has more than 100,000 parts, where a reference counts as the parts that it
 * stands for.
 *
 * @example
 * ```ts
 * import { Checks } from "@volley/json-schema"
 *
 * console.log(Checks.within({ type: "object", properties: { city: { type: "string" } } }))
 * // => { size: 5, isRecursive: false }
 * ```
 */
export const within = (schema: JsonSchema.JsonSchema): Unfolded => {
  const unfolded = unfold(schema)
  if (unfolded.size <= 100_000) return unfolded
  throw new Error("its JSON Schema has more than 100,000 parts, with what its references stand for")
}

/**
 * Makes a tool by `Tool.fromJsonSchema`. Effect checks its arguments if it can express the schema; otherwise a
 * validator does.
 *
 * - `make`: gets the check that replaces the built-in one, or none; it may throw
 * - throws if the schema cannot be checked, or no provider takes it
 *
 * @example
 * ```ts
 * import { Tool } from "@volley/core"
 * import { Checks } from "@volley/json-schema"
 * import { Effect } from "effect"
 *
 * const checks = Checks.make()
 * const parameters = { type: "object", not: { required: ["password"] } } // `not` is nothing that the core checks
 * const login = Checks.fit(parameters, checks, (validate) =>
 *   Tool.fromJsonSchema("login", {
 *     description: "Logs in.",
 *     parameters,
 *     validate,
 *     patterns: checks.patterns,
 *     execute: () => Effect.succeed("logged in")
 *   }))
 * console.log(login.name) // => login
 * ```
 */
export const fit = <A>(schema: JsonSchema.JsonSchema, checks: Checks, make: (validate?: Check) => A): A => {
  const { isRecursive } = within(schema)
  try {
    if (!isRecursive) return make()
  } catch {
    // Effect cannot say in its own terms what this schema asks for; what no provider takes is refused below.
  }
  const check: { of?: Check } = {}
  const made = make((args) => check.of?.(args))
  check.of = checks.of(schema)
  return made
}
