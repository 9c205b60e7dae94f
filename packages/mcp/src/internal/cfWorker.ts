/**
 * Checks values by reading their JSON Schemas, for where nothing may be compiled: Workers, and pages that forbid it.
 */
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/client/validators/cf-worker"
import type { ChecksOf } from "./check.ts"
import { type Node, rewritten } from "./unfolded.ts"

/** Knows no engine but `RegExp`, so that a schema with patterns has to be trusted. */
export const checksOf: ChecksOf = (_, trustPatterns) => {
  const validator = new CfWorkerJsonSchemaValidator()
  return (schema) => {
    const validate = validator.getValidator(rewritten(schema, (node) => {
      if (!trustPatterns && (typeof node["pattern"] === "string" || "patternProperties" in node)) {
        throw new Error("its patterns cannot be matched in linear time away from Node")
      }
      return withoutFormat(node)
    }))
    return (value) => validate(value).errorMessage
  }
}

const withoutFormat = (node: Node): Node => {
  const { format, ...rest } = node
  return typeof format === "string" ? rest : node
}
