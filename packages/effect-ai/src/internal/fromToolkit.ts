/** Tools of `effect/ai` in Volley. */
import * as Content from "@volley/core/Content"
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Checks from "@volley/json-schema/Checks"
import * as AiError from "effect/ai/AiError"
import * as AiTool from "effect/ai/Tool"
import type * as AiToolkit from "effect/ai/Toolkit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { approvalOf } from "./approval.ts"
import { fromAiError } from "./errors.ts"
import { contentOf } from "./files.ts"
import { rawOf } from "./jsonSchema.ts"

/** An error of `effect/ai` that a handler failed with: what it says, and which of its reasons it is. */
export class AiFailure extends Schema.TaggedError<AiFailure>()("AiError", {
  reason: Schema.String,
  message: Schema.String
}) {}

/** The tool of Volley that a tool of `effect/ai` becomes. */
export type FromTool<T> = T extends AiTool.Any ? Tool.Tool<
    AiTool.Name<T>,
    AiTool.ParametersSchema<T>,
    AiTool.SuccessSchema<T>,
    Schema.Union<readonly [T["failureSchema"], typeof AiFailure]>,
    AiTool.HandlerServices<T>
  >
  : never

/** A tool that did not become one of Volley, and why. */
export interface LeftOut {
  readonly tool: string
  readonly why: string
}

/** A toolkit of `effect/ai` in Volley. */
export interface Converted<out T extends Tool.Any> {
  readonly toolkit: Toolkit.Toolkit<T>
  readonly leftOut: ReadonlyArray<LeftOut>
}

/**
 * Makes a toolkit of one of `effect/ai`, with the handlers that `toolkit.toLayer` provides.
 *
 * - whatever a handler fails with is a failure of its call, with either `failureMode`
 * - preliminary results are progress; `needsApproval` is approval, and one that is an effect, or looks at the messages, asks
 *   about every call
 * - a dynamic tool's arguments are checked by its JSON Schema, in bounded time
 * - `leftOut`: tools that their provider runs, and those whose schema no provider takes or nothing can check
 *
 * @example
 * ```ts
 * import { Batch, ToolCall } from "@volley/core"
 * import { EffectAi } from "@volley/effect-ai"
 * import { Effect, Schema } from "effect"
 * import { Tool, Toolkit } from "effect/ai"
 *
 * const toolkit = Toolkit.make(Tool.make("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.Struct({ celsius: Schema.Finite })
 * }))
 * const handlers = toolkit.toLayer({ get_weather: ({ city }) => Effect.succeed({ celsius: city.length }) })
 *
 * const program = Effect.gen(function*() {
 *   const { leftOut, toolkit: tools } = yield* EffectAi.fromToolkit(toolkit)
 *   const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Oslo" } })
 *   const { outcomes } = yield* Batch.run(tools, [call])
 *   return { encoded: outcomes[0]?.encoded, leftOut }
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, handlers)))
 * // => { encoded: '{"celsius":4}', leftOut: [] }
 * ```
 */
export function fromToolkit<Tools extends Record<string, AiTool.Any>>(
  toolkit: AiToolkit.Toolkit<Tools>
): Effect.Effect<Converted<FromTool<Tools[keyof Tools]>>, never, AiTool.HandlersFor<Tools>>
export function fromToolkit({ tools }: AiToolkit.Any): Effect.Effect<Converted<Tool.Any>> {
  if (!Predicate.isObject(tools)) {
    throw new TypeError(
      "EffectAi.fromToolkit: what is given is no toolkit of effect/ai: make it with its Toolkit.make."
    )
  }
  return Effect.contextWith((context: Context.Context<never>) => {
    const checks = Checks.make()
    const made = Object.values(tools).map((tool) => convert(tool, context, checks))
    return Effect.succeed({
      toolkit: Toolkit.make(...made.flatMap((one) => Result.isSuccess(one) ? [one.success] : [])),
      leftOut: made.flatMap((one) => Result.isFailure(one) ? [one.failure] : [])
    })
  })
}

const convert = (
  tool: AiTool.Any,
  context: Context.Context<never>,
  checks: Checks.Checks
): Result.Result<Tool.Any, LeftOut> => {
  const name = String(tool.name)
  if (AiTool.isProviderDefined(tool) && !tool.requiresHandler) {
    return Result.fail({ tool: name, why: "its provider runs it" })
  }
  const handler = Context.getOrUndefined(context, handlerKey(tool.id))
  if (handler === undefined) return Result.fail({ tool: name, why: "there is no handler for it" })
  return Result.try({
    try: () => make(name, tool, handler, checks),
    catch: (error) => ({ tool: name, why: error instanceof Error ? error.message : String(error) })
  })
}

/** Under which key `toolkit.toLayer` keeps the handler of a tool. */
const handlerKey = (id: string) => Context.Service<AiTool.Handler<string>, AiTool.Handler<string>>(id)

const make = (name: string, tool: AiTool.Any, handler: AiTool.Handler<string>, checks: Checks.Checks): Tool.Any => {
  const { parameters, raw } = parametersOf(name, tool, checks)
  const { successSchema: success, toModelOutput } = tool
  const readOnly = Context.get(tool.annotations, AiTool.Readonly)
  return Tool.make(name, {
    description: AiTool.getDescription(tool) ?? name,
    parameters,
    success,
    failure: Schema.Union([tool.failureSchema, AiFailure]),
    readOnly,
    idempotent: readOnly || Context.get(tool.annotations, AiTool.Idempotent),
    approval: approvalOf(tool),
    ...(raw !== undefined && { jsonSchema: raw }),
    ...(toModelOutput &&
      { content: (value: unknown): ReadonlyArray<Content.Content> => toModelOutput(value).map(contentOf) }),
    execute: executing(handler, success)
  })
}

/** The schema of a tool's parameters; that of a dynamic tool checks by its JSON Schema. */
const parametersOf = (name: string, tool: AiTool.Any, checks: Checks.Checks) => {
  const raw = rawOf(tool)
  if (raw === undefined) return { parameters: tool.parametersSchema, raw }
  const { parameters } = Checks.fit(raw, checks, (validate) =>
    Tool.fromJsonSchema(name, {
      description: name,
      parameters: raw,
      validate,
      patterns: checks.patterns,
      execute: () => Effect.void
    }))
  return { parameters, raw }
}

/** Runs a handler as `effect/ai` does: with what its layer was built with, under what the caller has. */
const executing = ({ context, handler }: AiTool.Handler<string>, success: Schema.Constraint) => {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(success))
  return (parameters: unknown, call: Tool.Call): Effect.Effect<unknown, unknown, unknown> =>
    handler(parameters, {
      toolCallId: call.id,
      preliminary: (result: unknown) => Effect.flatMap(Effect.orDie(encode(result)), call.progress)
    }).pipe(
      Effect.mapError(failureOf),
      Effect.updateContext((own: Context.Context<never>) => Context.merge(context, own))
    )
}

/** The model reads what an error says, without what an address has of secrets. */
const failureOf = (error: unknown): unknown => {
  const reason = AiError.isAiError(error) ? error.reason : error
  if (!AiError.isAiErrorReason(reason)) return error
  const { message } = fromAiError(AiError.make({ module: "Toolkit", method: "handle", reason })).reason
  return new AiFailure({ reason: reason._tag, message })
}
