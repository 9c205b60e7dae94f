/**
 * A model that says what a test wants, and refuses conversations that a provider would refuse.
 */
import * as ChatModel from "@volley/core/ChatModel"
import { ChatModelError, type Reason } from "@volley/core/ChatModelError"
import * as ToolCall from "@volley/core/ToolCall"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { violationOf } from "./internal/brokenConversation.ts"
import { type Recorded, replay } from "./internal/replay.ts"

export { BrokenConversation, type Law, violationOf } from "./internal/brokenConversation.ts"
export type { Recorded } from "./internal/replay.ts"

/** How a turn goes out. */
export interface Pace {
  /** How long before its first part, or before the whole of it: such as `"5 seconds"`, or a number of milliseconds. */
  readonly latency?: Duration.Input | undefined
  /** How long before each further part: such as `"50 millis"`, or a number of milliseconds. */
  readonly pause?: Duration.Input | undefined
  /** Characters of each piece of its text; all of it in one piece when left out. */
  readonly fragment?: number | undefined
}

/** A turn of a script. */
export interface Turn extends ChatModel.Turn {
  readonly pace?: Pace | undefined
  /** Ends the turn with an error after this many of its parts; if the turn is not streamed, there is only the error. */
  readonly broken?: { readonly after: number; readonly reason: Reason } | undefined
}

/** No turn, but an error. */
export interface Failure {
  readonly fails: Reason
  readonly pace?: Pace | undefined
}

/** What a model does at one request. */
export type Step = Turn | Failure

/** A call as a script writes it; its id is `call_1`, `call_2` and so on by its place, in every turn again, unless it is given. */
export type Wanted = Partial<ToolCall.ToolCall> & { readonly name: string }

/** The usage of a turn that has none of its own. */
export const usage: ChatModel.Usage = { input: 10, output: 1 }

/**
 * A turn, whatever it has.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * const turn = ScriptedModel.turn({ text: "One moment.", calls: [{ name: "ping" }], usage: { input: 7, output: 3 } })
 * console.log(turn.finish, turn.usage) // => tool-calls { input: 7, output: 3 }
 * ```
 */
export const turn = ({ calls = [], finish, pace, text = "", usage: cost = usage }: {
  readonly text?: string | undefined
  readonly calls?: ReadonlyArray<Wanted> | undefined
  readonly finish?: ChatModel.Turn["finish"] | undefined
  readonly usage?: ChatModel.Usage | undefined
  readonly pace?: Pace | undefined
}): Turn => ({
  message: { role: "assistant", text, calls: calls.map(toolCall) },
  finish: finish ?? (calls.length > 0 ? "tool-calls" : "stop"),
  usage: cost,
  pace
})

const toolCall = (wanted: Wanted, index: number): ToolCall.ToolCall => ({
  ...ToolCall.make({ id: `call_${index + 1}`, index, ...wanted }),
  ...wanted
})

/**
 * A turn that answers.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * console.log(ScriptedModel.says("18 °C.").finish, ScriptedModel.says("18", "length").finish) // => stop length
 * ```
 */
export const says = (text: string, finish: ChatModel.Turn["finish"] = "stop"): Turn => turn({ text, finish })

/**
 * A turn that asks for tools.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * const turn = ScriptedModel.calls({ name: "get_weather", arguments: { city: "Tokyo" } }, { name: "ping" })
 * console.log(turn.message.calls.map(({ id, name }) => `${id} ${name}`).join())
 * // => call_1 get_weather,call_2 ping
 * ```
 */
export const calls = (...calls: ReadonlyArray<Wanted>): Turn => turn({ calls })

/**
 * A turn in which the model will not answer.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * console.log(ScriptedModel.refuses("I will not say that.").finish) // => refusal
 * ```
 */
export const refuses = (text: string): Turn => turn({ text, finish: "refusal" })

/**
 * A turn that the provider could not read; it may leave a text behind, or nothing.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * const turn = ScriptedModel.malformed("a call without a name")
 * console.log(turn.finish, turn.problem) // => malformed a call without a name
 * ```
 */
export const malformed = (problem: string, text = ""): Turn => ({ ...turn({ text, finish: "malformed" }), problem })

/**
 * A turn after which the provider wants the same conversation again.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * console.log(ScriptedModel.pauses().finish) // => pause
 * ```
 */
export const pauses = (text = ""): Turn => turn({ text, finish: "pause" })

/**
 * A turn that met the limit of its length; its last call is cut off.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * const turn = ScriptedModel.cutOff(ScriptedModel.calls({ name: "ping" }, { name: "ping" }))
 * console.log(turn.finish, turn.message.calls.map(({ status }) => status).join()) // => length complete,truncated
 * ```
 */
export const cutOff = (whole: Turn): Turn => {
  const last = whole.message.calls.length - 1
  const calls = whole.message.calls.map((call, index) =>
    index === last ? { ...call, status: "truncated" as const } : call
  )
  return { ...whole, message: { ...whole.message, calls }, finish: "length" }
}

/**
 * No turn, for this reason.
 *
 * @example
 * ```ts
 * import { Agent, ChatModelError, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect } from "effect"
 *
 * const reason = new ChatModelError.RateLimited({ message: "slow down", retryAfterMillis: 1000 })
 * const model = ScriptedModel.layer([ScriptedModel.fails(reason)])
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(agent, model)))
 * console.log(error.reason._tag) // => RateLimited
 * ```
 */
export const fails = (reason: Reason): Failure => ({ fails: reason })

/**
 * A turn whose stream ends with an error after this many parts: pieces of its text, then its calls, then the whole of
 * it.
 *
 * @example
 * ```ts
 * import { Agent, ChatModelError, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Console, Effect, Stream } from "effect"
 *
 * const reason = ChatModelError.fromCutStream("the last event")
 * const model = ScriptedModel.layer([ScriptedModel.breaksOff(ScriptedModel.says("Hello."), { after: 1, reason })])
 * const events = Agent.stream({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * const read = Stream.runForEach(events, (event) => event._tag === "Text" ? Console.log(event.text) : Effect.void)
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(read, model)))
 * console.log(error._tag)
 * // => Hello.
 * // => ChatModelError
 * ```
 */
export const breaksOff = (
  whole: Turn,
  broken: { readonly after: number; readonly reason: Reason }
): Turn => ({ ...whole, broken })

/**
 * Gives a step a pace.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * // In a test, the `TestClock` moves this time.
 * const answer = ScriptedModel.paced(ScriptedModel.says("Good morning."), { latency: "5 millis", fragment: 5 })
 * const texts = []
 * for await (
 *   const event of Agent.iterate({ toolkit: Toolkit.make(), prompt: "Hi!", model: ScriptedModel.layer([answer]) })
 * ) {
 *   if (event._tag === "Text") texts.push(event.text)
 * }
 * console.log(texts) // => [ 'Good ', 'morni', 'ng.' ]
 * ```
 */
export const paced = <S extends Step>(step: S, pace: Pace): S => ({ ...step, pace: { ...step.pace, ...pace } })

/** The steps of a model: a list, or a function of the request and its number, from 1. */
export type Script =
  | ReadonlyArray<Step>
  | ((request: ChatModel.Request, number: number) => Step | Effect.Effect<Step, ChatModelError>)

/** A model, and the requests that it got, in order. */
export interface ScriptedModel {
  readonly layer: Layer.Layer<ChatModel.ChatModel>
  readonly requests: ReadonlyArray<ChatModel.Request>
}

/**
 * Makes a model of a script.
 *
 * - `repeat`: repeats the last step for ever; otherwise the model dies with `ScriptEnded` at the end of the script
 * - a conversation that breaks a law dies with `BrokenConversation`: no provider would take it
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const model = ScriptedModel.make(({ conversation }) =>
 *   ScriptedModel.says(`I read ${conversation.messages.length} messages.`)
 * )
 * const toolkit = Toolkit.make()
 * const { answer } = await Agent.runPromise({ toolkit, prompt: "Hello!", system: "Be short.", model: model.layer })
 * console.log(answer, model.requests.length) // => I read 2 messages. 1
 * ```
 */
export const make = (script: Script, options: { readonly repeat?: boolean | undefined } = {}): ScriptedModel => {
  refuseNoScript(script)
  const requests: Array<ChatModel.Request> = []
  const next = (request: ChatModel.Request): Effect.Effect<Step, ChatModelError> =>
    Effect.suspend(() => {
      const number = requests.push(request)
      const violation = violationOf(request.conversation)
      if (violation !== undefined) return Effect.die(violation)
      if (typeof script === "function") {
        const step = script(request, number)
        return Effect.isEffect(step) ? step : Effect.succeed(step)
      }
      const step = script[number - 1] ?? (options.repeat === true ? script.at(-1) : undefined)
      return step === undefined ? Effect.die(new ScriptEnded({ turns: script.length })) : Effect.succeed(step)
    })
  const service: ChatModel.ChatModel["Service"] = {
    about: { provider: "scripted", model: "scripted" },
    generate: (request) => Effect.flatMap(next(request), whole),
    stream: (request) => Stream.unwrap(Effect.map(next(request), streamed))
  }
  return { layer: Layer.succeed(ChatModel.ChatModel, service), requests }
}

/**
 * Provides a model of a script, if you do not need its requests; the options are those of `make`.
 *
 * @example
 * ```ts
 * import { Agent, Tool, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => 1
 * })
 * const model = ScriptedModel.layer([ScriptedModel.calls({ name: "ping" }), ScriptedModel.says("It answers.")])
 * const { answer, rounds } = await Agent.runPromise({ toolkit: Toolkit.make(ping), prompt: "Is it there?", model })
 * console.log(rounds.length, answer) // => 1 It answers.
 * ```
 */
export const layer = (
  script: Script,
  options?: { readonly repeat?: boolean | undefined }
): Layer.Layer<ChatModel.ChatModel> => Layer.unwrap(Effect.sync(() => make(script, options).layer))

/**
 * Makes a model that repeats the turns of a recorded run, for its agent and the inner agents.
 *
 * - an agent is recognized by its conversation so far; agents without one take the recorded agents in the order in
 *   which those began
 * - a turn that is not in the run dies with `ScriptEnded`
 * - turns come at once; requests that got no turn in the run are left out
 *
 * @example
 * ```ts
 * import { Agent, AgentEvent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const toolkit = Toolkit.make()
 * const prompt = "Hello!"
 * const events = [] // or those of a file: `Run.decode` of @volley/telemetry
 * for await (
 *   const event of Agent.iterate({ toolkit, prompt, model: ScriptedModel.layer([ScriptedModel.says("Hello.")]) })
 * ) {
 *   events.push(AgentEvent.encode(event))
 * }
 * const again = ScriptedModel.fromRun({ events })
 * console.log((await Agent.runPromise({ toolkit, prompt, model: again.layer })).answer) // => Hello.
 * ```
 */
export const fromRun = (run: Recorded): ScriptedModel => {
  const next = replay(run)
  return make(({ conversation }) => {
    const turn = next(conversation)
    return turn === undefined ? Effect.die(new ScriptEnded({ turns: turnsOf(run) })) : Effect.succeed(turn)
  })
}

const turnsOf = ({ events }: Recorded): number =>
  events.filter((event) => (event._tag === "Nested" ? event.event : event)._tag === "TurnEnded").length

/**
 * The parts of a turn, as a model streams it: pieces of its text, then its calls, then the whole of it.
 *
 * @example
 * ```ts
 * import { ScriptedModel } from "@volley/testing"
 *
 * const turn = ScriptedModel.turn({ text: "One moment.", calls: [{ name: "ping" }] })
 * console.log(ScriptedModel.partsOf(turn).map(({ _tag }) => _tag).join()) // => Text,Call,Turn
 * ```
 */
export const partsOf = (turn: Turn): ReadonlyArray<ChatModel.Part> => [
  ...pieces(turn.message.text, turn.pace?.fragment).map((text) => ({ _tag: "Text", text }) as const),
  ...turn.message.calls.map((call) => ({ _tag: "Call", call }) as const),
  { _tag: "Turn", turn: turnOf(turn), response: undefined }
]

const turnOf = ({ broken: _broken, pace: _pace, ...turn }: Turn): ChatModel.Turn => turn

const pieces = (text: string, size: number | undefined): ReadonlyArray<string> => {
  if (size === undefined || text === "") return text === "" ? [] : [text]
  const letters = Array.from(text)
  return Array.from(
    { length: Math.ceil(letters.length / size) },
    (_, n) => letters.slice(n * size, (n + 1) * size).join("")
  )
}

/** A turn takes as long for whom it is not streamed. */
const whole = (step: Step): Effect.Effect<ChatModel.Turn, ChatModelError> => {
  const latency = latencyOf(step)
  if ("fails" in step) return Effect.delay(failing(step.fails), latency)
  const parts = partsOf(step).length
  const { broken, pace } = step
  const pauses = broken === undefined ? parts - 1 : Math.min(broken.after, parts - 1)
  const millis = Duration.toMillis(latency) + pauses * Duration.toMillis(Duration.fromInputUnsafe(pace?.pause ?? 0))
  return Effect.delay(broken === undefined ? Effect.succeed(turnOf(step)) : failing(broken.reason), millis)
}

const streamed = (step: Step): Stream.Stream<ChatModel.Part, ChatModelError> => {
  const latency = latencyOf(step)
  if ("fails" in step) return Stream.fromEffect(Effect.delay(failing(step.fails), latency))
  const { broken, pace } = step
  const parts = partsOf(step)
  const wait = (index: number) => Effect.sleep(index === 0 ? latency : Duration.fromInputUnsafe(pace?.pause ?? 0))
  const told = broken === undefined ? parts : parts.slice(0, Math.min(broken.after, parts.length - 1))
  const written = Stream.fromIterable(told).pipe(
    Stream.zipWithIndex,
    Stream.mapEffect(([part, index]) => Effect.as(wait(index), part))
  )
  return broken === undefined
    ? written
    : Stream.concat(written, Stream.fromEffect(Effect.andThen(wait(told.length), failing(broken.reason))))
}

const latencyOf = ({ pace }: Step): Duration.Duration => Duration.fromInputUnsafe(pace?.latency ?? 0)

const failing = (reason: Reason) => Effect.fail(new ChatModelError({ wire: "scripted", reason }))

/** A script has no turn left for a request. */
export class ScriptEnded extends Data.TaggedError("ScriptEnded")<{ readonly turns: number }> {
  override get message(): string {
    return `ScriptedModel: all ${this.turns} turns of the script are taken, and the model is asked for one more; ` +
      "add a turn, or say `{ repeat: true }`."
  }
}

/** Throws for what plain JavaScript gives in place of a script. */
const refuseNoScript = (script: unknown): void => {
  if (typeof script === "function") return
  if (!Array.isArray(script)) {
    throw new TypeError(
      "ScriptedModel: a script is a list of turns, or a function: write [ScriptedModel.says(\"Hello.\")]."
    )
  }
  const odd = script.findIndex((step) => typeof step !== "object" || step === null)
  if (odd !== -1) throw new TypeError(`ScriptedModel: step ${odd + 1} is no turn: write ScriptedModel.says("Hello.").`)
}
