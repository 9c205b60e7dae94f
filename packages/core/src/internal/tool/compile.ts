import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { read as readDuration } from "../duration.ts"
import { jsonSchemaOf, withKnownTypes, withObjectRoot } from "../schema/jsonSchema.ts"
import { withNullableInside } from "../schema/nullable.ts"
import { isReading } from "../schema/standardSchema.ts"
import type { Any } from "./any.ts"
import { claimsOf } from "./claims.ts"
import { answering, decoding, encoding, failing, leavingOut } from "./codec.ts"
import type { AnyDefinition } from "./definition.ts"
import { type Call, ofEffect, ofPromise } from "./handler.ts"

/** Makes a tool of what was said of it. */
export const compile = (name: string, definition: AnyDefinition): Any => {
  const { jsonSchema: given, parameters } = definition
  const written = given === undefined ? jsonSchemaOf(parameters) : withKnownTypes(name, withNullableInside(given))
  const jsonSchema = withObjectRoot(name, written)
  return inForm(name, definition, { codec: Schema.toCodecJson(parameters), jsonSchema, strict: false })
}

/** How parameters are written: the codec that reads them, and the JSON Schema that a provider is sent. */
interface Form {
  readonly codec: Schema.Constraint
  readonly jsonSchema: JsonSchema.JsonSchema
  readonly strict: boolean
}

const inForm = (name: string, definition: AnyDefinition, { codec, jsonSchema, strict }: Form): Any => {
  const { access, approval, content, description, execute, limits, parameters, patterns, promise, success, timeout } =
    definition
  const { failure = Schema.Never, idempotent = false, jsonSchema: raw, readOnly = false, repeat } = definition
  const ends = { answer: answering(success, content), fail: failing({ name, readOnly, idempotent }, failure, repeat) }
  const decode = decoding(codec, raw ?? jsonSchema, isReading(parameters))
  return {
    name,
    description,
    parameters,
    success,
    failure,
    readOnly,
    idempotent,
    timeout: timeout === undefined ? undefined : readDuration(timeout, `Tool "${name}": \`timeout\``),
    jsonSchema,
    strict,
    coalesce: false,
    claims: claimsOf(name, access, limits),
    approval: approval === "always" ? () => true : approval,
    provided: [],
    decode: strict && raw !== undefined ? leavingOut(decode, raw) : decode,
    encode: encoding(codec),
    expand: undefined,
    raw,
    patterns,
    recode: (codec, jsonSchema) => inForm(name, definition, { codec, jsonSchema, strict: true }),
    answer: ends.answer,
    handler: promise
      ? ofPromise(promise, ends)
      : { ...ofEffect(execute ?? viaService(name), ends), isAwaited: execute === undefined },
    resumes: definition.resumes === true,
    reconcile: undefined
  }
}

/** The context key of the handler of a tool made without `execute`. */
export const serviceKey = <Id>(name: string) =>
  Context.Service<Id, (parameters: unknown, call: Call) => Effect.Effect<unknown, unknown>>(
    `@volley/core/Tool/${name}`
  )

const viaService = (name: string) => (parameters: unknown, call: Call) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const handler = Context.getOption(context, serviceKey(name))
    return Option.isSome(handler)
      ? handler.value(parameters, call)
      : Effect.die(new Error(`Tool "${name}" has no handler: give it \`execute\`, or one with Toolkit.toLayer.`))
  })
