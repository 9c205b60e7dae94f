import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { InvalidArguments, ToolFailure, Unencodable } from "../../CallError.ts"
import { Content } from "../../Content.ts"
import { isOver } from "../exit.ts"
import { withoutNulls } from "../schema/nulls.ts"
import type { Any } from "./any.ts"
import type { AnyDefinition } from "./definition.ts"
import type { Answering } from "./handler.ts"

/**
 * Reads arguments as parameters.
 *
 * - looks for everything that is wrong only where something is: that costs half as much again
 * - only there, too, `null` for a parameter that may be left out is taken for that
 */
export const decoding = (codec: Schema.Constraint, jsonSchema: JsonSchema.JsonSchema): Any["decode"] => {
  const decode = Schema.decodeUnknownEffect(codec)
  const decodeAll = Schema.decodeUnknownEffect(codec, { errors: "all" })
  const again = (args: unknown): ReturnType<Any["decode"]> =>
    Effect.catchEager(decodeAll(args), (error) => {
      const refused = Effect.fail(invalidArguments(error))
      const rest = withoutNulls(jsonSchema, args)
      return rest === args ? refused : Effect.catchEager(decode(rest), () => refused)
    })
  return (args) => {
    const decoded = decode(args)
    return isOver(decoded) && Exit.isSuccess(decoded) ? Exit.succeed(decoded.value) : again(args)
  }
}

/** Writes parameters as the arguments that a model would send. */
export const encoding = (codec: Schema.Constraint): Any["encode"] => {
  const encode = Schema.encodeUnknownEffect(codec, { errors: "all" })
  return (parameters) => Effect.mapErrorEager(encode(parameters), invalidArguments)
}

/** Makes an answer of what a handler gave. */
export const answering = (
  schema: Schema.Constraint,
  show: AnyDefinition["content"]
): (value: unknown) => Answering => {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(schema))
  const plain = (value: unknown) => {
    const encoded = encode(value)
    return isOver(encoded) && Exit.isSuccess(encoded)
      ? Exit.succeed({ value, json: encoded.value })
      : Effect.mapBoth(encoded, { onFailure: unencodable, onSuccess: (json) => ({ value, json }) })
  }
  if (show === undefined) return plain
  return (value) =>
    Effect.flatMap(plain(value), (answer) =>
      Effect.mapBothEager(checkContent(show(value)), {
        onFailure: unencodable,
        onSuccess: (content) => ({ ...answer, content })
      }))
}

const checkContent = Schema.decodeUnknownEffect(Schema.Array(Content))

/** Makes the failure of a call of what a handler failed with. */
export const failing = (
  tool: Pick<Any, "name" | "readOnly" | "idempotent">,
  schema: Schema.Constraint
): (failure: unknown) => Answering => {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(schema))
  const isRetryable = tool.readOnly || tool.idempotent
  return (failure) =>
    Effect.matchEffect(encode(failure), {
      onFailure: (error) => Effect.fail(unencodable(error)),
      onSuccess: (encoded) => Effect.fail(new ToolFailure({ tool: tool.name, failure, encoded, isRetryable }))
    })
}

const unencodable = (error: Schema.SchemaError) => new Unencodable({ issue: error.message })

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** What is wrong with arguments, part by part. */
export const invalidArguments = (error: Schema.SchemaError) =>
  new InvalidArguments({
    issues: issuesOf(error.issue).issues.map(({ message, path }) => ({ path: (path ?? []).join("."), message }))
  })
