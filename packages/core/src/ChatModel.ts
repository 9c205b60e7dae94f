/**
 * The model, as a service that a provider's Layer provides.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as JsonSchema from "effect/JsonSchema"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import {
  ChatModelError,
  type Hidden,
  InvalidRequest,
  readWith,
  type Reason,
  shown,
  UnusableResponse
} from "./ChatModelError.ts"
import { Assistant, type Conversation } from "./Conversation.ts"
import { followed } from "./internal/followed.ts"
import { type About, aboutAt, optionNames } from "./internal/provider.ts"
import type { Call } from "./internal/toldCalls.ts"
import { misspelt } from "./internal/tool/mistakes.ts"
import * as Url from "./internal/url.ts"
import { messageOf } from "./Thrown.ts"
import type { ToolCall } from "./ToolCall.ts"
import * as Toolkit from "./Toolkit.ts"
import * as Transport from "./Transport.ts"
import { Usage } from "./Usage.ts"

export type { About } from "./internal/provider.ts"
export { type Call, nothingTold, tell, type Told } from "./internal/toldCalls.ts"
export { count as tokens, type Usage } from "./Usage.ts"

/** Whether the model may, must or must not call tools. */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/** A request to a model. */
export interface Request {
  /** What was said until now. */
  readonly conversation: Conversation
  /** The tools that the model may call. */
  readonly toolkit?: Toolkit.Any | undefined
  /** The provider's own default when left out; ignored without tools. */
  readonly toolChoice?: ToolChoice | undefined
  /** Whether a turn may have several calls; the provider's own default when left out. Ignored without tools. */
  readonly parallelToolCalls?: boolean | undefined
  /** What the text of the turn must be, if the turn calls no tools. */
  readonly output?: Output | undefined
}

/** JSON of a schema (draft 2020-12, an object at its root), asked for by the provider's own means. */
export interface Output {
  readonly name: string
  readonly jsonSchema: JsonSchema.JsonSchema
}

/**
 * Describes in words what an answer must be, for the system prompt of an API that does not take the schema itself.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 *
 * const jsonSchema = { type: "object", properties: { celsius: { type: "number" } } }
 * console.log(ChatModel.outputInWords({ name: "weather", jsonSchema }))
 * // => Once you call no more tools, answer with nothing but JSON of this schema: {"type":"object","properties":{"celsius":{"type":"number"}}}
 * ```
 */
export const outputInWords = ({ jsonSchema }: Output): string =>
  `Once you call no more tools, answer with nothing but JSON of this schema: ${JSON.stringify(jsonSchema)}`

/** A model's turn. */
export const Turn = Schema.Struct({
  message: Assistant,
  finish: Schema.Literals(["stop", "tool-calls", "length", "refusal", "pause", "malformed"]),
  usage: Usage,
  problem: Schema.optional(Schema.String),
  model: Schema.optional(Schema.String)
})
export interface Turn extends Schema.Schema.Type<typeof Turn> {
  /** Its text and its calls. */
  readonly message: Assistant
  /**
   * Why it ended: `"length"` if it was cut off, `"pause"` if the provider wants the same conversation sent again,
   * `"malformed"` if the model wrote calls that its provider could not read; none of the turn's calls may run then.
   */
  readonly finish: typeof Turn.Type["finish"]
  /** The tokens that it took. */
  readonly usage: Usage
  /** What the provider says of a malformed turn. */
  readonly problem?: string | undefined
  /** Which model wrote it, as the provider says. */
  readonly model?: string | undefined
}

/** A piece of text of a turn. */
export interface Text {
  readonly _tag: "Text"
  readonly text: string
}

/**
 * The whole turn, as its last part; `response` is the turn in the form in which its provider writes one that is not
 * streamed.
 */
export interface Whole<out Response> {
  readonly _tag: "Turn"
  readonly turn: Turn
  readonly response: Response
}

/** A part of a turn that is being streamed. */
export type Part<Response = unknown> = Text | Call | Whole<Response>

/**
 * Gives the next turn of a conversation. Interrupting it aborts the request.
 *
 * - `about`: the provider and the model, if known; a wrapper of a model passes it on
 * - `stream`: the turn in parts: its text, each of its calls once, and at last the whole turn. If the end of the turn
 *   shows that a complete call does not count, that call comes again, truncated
 */
export class ChatModel extends Context.Service<ChatModel, {
  readonly about?: About | undefined
  readonly generate: (request: Request) => Effect.Effect<Turn, ChatModelError>
  readonly stream: (request: Request) => Stream.Stream<Part, ChatModelError>
}>()("@volley/core/ChatModel") {}

/** Gives a model whose turns are followed, where it was provided; `@volley/telemetry` makes spans and metrics of them. */
export const TurnObserver = Context.Reference<
  ((model: ChatModel["Service"]) => ChatModel["Service"]) | undefined
>("@volley/core/TurnObserver", { defaultValue: () => undefined })

/** The options of a provider's API; the Layers of all providers take them. */
export interface ApiOptions extends Transport.Options {
  readonly model: string
  /** The key, as text or `Redacted`; no error and no log shows it. */
  readonly apiKey: string | Redacted.Redacted<string>
  /** The address of the API; the official one by default. */
  readonly baseUrl?: string | undefined
  /** The most tokens of one turn, reasoning included; the provider's own limit when left out, where it has one. */
  readonly maxTokens?: number | undefined
  /** How often the SDK sends a request again after a status that may pass; 2 by default. Nothing else retries. */
  readonly maxRetries?: number | undefined
  /** Sends the requests, in place of the global `fetch`; it must obey `signal` and `redirect: "manual"`. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** The name of this server in turns; `baseUrl` by default. Turns of another origin are written anew for this one. */
  readonly origin?: string | undefined
  /** Which ids of calls the server takes back, within those that the wire allows; other calls get new ids. */
  readonly acceptsId?: ((id: string) => boolean) | undefined
}

/** The same with an API key that comes from the configuration, under the name of the provider unless another is given. */
export type ConfigOptions<More extends object = object> = Omit<ApiOptions, "apiKey"> & More & {
  readonly apiKey?: Config.Config<Redacted.Redacted<string>> | undefined
}

/** Further headers and query parameters of requests. */
export interface Extras {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
}

/**
 * The extras of one run, which override those of its Layer:
 * `Effect.provideService(program, ChatModel.Extras, { headers })`.
 */
export const Extras = Context.Reference<Extras>("@volley/core/ChatModel/Extras", { defaultValue: () => ({}) })

/**
 * A Layer's extras and those of the run, put together for its client.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 * import { Context } from "effect"
 *
 * const ofRun = Context.make(ChatModel.Extras, { headers: { "x-run": "7" } })
 * console.log(ChatModel.extrasOf({ headers: { "x-team": "a" } }, ofRun).headers)
 * // => { 'x-team': 'a', 'x-run': '7' }
 * ```
 */
export const extrasOf = (
  own: Extras,
  context: Context.Context<never>
): { readonly headers?: Record<string, string>; readonly query?: Record<string, string> } => {
  const { headers, query } = Context.get(context, Extras)
  return {
    ...((own.headers ?? headers) && { headers: { ...own.headers, ...headers } }),
    ...((own.query ?? query) && { query: { ...own.query, ...query } })
  }
}

/**
 * What turns are remembered by: without what a URL may hold of secrets.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 *
 * console.log(ChatModel.originOf({ baseUrl: "https://me:secret@models.example.org/v1/", origin: undefined }))
 * // => https://models.example.org/v1
 * console.log(ChatModel.originOf({})) // => official
 * ```
 */
export const originOf = ({ baseUrl, origin }: Pick<ApiOptions, "baseUrl" | "origin">): string => {
  if (origin !== undefined) return origin
  const url = baseUrl === undefined ? undefined : Url.parse(baseUrl)
  if (url !== undefined) return `${url.origin}${Url.withoutSlash(url.pathname)}`
  return baseUrl === undefined ? "official" : Transport.withoutSecrets(baseUrl)
}

/**
 * Reads the events of one streamed turn, one behind the other; all of it pure.
 *
 * - `next`: takes an event; gives text, and calls that this event proves complete
 * - `end`: gives the whole turn once no event is left, where the events prove that there is no more of it
 */
export interface Fold<S, out Response> {
  readonly initial: S
  readonly next: (state: S, event: unknown) => Result.Result<readonly [S, ReadonlyArray<Text | Call>], Reason>
  readonly end: (state: S) => Result.Result<Omit<Whole<Response>, "_tag">, Reason>
}

/**
 * The events of a response; throws where it says itself that it is something else, as a server that never streams does.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 *
 * const response = new Response("{}", { headers: { "content-type": "application/json" } })
 * try {
 *   ChatModel.streamOf([], response)
 * } catch (error) {
 *   console.log(String(error)) // => SyntaxError: application/json in place of events
 * }
 * ```
 */
export const streamOf = <A>(events: A, { body, headers }: Pick<Response, "body" | "headers">): A => {
  const type = headers.get("content-type") ?? ""
  if (body !== null && !/json|html/.test(type)) return events
  throw new SyntaxError(`${body === null ? "an empty body" : type} in place of events`)
}

/**
 * Checks an event of unknown origin for what a fold reads of it; gives it back as it came, with all else that it has.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 * import { Result, Schema } from "effect"
 *
 * const read = ChatModel.eventOf(Schema.Struct({ type: Schema.String }))
 * console.log(Result.isSuccess(read({ type: "delta", more: 1 })), Result.isSuccess(read("delta")))
 * // => true false
 * ```
 */
export const eventOf = <A>(schema: Schema.Codec<A, unknown>): (event: unknown) => Result.Result<A, Reason> => {
  const read = readWith(Schema.is(schema), schema)
  return (event) => Result.match(read(event), { onFailure: notAnEvent, onSuccess: Result.succeed })
}

/**
 * An event that is not what the provider's contract says, or does not belong where it came.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 * import { Result } from "effect"
 *
 * const failed = ChatModel.notAnEvent("a delta of a block that never began")
 * console.log(Result.isFailure(failed) && failed.failure.message)
 * // => not an event: a delta of a block that never began
 * ```
 */
export const notAnEvent = (problem: string): Result.Result<never, Reason> =>
  Result.fail(new UnusableResponse({ message: `not an event: ${problem}` }))

/**
 * Text as a part of a turn; an empty one is none.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 *
 * console.log(ChatModel.textPart("Good morning.").length, ChatModel.textPart("").length) // => 1 0
 * ```
 */
export const textPart = (text: string): ReadonlyArray<Text> => text === "" ? [] : [{ _tag: "Text", text }]

/**
 * What is wrong with a response, as the reason that there is no turn.
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 * import { Result } from "effect"
 *
 * const read = ChatModel.orUnusable(Result.fail("it has no choices"))
 * console.log(Result.isFailure(read) && read.failure._tag) // => UnusableResponse
 * ```
 */
export const orUnusable = <A>(read: Result.Result<A, string | Reason>): Result.Result<A, Reason> =>
  Result.mapError(
    read,
    (problem) => typeof problem === "string" ? new UnusableResponse({ message: `not a response: ${problem}` }) : problem
  )

/** How a client is reached: by a key of a Layer, or by itself, within limits that are kept around it. */
export interface Reached extends Pick<Hidden, "secret"> {
  readonly limits?: Transport.Options | undefined
}

/**
 * Makes the service of a provider's client.
 *
 * - `secret`: the API key, which no error shows; left out for a client of your own
 * - `address`, `query`, `headers`: where requests go and what goes with them, of whose secrets no error shows any
 * - `client`: what has keys among its properties, which no error shows either
 * - `limits`: what an answer may take, of a client that sends its requests by itself
 * - `about`: who is asked, unless the address is known as that of another provider
 * - `send`, `open`: ask for a turn, or for its events; aborted when the caller is interrupted, or wants no more events. Both
 *   get the context of the caller, for the references of a wire
 * - `read`, `fold`: read the body of a response, or those events; say why it is none
 * - `reason`: sorts what `send`, `open` or the events rejected with, at the time `now` in milliseconds since the epoch
 *
 * @example
 * ```ts
 * import { ChatModel, ChatModelError, Conversation, Usage } from "@volley/core"
 * import { Effect, Result } from "effect"
 *
 * // A provider whose whole response is the text of its turn.
 * const turnOf = (text: string): ChatModel.Turn => ({
 *   message: { role: "assistant", text, calls: [] },
 *   finish: "stop",
 *   usage: Usage.none
 * })
 * const model = ChatModel.make({
 *   wire: "parrot",
 *   send: async ({ conversation }) => conversation.messages.length,
 *   read: (body) => Result.succeed(turnOf(`That was message ${body}.`)),
 *   open: () => Promise.reject(new Error("it never streams")),
 *   fold: {
 *     initial: "",
 *     next: (state) => Result.succeed([state, []]),
 *     end: (state) => Result.succeed({ turn: turnOf(state), response: state })
 *   },
 *   reason: (error) => ChatModelError.fromStatus({ status: 500, message: String(error) })
 * })
 * const { message } = await Effect.runPromise(model.generate({ conversation: Conversation.make("Hello!") }))
 * console.log(message.text) // => That was message 1.
 * ```
 */
export const make = <S>(
  client: Hidden & Reached & {
    readonly wire: string
    readonly about?: About | undefined
    readonly send: (request: Request, signal: AbortSignal, context: Context.Context<never>) => Promise<unknown>
    readonly read: (body: unknown) => Result.Result<Turn, string | Reason>
    readonly open: (
      request: Request,
      signal: AbortSignal,
      context: Context.Context<never>
    ) => Promise<AsyncIterable<unknown>>
    readonly fold: Fold<S, unknown>
    readonly reason: (error: unknown, now: number) => Reason
  }
): ChatModel["Service"] => {
  const { open, read, reason, send, wire } = client
  if (client.about !== undefined && typeof client.about.model !== "string") return refusing(wire, noModel)
  const held = Transport.around(client.limits ?? { firstByte: "unbounded", idle: "unbounded", maxBytes: "unbounded" })
  const warnOfLax = Toolkit.laxWarnings()
  const warn = ({ toolkit }: Request) => toolkit ? warnOfLax(toolkit) : Effect.void
  const rejected = (cause: unknown) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => failWith(wire, reason(cause, now)))
  const showing = (context: Context.Context<never>) => (error: ChatModelError) =>
    shown({ ...client, ...extrasOf(client, context) })(error)
  const generate = Effect.fnUntraced(
    function*(request: Request) {
      yield* warn(request)
      const context = yield* Effect.context()
      const body = yield* Effect.catch(held.answer((signal) => send(request, signal, context)), rejected)
      return yield* orFail(wire, orUnusable(read(body)))
    },
    (turn) => Effect.contextWith((context: Context.Context<never>) => Effect.mapError(turn, showing(context)))
  )
  const events = Effect.fnUntraced(function*(request: Request, context: Context.Context<never>) {
    yield* warn(request)
    const signal = yield* Effect.abortSignal
    const events = yield* Effect.catch(held.answer(() => open(request, signal, context)), rejected)
    return asTheyCame(client, held.events(events))
  })
  const stream = (request: Request) =>
    Stream.unwrap(
      Effect.map(Effect.context(), (context) =>
        Stream.mapError(Stream.unwrap(events(request, context)), showing(context)))
    )
  return followed(
    wire,
    { about: client.about && aboutAt(client.address, client.about), generate, stream },
    TurnObserver
  )
}

/**
 * Makes the service of an official client, which sends its requests by what it is given, within the limits of the options.
 *
 * - `make`: gets a `fetch` that keeps the limits, and the key
 * - where nothing can be sent to its address, an option is misspelt or the client cannot be made, each request fails with
 *   `InvalidRequest`
 *
 * @example
 * ```ts
 * import { ChatModel, Conversation } from "@volley/core"
 * import { Effect } from "effect"
 *
 * // Nothing can be sent there, so every request says so; `make` gets a `fetch` that keeps the limits.
 * const options = { apiKey: "key", baseUrl: "no address" }
 * const program = Effect.gen(function*() {
 *   const model = yield* ChatModel.reached("parrot", options, () => {
 *     throw new Error("not asked")
 *   })
 *   return yield* Effect.flip(model.generate({ conversation: Conversation.make("Hello!") }))
 * })
 * console.log((await Effect.runPromise(program)).reason.message) // => `baseUrl` is no URL
 * ```
 */
export const reached = (
  wire: string,
  options: Pick<ApiOptions, "apiKey" | "baseUrl" | "fetch"> & Transport.Options,
  make: (
    limited: (send?: Transport.Fetch) => Transport.Fetch,
    apiKey: Redacted.Redacted<string>
  ) => ChatModel["Service"]
): Effect.Effect<ChatModel["Service"]> => {
  const { baseUrl: address, fetch } = options
  const secret = secretOf(options.apiKey)
  if (secret === undefined) return Effect.succeed(refusing(wire, noKey))
  const problem = misspelt(options, optionNames satisfies ReadonlyArray<keyof ApiOptions>)
    ?? (address === undefined ? undefined : Transport.problemOf(address, "`baseUrl`", fetch))
  if (problem !== undefined) return Effect.succeed(refusing(wire, problem))
  return Transport.within(options).pipe(
    Effect.map((limited) => make((send) => limited(send ?? fetch), secret)),
    Effect.catchDefect((error) =>
      Effect.succeed(refusing(wire, `the client cannot be made: ${messageOf(error)}`, { address, secret }))
    )
  )
}

const noModel = "`model` is missing: name one, such as \"gpt-4.1\" or \"claude-opus-5-5\""

const noKey = "`apiKey` is missing: give the key as text, or as `Redacted.make(text)`"

/** A key as it was given; undefined where plain JavaScript gave none. */
const secretOf = (apiKey: ApiOptions["apiKey"] | undefined): Redacted.Redacted<string> | undefined =>
  typeof apiKey === "string" ? Redacted.make(apiKey) : Redacted.isRedacted(apiKey) ? apiKey : undefined

const refusing = (wire: string, message: string, hidden: Hidden = {}): ChatModel["Service"] => {
  const error = shown(hidden)(new ChatModelError({ wire, reason: new InvalidRequest({ message }) }))
  return { generate: () => Effect.fail(error), stream: () => Stream.fail(error) }
}

/**
 * The parts of a turn whose events are at hand; codecs give it to those with a client of their own.
 *
 * - a call that is complete comes at once, each other one at the end, right before the whole turn; and so does one that the
 *   end revokes, truncated now: the last of those first, so that none starts because one before it is gone
 *
 * @example
 * ```ts
 * import { ChatModel, ChatModelError, Usage } from "@volley/core"
 * import { Effect, Result, Stream } from "effect"
 *
 * // `OpenAiChat.parts` and its like do this with the codec of their wire; here, events are pieces of text.
 * const codec = {
 *   wire: "parrot",
 *   fold: {
 *     initial: "",
 *     next: (said: string, event: unknown) => Result.succeed([said + event, ChatModel.textPart(String(event))] as const),
 *     end: (text: string) => {
 *       const message = { role: "assistant", text, calls: [] } as const
 *       return Result.succeed({ turn: { message, finish: "stop", usage: Usage.none } as const, response: text })
 *     }
 *   },
 *   reason: (error: unknown) => ChatModelError.fromStatus({ status: 500, message: String(error) })
 * }
 * const events = async function*() {
 *   yield* ["Good ", "morning."]
 * }
 * const parts = await Effect.runPromise(Stream.runCollect(ChatModel.parts(codec, events())))
 * console.log(parts.map(({ _tag }) => _tag).join()) // => Text,Text,Turn
 * ```
 */
export const parts = <S, Response>(
  codec: Codec<S, Response>,
  events: AsyncIterable<unknown>
): Stream.Stream<Part<Response>, ChatModelError> =>
  Stream.mapError(asTheyCame(codec, Stream.fromAsyncIterable(events, (thrown) => thrown)), shown({}))

const asTheyCame = <S, Response>(
  { fold, reason, wire }: Codec<S, Response>,
  events: Stream.Stream<unknown, unknown>
): Stream.Stream<Part<Response>, ChatModelError> =>
  events.pipe(
    Stream.catch((cause) =>
      Stream.fromEffect(Effect.flatMap(Clock.currentTimeMillis, (now) => failWith(wire, reason(cause, now))))
    ),
    Stream.map(Option.some),
    Stream.concat(Stream.succeed(Option.none())),
    Stream.mapAccumEffect(
      (): Progress<S> => ({ state: fold.initial, told: [] }),
      (progress, event) => orFail(wire, Option.isSome(event) ? next(fold, progress, event.value) : end(fold, progress))
    )
  )

/** What reads the events of a wire, and sorts what they reject with. */
interface Codec<S, Response> {
  readonly wire: string
  readonly fold: Fold<S, Response>
  readonly reason: (error: unknown, now: number) => Reason
}

/**
 * A streamed turn, taken apart.
 *
 * - `calls`: for `Batch.dispatch`; can be read once
 * - `whole`: the whole turn, once `calls` have been read to their end; fails as they do
 */
export interface Split<out Response, out E, out R> {
  readonly calls: Stream.Stream<ToolCall, E, R>
  readonly whole: Effect.Effect<Whole<Response>, E>
}

/**
 * Splits the parts of a streamed turn into its calls and the whole turn, which `followUp` takes.
 *
 * @example
 * ```ts
 * import { Batch, ChatModel, Tool, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Stream } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   readOnly: true,
 *   execute: async () => "pong"
 * })
 *
 * // With a client of your own: OpenAiChat.parts(await client.chat.completions.create({ ...request, stream: true }))
 * const parts = Stream.fromIterable(ScriptedModel.partsOf(ScriptedModel.calls({ name: "ping" })))
 * const program = Effect.gen(function*() {
 *   const { calls, whole } = yield* ChatModel.split(parts)
 *   const { outcomes } = yield* Batch.dispatch(Toolkit.make(ping), calls)
 *   return { finish: (yield* whole).turn.finish, answer: outcomes[0]?.encoded }
 * })
 * console.log(await Effect.runPromise(program)) // => { finish: 'tool-calls', answer: '"pong"' }
 * ```
 */
export const split = Effect.fnUntraced(function*<Response, E, R>(
  parts: Stream.Stream<Part<Response>, E, R>
): Effect.fn.Return<Split<Response, E, R>> {
  const whole = yield* Deferred.make<Whole<Response>, E>()
  const unfinished = new Error("The calls of a turn ended, or were read no further, before the whole of it was there.")
  const calls = parts.pipe(
    Stream.tap((part) => part._tag === "Turn" ? Deferred.succeed(whole, part) : Effect.void),
    Stream.onExit((exit) =>
      Exit.isFailure(exit) ? Deferred.failCause(whole, exit.cause) : Deferred.die(whole, unfinished)
    ),
    Stream.filter((part) => part._tag === "Call"),
    Stream.map(({ call }) => call)
  )
  return { calls, whole: Deferred.await(whole) }
})

/** How far a turn was read; `told` are the calls that were complete. */
interface Progress<S> {
  readonly state: S
  readonly told: ReadonlyArray<ToolCall>
}

const next = <S>(fold: Fold<S, unknown>, progress: Progress<S>, event: unknown) =>
  Result.map(fold.next(progress.state, event), ([state, parts]) => {
    const calls = parts.flatMap((part) => part._tag === "Call" ? [part.call] : [])
    return [{ state, told: calls.length === 0 ? progress.told : [...progress.told, ...calls] }, parts] as const
  })

/** What is left to be told of a turn at its end; calls that were told before have to be the same still. */
const end = <S, Response>(fold: Fold<S, Response>, progress: Progress<S>) =>
  Result.flatMap(fold.end(progress.state), (whole) => {
    const { calls } = whole.turn.message
    const byId = new Map(calls.map((call) => [call.id, call]))
    if (!progress.told.every((told) => isSame(told, byId.get(told.id)))) {
      return Result.fail(new UnusableResponse({ message: "a call changed after it was complete" }))
    }
    const told = new Set(progress.told.map(({ id }) => id))
    const revoked = calls.filter(({ id, status }) => told.has(id) && status === "truncated").toReversed()
    const parts: ReadonlyArray<Part<Response>> = [
      ...[...revoked, ...calls.filter(({ id }) => !told.has(id))].map((call): Call => ({ _tag: "Call", call })),
      { _tag: "Turn", ...whole }
    ]
    return Result.succeed([progress, parts] as const)
  })

const isSame = (told: ToolCall, call: ToolCall | undefined): boolean =>
  told.name === call?.name && told.index === call.index
  && JSON.stringify(told.arguments) === JSON.stringify(call.arguments)

const failWith = (wire: string, reason: Reason) => Effect.fail(new ChatModelError({ wire, reason }))

const orFail = <A>(wire: string, result: Result.Result<A, Reason>): Effect.Effect<A, ChatModelError> =>
  Result.isSuccess(result) ? Effect.succeed(result.success) : failWith(wire, result.failure)

/**
 * A layer whose API key comes from the configuration, from `variable` unless another is given.
 *
 * - `More`: the options that only this provider has
 *
 * @example
 * ```ts
 * import { ChatModel } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { ConfigProvider, Effect } from "effect"
 *
 * const layer = ({ apiKey }: ChatModel.ApiOptions) =>
 *   ScriptedModel.layer([ScriptedModel.says(`The key is ${apiKey}.`)]) // a provider's own layer
 * const fromConfig = ChatModel.layerConfig(layer, "MY_API_KEY")
 *
 * const program = ChatModel.ChatModel.use((model) => model.generate({ conversation: { runId: "1", messages: [] } }))
 * const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ MY_API_KEY: "sk-secret" }))
 * const { message } = await Effect.runPromise(program.pipe(
 *   Effect.provide(fromConfig({ model: "parrot-1" })),
 *   Effect.provide(config)
 * ))
 * console.log(message.text) // => The key is <redacted>.
 * ```
 */
export const layerConfig = <More extends object = object>(
  layer: (options: ApiOptions & More & { readonly apiKey: Redacted.Redacted<string> }) => Layer.Layer<ChatModel>,
  variable: string
) =>
(options: ConfigOptions<More>): Layer.Layer<ChatModel, Config.ConfigError> =>
  Layer.unwrap(Effect.map(options.apiKey ?? Config.Redacted(variable), (apiKey) => layer({ ...options, apiKey })))
