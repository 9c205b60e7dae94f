import * as Access from "@volley/core/Access"
import * as Limits from "@volley/core/Limits"
import * as Tool from "@volley/core/Tool"
import * as Checks from "@volley/json-schema/Checks"
import type * as Schema from "effect/Schema"
import { Failure, type HttpFailed } from "../OpenApiError.ts"
import { nodeOf } from "./node.ts"
import { type Operation, told } from "./operations.ts"
import type { Call, OpenApiTool, Options } from "./options.ts"
import type { Plan } from "./plan.ts"
import { placeOf } from "./request.ts"
import { contentOf } from "./response.ts"
import type { Send } from "./send.ts"

/** Makes a tool of an operation; throws where its calls cannot be checked. */
export const toolOf = (plan: Plan, options: Options, checks: Checks.Checks, send: Send): OpenApiTool => {
  const operation = told(plan.operation)
  const readOnly = isRead(operation)
  const idempotent = readOnly || operation.method === "PUT" || operation.method === "DELETE"
  return Checks.fit(
    plan.jsonSchema,
    checks,
    (validate) =>
      Tool.fromJsonSchema(`${options.prefix ?? ""}${operation.name}`, {
        description: plan.description,
        parameters: plan.jsonSchema,
        validate,
        patterns: checks.patterns,
        failure: Failure,
        content: contentOf,
        readOnly,
        idempotent,
        repeat: isPassing,
        approval: approvalOf(operation, options),
        access: accessOf(plan, operation, options),
        limits: limitsOf(plan, options, idempotent),
        execute: (args: Schema.Json) => send(plan, nodeOf(args))
      })
  )
}

const isRead = ({ method }: Operation): boolean => ["GET", "HEAD", "OPTIONS"].includes(method)

/** Whether the same call may come to something else. */
const isPassing = (failure: Failure): boolean => {
  switch (failure._tag) {
    case "HttpFailed":
      return [408, 425, 429].includes(failure.status) || failure.status >= 500
    case "Unreachable":
    case "NoCredentials":
      return true
    case "Unsendable":
    case "Unusable":
      return false
    default:
      return failure.isRetryable
  }
}

/** A function of calls, as one of the arguments of a tool. */
const by = <A>(operation: Operation, of: (call: Call) => A) => (args: Schema.Json): A =>
  of({ operation, arguments: args })

const approvalOf = (operation: Operation, { approval = "writes" }: Options) => {
  if (typeof approval === "function") return by(operation, approval)
  return approval === "always" || (approval === "writes" && !isRead(operation)) ? "always" : undefined
}

const accessOf = (plan: Plan, operation: Operation, { access }: Options) => {
  const touch = isRead(operation) ? Access.read : Access.write
  return (args: Schema.Json): ReadonlyArray<Access.Access> =>
    access?.({ operation, arguments: args }) ?? [touch(placeOf(plan, nodeOf(args)))]
}

/** A host that wants to be left alone is left alone by all of its tools. */
const limitsOf = ({ base }: Plan, { limits = [] }: Options, isHarmless: boolean): ReadonlyArray<Limits.Limit> => {
  const { host } = new URL(base)
  const after = (failure: unknown) =>
    isFailed(failure) && (isHarmless || failure.status === 429)
      ? failure.retryAfterMillis
      : undefined
  return [...limits.map((limit) => ({ ...limit, key: limit.key ?? host })), Limits.backOff({ key: host, after })]
}

const isFailed = (failure: unknown): failure is HttpFailed =>
  typeof failure === "object" && failure !== null && "_tag" in failure && failure._tag === "HttpFailed"
