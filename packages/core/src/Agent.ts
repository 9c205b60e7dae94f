/**
 * The loop: a model turn, its batch, the results, until there is an answer or a limit.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import * as Stream from "effect/Stream"
import type { AgentError, Failed } from "./AgentError.ts"
import type * as ChatModel from "./ChatModel.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import { type AnyToolOptions, type Asked, compileAgent, Task, type ToolOptions } from "./internal/agent/asTool.ts"
import type { Ended, Event, Left } from "./internal/agent/event.ts"
import { loop } from "./internal/agent/loop.ts"
import { refuseMisused } from "./internal/agent/misused.ts"
import type { AnyOptions, Options, WithOutput } from "./internal/agent/options.ts"
import {
  agentOptions,
  type AnyPromiseOptions,
  type Complete,
  type Option,
  type PromiseOptions
} from "./internal/agent/promised.ts"
import { apart } from "./internal/guarded.ts"
import { abortOf, toPromise } from "./internal/promise.ts"
import { contextOf, needless } from "./internal/runner/promised.ts"
import type { ParametersOf } from "./internal/schema/standardSchema.ts"
import type { Given } from "./internal/tool/written.ts"
import type * as Tool from "./Tool.ts"

export type { Asked, ToolOptions } from "./internal/agent/asTool.ts"
export type { Ended, Event, Left, Nested, Round } from "./internal/agent/event.ts"
export type { AnyOptions, Options, WithOutput } from "./internal/agent/options.ts"
export type { PromiseOptions } from "./internal/agent/promised.ts"

/**
 * Makes a tool; each of its calls runs an inner agent on a task and gives its answer, or its `output`.
 *
 * - the outer agent reads the answer, or `AgentFailed` with the name of the reason; never the inner conversation
 * - tokens, cost and calls of the inner agent count for the outer one too; it may use what the outer limits have left;
 *   the outer agent's events have its events
 * - if a call of the inner agent is undecided or interrupted, so is the tool's call; the inner agent goes on from there
 * - it has no timeout unless you set one, and uses the slot of its call
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect } from "effect"
 *
 * const researcher = Agent.asTool("researcher", {
 *   description: "Finds things out. `task` says what.",
 *   toolkit: Toolkit.make() // the tools of the inner agent
 * })
 *
 * // Stands in for a provider's layer: the outer model asks, the inner one answers, and then the outer one.
 * const model = ScriptedModel.layer([
 *   ScriptedModel.calls({ name: "researcher", arguments: { task: "What is a volley?" } }),
 *   ScriptedModel.says("Many shots at once."),
 *   ScriptedModel.says("It is many shots at once.")
 * ])
 * const agent = Agent.run({ toolkit: Toolkit.make(researcher), prompt: "What is a volley?" })
 * const { answer, rounds } = await Effect.runPromise(Effect.provide(agent, model))
 * console.log(rounds[0]?.settled.outcomes[0]?.encoded) // => "Many shots at once."
 * console.log(answer) // => It is many shots at once.
 * ```
 */
export function asTool<
  const Name extends string,
  T extends Tool.Any,
  P extends Schema.Constraint,
  S extends Schema.Constraint = typeof Schema.String,
  const ReadOnly extends boolean = false
>(
  name: Name,
  options: ToolOptions<T, P["Type"], ReadOnly> & Asked<P> & Partial<WithOutput<S>>
): Tool.Tool<
  Name,
  P,
  S,
  typeof Failed,
  | ChatModel.ChatModel
  | Tool.Requirements<T>
  | P["DecodingServices"]
  | S["DecodingServices"]
  | S["EncodingServices"],
  ReadOnly
>
export function asTool<
  const Name extends string,
  T extends Tool.Any,
  S extends Schema.Constraint = typeof Schema.String,
  const ReadOnly extends boolean = false
>(
  name: Name,
  options: ToolOptions<T, unknown, ReadOnly> & Partial<WithOutput<S>>
): Tool.Tool<
  Name,
  typeof Task,
  S,
  typeof Failed,
  | ChatModel.ChatModel
  | Tool.Requirements<T>
  | S["DecodingServices"]
  | S["EncodingServices"],
  ReadOnly
>
export function asTool(name: string, options: AnyToolOptions): Tool.Any {
  return compileAgent(name, options)
}

/**
 * Asks, runs the calls of each turn as one batch, and asks again, until the model answers.
 *
 * - at a limit the model is asked once more with tools listed but switched off, so that it has to answer; if it calls
 *   tools all the same, they are answered by `LimitExceeded`
 * - errors: those of the model, and `AgentError` if there is no answer; a tool's failure goes to the model, never here.
 *   If a streamed turn breaks off for a reason that may pass, after some of its calls have run, the agent goes on
 *   instead
 * - an undecided call ends the agent with `Undecided`; to go on, run it with the `conversation` of that error
 * - if the conversation stops in the middle of a turn, its calls are answered first, as by `Conversation.close`; if it
 *   ends with an answer, the model is not asked; if no wire would take it, the agent fails with `InvalidConversation`
 * - interruption: stops the calls in flight, then gives `onInterrupt` a conversation to go on with
 *
 * @example
 * ```ts
 * import { Agent, Tool, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Schema } from "effect"
 *
 * const getWeather = Tool.make("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.Struct({ celsius: Schema.Finite }),
 *   execute: () => Effect.succeed({ celsius: 18 })
 * })
 *
 * // Stands in for a provider's layer, such as OpenAiChat.layerConfig({ model: "gpt-4.1" }).
 * const model = ScriptedModel.layer([
 *   ScriptedModel.calls({ name: "get_weather", arguments: { city: "Tokyo" } }),
 *   ScriptedModel.says("18 °C.")
 * ])
 * const agent = Agent.run({ toolkit: Toolkit.make(getWeather), prompt: "Weather in Tokyo?", maxRounds: 3 })
 * const { answer, rounds } = await Effect.runPromise(Effect.provide(agent, model))
 * console.log(rounds[0]?.settled.outcomes[0]?.encoded) // => {"celsius":18}
 * console.log(answer) // => 18 °C.
 * ```
 */
export function run<T extends Tool.Any, S extends Schema.Constraint = typeof Schema.Undefined>(
  options: Options<T> & Partial<WithOutput<S>>
): Effect.Effect<
  Ended<T, S["Type"]>,
  ChatModelError | AgentError,
  ChatModel.ChatModel | Tool.Requirements<T> | S["DecodingServices"]
>
export function run(options: AnyOptions) {
  return loop(options)
}

/** How an agent fails, among its events. */
interface Failure {
  readonly _tag: "Failure"
  readonly cause: Cause.Cause<ChatModelError | AgentError>
}

/**
 * Runs an agent and gives its events as they happen; the last event is its answer.
 *
 * - the model's turns are streamed unless `streaming` is false; read-only calls start while the model writes
 * - a slow reader delays nothing: events are kept until they are read
 * - errors and interruption: as with `run`; if you stop reading before the end, the agent is interrupted
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Console, Effect, Stream } from "effect"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Good morning.")]) // stands in for a provider's layer
 * const events = Agent.stream({ toolkit: Toolkit.make(), prompt: "Good morning!" })
 * const program = Stream.runForEach(events, (event) => Console.log(event._tag, event._tag === "Text" ? event.text : ""))
 * await Effect.runPromise(Effect.provide(program, model))
 * // => TurnStarted
 * // => Text Good morning.
 * // => TurnEnded
 * // => Usage
 * // => Answer
 * ```
 */
export function stream<T extends Tool.Any, S extends Schema.Constraint = typeof Schema.Undefined>(
  options: Options<T> & Partial<WithOutput<S>>
): Stream.Stream<
  Event<T, S["Type"]>,
  ChatModelError | AgentError,
  ChatModel.ChatModel | Tool.Requirements<T> | S["DecodingServices"]
>
export function stream(options: AnyOptions) {
  return eventsOf(options)
}

const eventsOf = (
  options: AnyOptions
): Stream.Stream<Event<Tool.Any, unknown>, ChatModelError | AgentError, unknown> =>
  Stream.unwrap(Effect.map(Latch.make(), (read) => {
    refuseMisused(options)
    const { onInterrupt } = options
    // The end of the stream interrupts what stands behind it: an agent whose end was read leaves nothing.
    const leave = onInterrupt && ((left: Left) => read.isOpen() ? Effect.void : onInterrupt(left))
    return Stream.callback<Event<Tool.Any, unknown> | Failure, never, unknown>((queue) =>
      apart(loop({ ...options, streaming: options.streaming ?? true, onInterrupt: leave }, {
        tell: (event) => Effect.asVoid(Queue.offer(queue, event)),
        deliver: (ending, now) =>
          ending.pipe(
            Effect.matchCause({
              onFailure: (cause): Failure => ({ _tag: "Failure", cause }),
              onSuccess: (ended): Event<Tool.Any, unknown> => ({ _tag: "Answer", at: now(), ended })
            }),
            Effect.flatMap((last) => Queue.offer(queue, last)),
            Effect.andThen(Queue.end(queue)),
            Effect.andThen(onInterrupt === undefined ? Effect.void : read.await)
          )
      }))
    ).pipe(Stream.mapEffect((event): Effect.Effect<Event<Tool.Any, unknown>, ChatModelError | AgentError> => {
      if (event._tag === "Failure") return Effect.andThen(read.open, Effect.failCause(event.cause))
      return event._tag === "Answer" ? Effect.as(read.open, event) : Effect.succeed(event)
    }))
  }))

/** What an answer has to be for an agent that is run as a promise: a schema of Effect that needs nothing, or of any library. */
type Answering = Schema.ConstraintDecoder<unknown> | StandardSchemaV1

/**
 * Runs an agent as `run` does, for programs that are not written with Effect; `model` is the layer of a provider's package.
 *
 * - if `signal` is aborted, rejects with its reason once the running calls have stopped; if there is no answer, rejects
 *   with `AgentError` or `ChatModelError`
 *
 * @example
 * ```ts
 * import { Agent, Tool, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { z } from "zod"
 *
 * const getWeather = Tool.fromFunction("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: z.object({ city: z.string() }),
 *   execute: async () => ({ celsius: 18 })
 * })
 *
 * // Stands in for a provider's layer, such as OpenAiChat.layer({ model: "gpt-4.1", apiKey }).
 * const model = ScriptedModel.layer([
 *   ScriptedModel.calls({ name: "get_weather", arguments: { city: "Tokyo" } }),
 *   ScriptedModel.says("18 °C.")
 * ])
 * const { answer } = await Agent.runPromise({ toolkit: Toolkit.make(getWeather), prompt: "Weather in Tokyo?", model })
 * console.log(answer) // => 18 °C.
 * ```
 */
export function runPromise<
  T extends Tool.Any,
  S extends Answering = typeof Schema.Undefined,
  K extends Option = never
>(
  options: Complete<K> & PromiseOptions<T> & { readonly output?: S } & Given<K>
): Promise<Ended<T, ParametersOf<S>["Type"]>>
export function runPromise(options: AnyPromiseOptions) {
  return toPromise(() => {
    const given = agentOptions(options)
    return needless(Effect.provide(loop(given.options), given.model), options.approve)
  }, options?.signal)
}

/**
 * Runs an agent and gives its events as they happen, for `for await`; the last event is its answer.
 *
 * - if you leave the loop before that, the agent is interrupted, and the loop waits for its calls to stop
 * - throws what `runPromise` rejects with
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Good morning.")]) // stands in for a provider's layer
 * for await (const event of Agent.iterate({ toolkit: Toolkit.make(), prompt: "Good morning!", model })) {
 *   if (event._tag === "Text") console.log(event.text) // => Good morning.
 *   if (event._tag === "Answer") console.log(event.ended.usage) // => { input: 10, output: 1 }
 * }
 * ```
 */
export function iterate<
  T extends Tool.Any,
  S extends Answering = typeof Schema.Undefined,
  K extends Option = never
>(
  options: Complete<K> & PromiseOptions<T> & { readonly output?: S } & Given<K>
): AsyncIterable<Event<T, ParametersOf<S>["Type"]>>
export function iterate(options: AnyPromiseOptions) {
  const given = agentOptions(options)
  const { signal } = options
  const events = Stream.provideContext(Stream.provide(eventsOf(given.options), given.model), contextOf(options.approve))
  return Stream.toAsyncIterable(signal === undefined ? events : untilAborted(events, signal))
}

/** Where a signal is aborted already, nothing begins. */
const untilAborted = <A, E>(events: Stream.Stream<A, E>, signal: AbortSignal): Stream.Stream<A, unknown> =>
  Stream.suspend(() => signal.aborted ? Stream.fail(signal.reason) : Stream.interruptWhen(events, abortOf(signal)))
