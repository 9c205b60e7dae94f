/**
 * Checks values by reading their JSON Schemas, for where nothing may be compiled: Workers, and pages that forbid it.
 */
import { Validator } from "@cfworker/json-schema"
import type { ChecksOf } from "./check.ts"
import { type Node, rewritten } from "./unfolded.ts"

/** Knows no engine but `RegExp`, so that a schema with patterns has to be trusted. */
export const checksOf: ChecksOf = (_, trustPatterns) => {
  return (schema) => {
    const whole = rewritten(schema, (node) => {
      if (!trustPatterns && (typeof node["pattern"] === "string" || "patternProperties" in node)) {
        throw new Error("its patterns cannot be matched in linear time away from Node")
      }
      return withoutFormat(node)
    })
    const validator = new Validator(whole, "2020-12")
    return (value) => {
      const { errors, valid } = validator.validate(value)
      return valid ? undefined : errors.map(({ error, instanceLocation }) => `${instanceLocation}: ${error}`).join("; ")
    }
  }
}

const withoutFormat = (node: Node): Node => {
  const { format, ...rest } = node
  return typeof format === "string" ? rest : node
}
