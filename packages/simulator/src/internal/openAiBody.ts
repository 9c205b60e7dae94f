/**
 * How OpenAI refuses a body that has not the shape of a request, or is no JSON, on both of its wires.
 */
import type * as Schema from "effect/Schema"
import { reject, type Rejection, type Rule } from "../Wire.ts"
import * as SchemaFault from "./schemaFault.ts"

/** Refuses what is no JSON. */
export const noJson = reject({ row: "JSON", verified: false }, {
  message: "We could not parse the JSON body of your request."
})

/** Refuses by the first thing that is wrong; each wire has its own row for one that is missing. */
export const refusal = (missing: Omit<Rule<never>, "check">) => (error: Schema.SchemaError): Rejection => {
  const { kind, message, path } = SchemaFault.fromError(error)
  const param = pathOf(path)
  return kind === "missing"
    ? reject(missing, {
      message: `Missing required parameter: '${param}'.`,
      param,
      code: "missing_required_parameter"
    })
    : reject({ row: "schema", verified: false }, {
      message: `Invalid type for '${param}': ${message}.`,
      param,
      code: "invalid_type"
    })
}

const pathOf = (path: SchemaFault.SchemaFault["path"]): string =>
  path.reduce<string>(
    (text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`,
    ""
  )
