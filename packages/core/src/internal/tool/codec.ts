import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { InvalidArguments, ToolFailure, Unencodable } from "../../CallError.ts"
import { Content } from "../../Content.ts"
import { messageOf } from "../../Thrown.ts"
import { isOver } from "../exit.ts"
import { withoutNulls } from "../schema/nulls.ts"
import { ownKeysOf } from "../schema/ownKeys.ts"
import type { Any } from "./any.ts"
import type { AnyDefinition } from "./definition.ts"
import type { Answering } from "./handler.ts"
import { untyped } from "./untyped.ts"

/**
 * Reads arguments as parameters.
 *
 * - looks for everything that is wrong only where something is, since that costs half as much again
 * - only there, too, `null` for a parameter that may be left out is taken for that
 * - `findsAll`: it is asked once, and finds everything then
 */
export const decoding = (
  codec: Schema.Constraint,
  jsonSchema: JsonSchema.JsonSchema,
  findsAll: boolean
): Any["decode"] => {
  const decodeAll = SchemaParser.decodeUnknownEffect(codec, { errors: "all" })
  const decode = findsAll ? decodeAll : SchemaParser.decodeUnknownEffect(codec)
  const ownKeys = ownKeysOf(codec.ast)
  const mended = (decoded: ReturnType<typeof decode>, args: unknown): ReturnType<Any["decode"]> =>
    Effect.catchEager(decoded, (issue) => {
      const refused = Effect.fail(misfit(issue, args))
      const rest = withoutNulls(jsonSchema, args)
      return rest === args ? refused : Effect.catchEager(decode(ownKeys(rest)), () => refused)
    })
  return (args) => {
    const own = ownKeys(args)
    const decoded = decode(own)
    if (isOver(decoded) && Exit.isSuccess(decoded)) return Exit.succeed(decoded.value)
    return mended(findsAll ? decoded : decodeAll(own), own)
  }
}

/** Reads arguments of a strict form, in which everything is required: `null` means that a parameter is left out. */
export const leavingOut = (decode: Any["decode"], jsonSchema: JsonSchema.JsonSchema): Any["decode"] => (args) =>
  decode(withoutNulls(jsonSchema, args))

/** Writes parameters as the arguments that a model would send. */
export const encoding = (codec: Schema.Constraint): Any["encode"] => {
  const encode = SchemaParser.encodeUnknownEffect(codec, { errors: "all" })
  return (parameters) => Effect.mapErrorEager(encode(parameters), (issue) => misfit(issue))
}

/** Makes an answer of what a handler gave. */
export const answering = (
  schema: Schema.Constraint,
  show: AnyDefinition["content"]
): (value: unknown) => Answering => {
  const codec = Schema.toCodecJson(schema)
  const encode = SchemaParser.encodeUnknownEffect(codec)
  const ownKeys = ownKeysOf(codec.ast)
  const { _tag, checks, encoding } = schema.ast
  const isUntyped = (_tag === "Unknown" || _tag === "Any") && checks === undefined && encoding === undefined
  const plain = (value: unknown): Answering => {
    const encoded = encode(ownKeys(value))
    if (isOver(encoded) && Exit.isSuccess(encoded)) return Exit.succeed({ value, json: encoded.value })
    if (isUntyped) return writtenAs(value)
    return Effect.mapBothEager(encoded, { onFailure: unencodable, onSuccess: (json) => ({ value, json }) })
  }
  if (show === undefined) return plain
  return (value) =>
    Effect.flatMap(plain(value), (answer) =>
      Effect.mapBothEager(checkContent(show(value)), {
        onFailure: unshown,
        onSuccess: (content) => ({ ...answer, content })
      }))
}

const writtenAs = (value: unknown): Answering => {
  try {
    return Exit.succeed({ value, json: untyped(value) })
  } catch (error) {
    return Exit.fail(new Unencodable({ issue: messageOf(error) }))
  }
}

const checkContent = SchemaParser.decodeUnknownEffect(Schema.Array(Content))

/** Makes the failure of a call of what a handler failed with. */
export const failing = (
  tool: Pick<Any, "name" | "readOnly" | "idempotent">,
  schema: Schema.Constraint,
  repeat: AnyDefinition["repeat"] = true
): (failure: unknown) => Answering => {
  const encode = SchemaParser.encodeUnknownEffect(Schema.toCodecJson(schema))
  const isRetryable = tool.readOnly || tool.idempotent
  return (failure) =>
    Effect.flatMapEager(Effect.mapErrorEager(encode(failure), unencodable), (encoded) => {
      const isPointless = !(typeof repeat === "function" ? repeat(failure) : repeat)
      return Effect.fail(new ToolFailure({ tool: tool.name, failure, encoded, isRetryable, isPointless }))
    })
}

const unencodable = (issue: SchemaIssue.Issue) => new Unencodable({ issue: inWords(issue) })

const unshown = (issue: SchemaIssue.Issue) =>
  new Unencodable({
    issue: `\`content\` gives something else: ${inWords(issue)}`
  })

const inWords = SchemaIssue.makeFormatterDefault()

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * What is wrong with arguments, part by part; where these are given, it is said which numbers are too large.
 *
 * @example
 * ```ts
 * import { Tool } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const read = Schema.decodeUnknownEffect(Schema.Struct({ city: Schema.String }))
 * const error = await Effect.runPromise(Effect.flip(read({ city: 7 })))
 * console.log(Tool.invalidArguments(error).issues) // => [ { path: 'city', message: 'Expected string' } ]
 * ```
 */
export const invalidArguments = (error: Schema.SchemaError, args?: unknown): InvalidArguments =>
  misfit(error.issue, args)

const misfit = (issue: SchemaIssue.Issue, args?: unknown): InvalidArguments =>
  new InvalidArguments({
    issues: issuesOf(issue).issues.map(({ message, path = [] }) => ({
      path: path.join("."),
      message: tooLarge(message, partAt(args, path)) ?? message
    }))
  })

const partAt = (args: unknown, path: StandardPath): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && typeof key !== "object" && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    args
  )

type StandardPath = NonNullable<ReturnType<typeof issuesOf>["issues"][number]["path"]>

/** JSON text may name integers of any length; read as numbers, those beyond 2^53 become others. */
const tooLarge = (message: string, value: unknown): string | undefined =>
  typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) &&
    /\bint(eger)?\b/i.test(message)
    ? `${message}: too large to be exact: send it as a string, if the tool takes one`
    : undefined
