import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

/** The first thing that a body lacks, has too much of, or has wrong. */
export interface SchemaFault {
  readonly kind: "missing" | "extra" | "wrong"
  readonly path: ReadonlyArray<string | number>
  readonly message: string
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()
const kinds = SchemaIssue.makeFormatterStandardSchemaV1({ leafHook: (issue) => issue._tag })

/** Reduces a decoding error to its first issue. */
export const fromError = (error: Schema.SchemaError): SchemaFault => {
  const [issue] = format(error.issue).issues
  const [kind] = kinds(error.issue).issues
  return {
    kind: kind?.message === "MissingKey" ? "missing" : kind?.message === "UnexpectedKey" ? "extra" : "wrong",
    path: (issue?.path ?? []).map(segment),
    message: issue?.message ?? error.message
  }
}

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string | number => {
  const key = typeof part === "object" ? part.key : part
  return typeof key === "number" ? key : String(key)
}
