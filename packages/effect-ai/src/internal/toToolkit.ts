/** Tools of Volley in `effect/ai`. */
import { Approver } from "@volley/core/Approver"
import * as Batch from "@volley/core/Batch"
import * as Content from "@volley/core/Content"
import * as Given from "@volley/core/Given"
import * as Json from "@volley/core/Json"
import type { Outcome } from "@volley/core/Outcome"
import type * as Tool from "@volley/core/Tool"
import * as ToolCall from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import type * as Prompt from "effect/ai/Prompt"
import * as AiTool from "effect/ai/Tool"
import * as AiToolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { needsApprovalOf } from "./approval.ts"
import { partOf } from "./files.ts"

/** The tool of `effect/ai` that a tool of this name becomes: what goes in and comes out is JSON. */
export type ToTool<Name extends string> = AiTool.Tool<Name, {
  readonly parameters: typeof Schema.Unknown
  readonly success: typeof Schema.Unknown
  readonly failure: typeof Schema.Unknown
  readonly failureMode: "return"
}>

/** The tools of a toolkit, by their names. */
export type ToTools<T extends Tool.Any> = { readonly [Name in T["name"]]: ToTool<Name> }

/**
 * Makes a toolkit of `effect/ai`, and the Layer of its handlers, of one of Volley.
 *
 * - every call is a batch of one of a runner that the Layer makes with these options: its limits and timeouts hold for all
 *   calls together; `maxCalls`, `maxMessageBytes`, `failFast` and the order of a turn's calls do not, since `effect/ai`
 *   brings calls one by one
 * - names are those of `wireNames`; a result is JSON, a failure what the model reads of it, and never an error
 * - `approval` is `needsApproval`: `effect/ai` asks, and the program's `Approver` is asked only about calls inside a call
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { EffectAi } from "@volley/effect-ai"
 * import { Effect, Schema, Stream } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 * const { layer, toolkit } = EffectAi.toToolkit(Toolkit.make(ping), { concurrency: 4, timeout: "2 seconds" })
 *
 * // `LanguageModel.generateText({ prompt, toolkit })` takes the same toolkit.
 * const program = Effect.gen(function*() {
 *   const { handle } = yield* toolkit
 *   const results = yield* Stream.runCollect(Stream.unwrap(handle("ping", {})))
 *   return results.map(({ result }) => result).join()
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, layer))) // => pong
 * ```
 */
export function toToolkit<T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>, options?: Batch.Options): {
  readonly toolkit: AiToolkit.Toolkit<ToTools<T>>
  readonly layer: Layer.Layer<AiTool.HandlersFor<ToTools<T>>, never, Tool.Requirements<T>>
}
export function toToolkit(toolkit: Toolkit.Any, options?: Batch.Options): {
  readonly toolkit: AiToolkit.Any
  readonly layer: Layer.Layer<never, never, unknown>
} {
  const tools = Given.toolkit("EffectAi.toToolkit", toolkit).map((tool) =>
    described(tool, toolkit.wireNames.get(tool.name) ?? tool.name)
  )
  const converted = AiToolkit.make(...tools)
  const handlers = Effect.gen(function*() {
    const runner = yield* Batch.make(options)
    const own = options?.onCall ?? (yield* Batch.Defaults).onCall
    return Object.fromEntries(tools.map(({ name }) => [name, answering(runner, toolkit, name, own)] as const))
  })
  return { toolkit: converted, layer: converted.toLayer(handlers) }
}

const described = (tool: Tool.Any, name: string) => {
  const needsApproval = needsApprovalOf(tool)
  const { description, idempotent, jsonSchema: parameters, readOnly, strict } = tool
  return AiTool.dynamic(name, {
    description,
    parameters,
    success: Schema.Unknown,
    failure: Schema.Unknown,
    failureMode: "return",
    toModelOutput: shownOf,
    ...(needsApproval !== undefined && { needsApproval })
  })
    .annotate(AiTool.Readonly, readOnly)
    .annotate(AiTool.Idempotent, readOnly || idempotent)
    .annotate(AiTool.Destructive, !readOnly)
    .annotate(AiTool.Strict, strict ? true : undefined)
}

/** Answers the calls of a tool; what its handler needs is what the Layer was built with, which `effect/ai` gives it. */
function answering(runner: Batch.Runner, toolkit: Toolkit.Any, name: string, own: OnCall): Handler<never>
function answering(runner: Batch.Runner, toolkit: Toolkit.Any, name: string, own: OnCall): Handler<unknown> {
  return Effect.fnUntraced(function*(args: unknown, { preliminary, toolCallId: id = "call_1" }: Context) {
    const call = ToolCall.make({ id, name, arguments: args })
    const { decide } = yield* Approver
    const { outcomes } = yield* runner.run(toolkit, [call], {
      onCall: Batch.both(own, (event) => event._tag === "CallProgress" ? preliminary(event.progress) : Effect.void)
    }).pipe(Effect.provideService(Approver, {
      decide: (question) =>
        question.path === undefined && question.call.id === id ? Effect.succeed("allowed") : decide(question)
    }))
    const [outcome] = outcomes
    return yield* outcome === undefined ? Effect.die(new Error("a batch of one has one outcome")) : ended(outcome)
  })
}

type OnCall = Batch.Options["onCall"]
type Context = AiToolkit.HandlerContext<AiTool.Any>
type Handler<R> = (args: unknown, context: Context) => Effect.Effect<unknown, unknown, R>

/** What the program gets, and what the model reads of it where that is not its JSON; written as JSON, it is the latter. */
class Shown {
  readonly value: Schema.Json | undefined
  readonly text: string
  readonly media: ReadonlyArray<Content.Media>
  constructor({ encoded, json, media = [] }: Outcome) {
    this.value = json
    this.text = encoded
    this.media = media
  }
  toJSON(): string {
    return this.text
  }
}

const ended = (outcome: Outcome): Effect.Effect<unknown, unknown> => {
  const { encoded, json, media, result } = outcome
  if (Result.isFailure(result)) {
    return Effect.fail(Result.getOrElse(Json.parse(encoded, Json.ofResponse), () => encoded))
  }
  const isPlain = media === undefined && json !== undefined && JSON.stringify(json) === encoded
  return Effect.succeed(isPlain ? json : new Shown(outcome))
}

const shownOf = (result: unknown): ReadonlyArray<Prompt.ToolModelOutputPart> =>
  (result instanceof Shown
    ? [Content.text(result.text), ...result.media]
    : [Content.text(JSON.stringify(result) ?? "null")])
    .map(partOf)
