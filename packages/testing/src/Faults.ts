/**
 * Faults by seed: in the tools of a toolkit, and in a model. All delays use the program's clock.
 */
import * as CallError from "@volley/core/CallError"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import type { Conversation } from "@volley/core/Conversation"
import * as Given from "@volley/core/Given"
import * as Json from "@volley/core/Json"
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { refuseOdd } from "./internal/weights.ts"
import { cutOff, partsOf } from "./ScriptedModel.ts"

/**
 * What happens to a call.
 *
 * - `latency`: its tool takes longer
 * - `failure`: a typed failure that the tool's schema describes; a defect if it has none
 * - `defect`: it crashes
 * - `hang`: it never ends, unless it is interrupted
 * - `slowInterruption`: it never ends, and takes its time to stop when it is interrupted
 * - `malformed`: its result does not fit its schema and is not JSON
 */
export type ToolFault = "none" | "latency" | "failure" | "defect" | "hang" | "slowInterruption" | "malformed"

/**
 * What happens to a request.
 *
 * - `latency`: the model takes longer
 * - `rateLimited`, `providerFailed`: there is no turn, for a reason that may pass
 * - `brokenOff`: the stream ends in the middle; `providerFailed` if the turn is not streamed
 * - `truncated`: the turn is cut off, and so is its last call
 * - `repeatedIds`: its calls have the ids of earlier turns, as those of some providers
 */
export type ModelFault =
  | "none"
  | "latency"
  | "rateLimited"
  | "providerFailed"
  | "brokenOff"
  | "truncated"
  | "repeatedIds"

/** How often each fault happens, in proportion to the others; a fault that is left out never happens. */
export type Weights<Fault extends string> = { readonly [_ in Fault]?: number }

/** Half of all calls have no fault; the others have each fault equally often. */
export const ofTools = {
  none: 6,
  latency: 1,
  failure: 1,
  defect: 1,
  hang: 1,
  slowInterruption: 1,
  malformed: 1
} as const satisfies Weights<ToolFault>

/** Half of all requests have no fault; the others have each fault equally often. */
export const ofModels = {
  none: 6,
  latency: 1,
  rateLimited: 1,
  providerFailed: 1,
  brokenOff: 1,
  truncated: 1,
  repeatedIds: 1
} as const satisfies Weights<ModelFault>

/** The seed and the weights that decide the faults; another seed gives other faults. */
export interface Options<Fault extends string> {
  readonly seed: number | string
  /** `ofTools` or `ofModels` when left out. */
  readonly weights?: Weights<Fault> | undefined
  /**
   * The longest that `latency` adds, and that an interruption takes: such as `"5 seconds"`, or a number of milliseconds.
   * 1 minute.
   */
  readonly latency?: Duration.Input | undefined
}

/**
 * Gives the same tools with faults in their calls.
 *
 * - a call always meets the same fault: only the seed, its id, tool and encoded arguments, and the attempt decide it
 * - the tool still reads its arguments; steps of a plan meet faults of their own
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Faults } from "@volley/testing"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   failure: Schema.Literal("busy"),
 *   execute: () => Effect.succeed("pong")
 * })
 *
 * // Every call fails as the tool's schema describes it; without `weights`, half of them are left alone.
 * const faulty = Faults.toolkit(Toolkit.make(ping), { seed: 1, weights: { failure: 1 } })
 * const { outcomes } = await Effect.runPromise(Batch.run(faulty, [ToolCall.make({ id: "call_1", name: "ping" })]))
 * console.log(JSON.parse(outcomes[0]!.encoded).error.message) // => busy
 * ```
 */
export function toolkit<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  options: Options<ToolFault>
): Toolkit.Toolkit<T>
export function toolkit(self: Toolkit.Any, options: Options<ToolFault>): Toolkit.Any {
  const tools = Given.toolkit("Faults.toolkit", self)
  refuseOdd("Faults.toolkit", options.weights ?? ofTools, ofTools)
  const byName = allFaulty(self.byName, options)
  return { ...self, tools: tools.map((tool) => byName.get(tool.name) ?? tool), byName }
}

/** What happens to a call, and how long it takes, in milliseconds. */
export interface Met<Fault extends string> {
  readonly fault: Fault
  readonly millis: number
}

/**
 * The fault that a call meets.
 *
 * @example
 * ```ts
 * import { Faults } from "@volley/testing"
 * import { Effect } from "effect"
 *
 * const call = { id: "call_1", name: "ping", arguments: {} }
 * const met = await Effect.runPromise(Faults.ofCall({ seed: 1, weights: { hang: 1 } }, call))
 * console.log(met.fault) // => hang
 * ```
 */
export const ofCall = (
  options: Options<ToolFault>,
  call: { readonly id: string; readonly name: string; readonly arguments: unknown; readonly attempt?: number }
): Effect.Effect<Met<ToolFault>> => {
  const { weights = ofTools } = options
  refuseOdd("Faults.ofCall", weights, ofTools)
  return draw(options, weights, [call.id, call.name, call.arguments, call.attempt ?? 1])
}

const draw = <Fault extends string>(
  options: Options<Fault>,
  weights: Weights<Fault>,
  what: unknown
): Effect.Effect<Met<Fault>> =>
  Effect.gen(function*() {
    const names = namesOf(weights)
    const total = names.reduce((sum, name) => sum + (weights[name] ?? 0), 0)
    if (!(total > 0)) throw new RangeError("Faults: `weights` has no fault that may happen; give one a number above 0.")
    let left = (yield* Random.next) * total
    const fault = names.find((name) => (left -= weights[name] ?? 0) < 0) ?? names[names.length - 1]!
    const most = Duration.toMillis(Duration.fromInputUnsafe(options.latency ?? "1 minute"))
    return { fault, millis: Math.ceil((yield* Random.next) * most) }
  }).pipe(Random.withSeed(Json.canonical([options.seed, what])))

const namesOf = <Fault extends string>(weights: Weights<Fault>): ReadonlyArray<Fault> => {
  const isName = (name: string): name is Fault => name in weights
  return Object.keys(weights).filter(isName)
}

/** Each tool under all of its names. */
const allFaulty = (
  byName: ReadonlyMap<string, Tool.Any>,
  options: Options<ToolFault>
): ReadonlyMap<string, Tool.Any> => {
  const tools = new Map(Array.from(new Set(byName.values()), (tool) => [tool, faulty(tool, options)]))
  return new Map(Array.from(byName, ([name, tool]) => [name, tools.get(tool) ?? tool]))
}

const faulty = (tool: Tool.Any, options: Options<ToolFault>): Tool.Any => {
  const { expand, handler, recode } = tool
  return {
    ...tool,
    recode: recode && ((...form) => faulty(recode(...form), options)),
    expand: expand &&
      ((parameters, call) =>
        Effect.map(expand(parameters, call), (several) => ({
          ...several,
          toolkit: { ...several.toolkit, byName: allFaulty(several.toolkit.byName, options) }
        }))),
    handler: {
      attempt: (parameters, call) =>
        Effect.flatMap(
          metBy(tool, parameters, call, options),
          (met) => strike(tool, met, handler.attempt(parameters, call), Json.canonical([options.seed, call.id]))
        )
    }
  }
}

/** Parameters that cannot be written decide nothing. */
const metBy = (tool: Tool.Any, parameters: unknown, { attempt, id }: Tool.Call, options: Options<ToolFault>) =>
  Effect.flatMap(Effect.exit(tool.encode(parameters)), (written) =>
    ofCall(options, {
      id,
      name: tool.name,
      arguments: Exit.isSuccess(written) ? written.value : undefined,
      attempt
    }))

type Work = ReturnType<Tool.Attempt<unknown, unknown, unknown>>

const strike = (tool: Tool.Any, { fault, millis }: Met<ToolFault>, work: Work, seed: string): Work => {
  switch (fault) {
    case "none":
      return work
    case "latency":
      return Effect.delay(work, millis)
    case "failure":
      return ownFailure(tool, seed)
    case "defect":
      return crash
    case "hang":
      return Effect.never
    case "slowInterruption":
      return Effect.onInterrupt(Effect.never, () => Effect.sleep(millis))
    case "malformed":
      return malformed(tool)
  }
}

const crash = Effect.suspend(() => Effect.die(new Error("Faults: this call crashes, by its seed")))

/** Some failure that the tool's schema describes, drawn by the seed. */
const ownFailure = (tool: Tool.Any, seed: string): Work =>
  Effect.gen(function*() {
    const failures = Effect.try({
      try: () => Arbitrary.schema(tool.failure),
      catch: () => "the schema describes no failure, or none that can be drawn"
    })
    const drawn = yield* Effect.option(
      Effect.flatMap(failures, (failure) => Arbitrary.sampleEffect(failure, { count: 1, seed, size: 5 }))
    )
    if (drawn._tag === "None" || drawn.value.length === 0) return yield* crash
    const [failure] = drawn.value
    const encoded = yield* Effect.mapError(encodeWith(tool.failure)(failure), unencodable)
    return yield* new CallError.ToolFailure({
      tool: tool.name,
      failure,
      encoded,
      isRetryable: tool.readOnly || tool.idempotent
    })
  })

/** A result that holds itself, and what JSON does not have. */
const malformed = (tool: Tool.Any): Work =>
  Effect.suspend(() => {
    const value: { self?: unknown; count: bigint } = { count: 1n }
    value.self = value
    return Effect.mapBoth(encodeWith(tool.success)(value), {
      onFailure: unencodable,
      onSuccess: (json) => ({ value, json })
    })
  })

const unencodable = (error: Schema.SchemaError) => new CallError.Unencodable({ issue: error.message })

/** Writes a value as its schema does; what the schema needs, the tool needs. */
function encodeWith(
  schema: Schema.Constraint
): (value: unknown) => Effect.Effect<Schema.Json, Schema.SchemaError, unknown>
function encodeWith(schema: Schema.Constraint) {
  return Schema.encodeUnknownEffect(Schema.toCodecJson(schema))
}

/**
 * A Layer over any model that puts faults into its turns.
 *
 * - a request always meets the same fault: the seed, the conversation, and how often the same was asked before decide
 *   it
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { Faults, ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * const faulty = Layer.provide(Faults.model({ seed: 1, weights: { rateLimited: 1 } }), model)
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(agent, faulty)))
 * console.log(error._tag, error.reason._tag) // => ChatModelError RateLimited
 * ```
 */
export const model = (
  options: Options<ModelFault>
): Layer.Layer<ChatModel.ChatModel, never, ChatModel.ChatModel> => {
  const { weights = ofModels } = options
  refuseOdd("Faults.model", weights, ofModels)
  return Layer.effect(
    ChatModel.ChatModel,
    ChatModel.ChatModel.useSync((inner) => {
      const asked = new Map<string, number>()
      const met = (request: ChatModel.Request) =>
        Effect.suspend(() => {
          const said = Json.canonical(request.conversation.messages)
          const before = asked.get(said) ?? 0
          asked.set(said, before + 1)
          return draw(options, weights, [said, before])
        })
      return {
        ...(inner.about && { about: inner.about }),
        generate: (request) => Effect.flatMap(met(request), (met) => generated(met, inner, request)),
        stream: (request) => Stream.unwrap(Effect.map(met(request), (met) => streamed(met, inner, request)))
      }
    })
  )
}

type Model = ChatModel.ChatModel["Service"]

const generated = ({ fault, millis }: Met<ModelFault>, inner: Model, request: ChatModel.Request) => {
  const whole = inner.generate(request)
  switch (fault) {
    case "none":
      return whole
    case "latency":
      return Effect.delay(whole, millis)
    case "rateLimited":
    case "providerFailed":
    case "brokenOff":
      return failing(fault, millis)
    case "truncated":
    case "repeatedIds":
      return Effect.map(whole, (turn) => changed(turn, fault, request.conversation))
  }
}

const streamed = (
  { fault, millis }: Met<ModelFault>,
  inner: Model,
  request: ChatModel.Request
): Stream.Stream<ChatModel.Part, ChatModelError.ChatModelError> => {
  const parts = inner.stream(request)
  switch (fault) {
    case "none":
      return parts
    case "latency":
      return Stream.unwrap(Effect.delay(Effect.succeed(parts), millis))
    case "rateLimited":
    case "providerFailed":
      return Stream.fromEffect(failing(fault, millis))
    case "brokenOff":
      return parts.pipe(
        Stream.takeWhile(({ _tag }) => _tag !== "Turn"),
        Stream.take(millis % 4),
        Stream.concat(Stream.fromEffect(failing(fault, millis)))
      )
    case "truncated":
    case "repeatedIds":
      // How a turn ends is known at its end alone, and so are the calls that are cut off.
      return parts.pipe(
        Stream.filter((part) => part._tag === "Turn"),
        Stream.flatMap(({ turn }) => Stream.fromIterable(partsOf(changed(turn, fault, request.conversation))))
      )
  }
}

const failing = (fault: "rateLimited" | "providerFailed" | "brokenOff", millis: number) => {
  const message = `Faults: ${fault}, by its seed`
  const reason = {
    rateLimited: () => new ChatModelError.RateLimited({ message, retryAfterMillis: millis }),
    providerFailed: () => new ChatModelError.ProviderFailed({ message, status: 529 }),
    brokenOff: () => new ChatModelError.Unreachable({ message })
  }
  return Effect.suspend(() =>
    Effect.fail(new ChatModelError.ChatModelError({ wire: "faults", reason: reason[fault]() }))
  )
}

/** A turn that is not as its provider wrote it has no native form. */
const changed = (
  { message: { native: _native, ...message }, ...rest }: ChatModel.Turn,
  fault: "truncated" | "repeatedIds",
  { messages }: Conversation
): ChatModel.Turn => {
  const turn = { ...rest, message }
  if (fault === "truncated") return cutOff(turn)
  const earlier = messages.flatMap((message) => message.role === "assistant" ? message.calls.map(({ id }) => id) : [])
  const others = message.calls.map(({ id }) => id)
  const ids = Array.from(new Set([...earlier, ...others]))
  return {
    ...turn,
    message: { ...message, calls: message.calls.map((call, n) => ({ ...call, id: ids[n] ?? call.id })) }
  }
}
