/**
 * Checks values by reading their JSON Schemas, for where nothing may be compiled: Workers, and pages that forbid it.
 */
import { type SchemaDraft, Validator } from "@cfworker/json-schema"
import type { ChecksOf } from "./check.ts"
import { draftOf, type Node, rewritten } from "./unfolded.ts"

/** Knows no engine but `RegExp`, so that a schema with patterns has to be trusted. */
export const checksOf: ChecksOf = (_, trustPatterns) => {
  return (schema) => {
    const whole = rewritten(schema, (node) => {
      if (!trustPatterns && (typeof node["pattern"] === "string" || "patternProperties" in node)) {
        throw new Error("its patterns cannot be matched in linear time away from Node")
      }
      return withoutFormat(node)
    })
    const validator = new Validator(whole, draftFor(draftOf(schema)))
    return (value) => {
      const { errors, valid } = validator.validate(value)
      return valid ? undefined : errors.map(({ error, instanceLocation }) => `${instanceLocation}: ${error}`).join("; ")
    }
  }
}

/** Those that it does not know are read as the latest, which the oldest are nearly. */
const draftFor = (named: unknown): SchemaDraft => {
  const name = typeof named === "string" ? named : ""
  if (/draft-0[67]/.test(name)) return "7"
  return name.includes("2019-09") ? "2019-09" : "2020-12"
}

const withoutFormat = (node: Node): Node => {
  const { format, ...rest } = node
  return typeof format === "string" ? rest : node
}
