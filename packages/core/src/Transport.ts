/**
 * Limits for HTTP: how long an answer may take, how much of it is read, and no redirects to other servers.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { withoutSecretsIn } from "./internal/address.ts"
import { Alarm } from "./internal/alarm.ts"
import { sleeper, stopwatch } from "./internal/clock.ts"
import { read as readDuration } from "./internal/duration.ts"
import { changed, type ServerEvent } from "./internal/events.ts"
import { safely } from "./internal/guarded.ts"
import { platformFetch } from "./internal/platformFetch.ts"
import { isHarmless, redirectIn } from "./internal/redirect.ts"
import { seen } from "./internal/seen.ts"
import { cut } from "./internal/text.ts"
import * as Url from "./internal/url.ts"
import * as Thrown from "./Thrown.ts"

export { secretsOf, secretsOfHeaders, withoutSecrets } from "./internal/address.ts"
export type { ServerEvent } from "./internal/events.ts"

/** The limits of an answer. To have no limit, write `"unbounded"`. */
export interface Options {
  /**
   * How long until an answer begins, that is, until its status and headers arrive: such as `"5 seconds"`, or a number of
   * milliseconds. 60 seconds by default.
   */
  readonly firstByte?: Duration.Input | "unbounded" | undefined
  /**
   * How long until the next bytes of its body, while Volley waits for them: such as `"5 seconds"`, or a number of
   * milliseconds. 60 seconds by default.
   *
   * - of a refusal: how long until all of it is there; what has come by then is read
   */
  readonly idle?: Duration.Input | "unbounded" | undefined
  /** The most bytes of a body, counted after decompression; 32 MiB by default. */
  readonly maxBytes?: number | "unbounded" | undefined
}

/** An answer did not begin in time, or stopped for too long. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", {
  limit: Schema.Literals(["firstByte", "idle"]),
  millis: Schema.Finite
}) {
  readonly isRetryable = true
  override get message(): string {
    const what = this.limit === "firstByte" ? "no answer began within" : "the answer stood still for"
    return `${what} ${this.millis} ms; \`${this.limit}\` says how long it may`
  }
}

/** An answer is larger than it may be. */
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", {
  maxBytes: Schema.Finite
}) {
  readonly isRetryable = false
  override get message(): string {
    return `the answer has more than ${this.maxBytes} bytes; \`maxBytes\` says how many it may have`
  }
}

/**
 * A server redirects the request to another origin, and the redirect was not followed.
 *
 * - `to`: that origin, or the scheme of an address that has none; browsers do not say it
 */
export class Redirected extends Schema.TaggedError<Redirected>()("Redirected", {
  status: Schema.Int,
  to: Schema.optional(Schema.String)
}) {
  readonly isRetryable = false
  override get message(): string {
    const where = this.to ?? "a place that this runtime does not tell"
    return `it redirects to ${where}, which was not followed; if that is the right server, give its final address`
  }
}

/** How a request over HTTP fails. */
export const Failure = Schema.Union([TimedOut, TooLarge, Redirected])
export type Failure = typeof Failure.Type

/** A function that sends a request. */
export type Fetch = typeof globalThis.fetch

/**
 * Makes a `fetch` with limits, from the given one or the global one; for any client that takes a `fetch`.
 *
 * - a redirect is followed only within its origin, and only if the request stays as it is
 * - bytes are counted, and time runs, while the body is read; the clock is the one of the fiber that makes this
 * - a `fetch` of your own must obey `signal` and `redirect: "manual"`
 * - errors: `failureIn` finds them in what a client throws. A redirect comes to light where the body is read, because clients
 *   send again what fails before
 * - dies if an option makes no sense
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const limited = yield* Transport.within({ firstByte: "10 seconds", maxBytes: 4 })
 *   const send = limited(() => Promise.resolve(new Response("far too long"))) // the global `fetch` when left out
 *   const text = Effect.tryPromise(() => send("https://example.org").then((response) => response.text()))
 *   return Transport.failureIn((yield* Effect.flip(text)).cause)
 * })
 * console.log((await Effect.runPromise(program))?.message)
 * // => the answer has more than 4 bytes; `maxBytes` says how many it may have
 * ```
 */
export const within = Effect.fnUntraced(function*(
  options: Options,
  onBroken: OnBroken = () => {}
): Effect.fn.Return<(send?: Fetch) => Fetch> {
  const limits = limitsOf(options)
  const context = yield* Effect.context<never>()
  const [now, sleep] = [stopwatch(context), sleeper(context)]
  return (send = platformFetch) => (input, init = {}) =>
    exchange(send, input, init, { ...limits, alarm: new Alarm(now, sleep), now, onBroken })
})

/**
 * Keeps a client to limits that sends its requests by itself, as far as they show from outside.
 *
 * - `answer`: waits for what a client gives, with its own further attempts, no longer than `firstByte`; the signal is aborted then
 * - `events`: waits for each event no longer than `idle`, and takes no more of them than have `maxBytes` as JSON
 * - errors: what the client threw, or what `failureIn` finds
 * - throws where an option makes no sense
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 * import { Effect } from "effect"
 *
 * const limits = Transport.around({ firstByte: "5 millis" }) // for a client that takes no `fetch`
 * const hangs = limits.answer(() => new Promise(() => {}))
 * console.log(Transport.failureIn(await Effect.runPromise(Effect.flip(hangs)))?._tag) // => TimedOut
 * ```
 */
export const around = (options: Options): {
  readonly answer: <A>(ask: (signal: AbortSignal) => Promise<A>) => Effect.Effect<A, unknown>
  readonly events: (events: AsyncIterable<unknown>) => Stream.Stream<unknown, unknown>
} => {
  const { firstByte, idle, maxBytes } = limitsOf(options)
  const idled = () => Stream.fail(new Broken(new TimedOut({ limit: "idle", millis: idle })))
  return {
    answer: (ask) => timed("firstByte", firstByte, ask),
    events: (events) =>
      Stream.fromAsyncIterable(events, (thrown) => thrown).pipe(
        Stream.timeoutOrElse({ duration: idle, orElse: idled }),
        maxBytes === Infinity ? (all) => all : noMoreThan(maxBytes)
      )
  }
}

const noMoreThan = (maxBytes: number) =>
  Stream.mapAccumEffect(() => 0, (before: number, event: unknown) => {
    const bytes = before + lengthOf(event)
    return bytes > maxBytes
      ? Effect.fail(new Broken(new TooLarge({ maxBytes })))
      : Effect.succeed([bytes, [event]] as const)
  })

/** The length of an event as JSON; what cannot be written so counts for nothing. */
const lengthOf = (event: unknown): number => safely(() => JSON.stringify(event)?.length) ?? 0

/**
 * Has the server-sent events of a response written anew, for an SDK that does not read all that servers send.
 *
 * - comes: the name of an event, and its data in one line; comments, ids and events without data do not
 * - `change`: what comes in place of an event; nothing where it is undefined
 * - an error as JSON in place of events comes as one event, and nothing of other JSON; an event that is cut off comes
 *   without its end
 * - it is the same response, whose `body` is another one; one that is being read already stays as it is
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 *
 * const sent = [": alive", "event: keepalive", "id: 1\ndata: {}", "data: [DONE]"].join("\n\n")
 * const { body } = Transport.changeEvents(new Response(sent), (event) => event.isDone ? undefined : event)
 * console.log((await new Response(body).text()).trim()) // => data: {}
 * ```
 */
export const changeEvents = (
  response: Response,
  change: (event: ServerEvent) => ServerEvent | undefined
): Response => {
  const { body, bodyUsed } = response
  if (body !== null && !bodyUsed) {
    Reflect.defineProperty(response, "body", { configurable: true, value: changed(body, change) })
  }
  return response
}

/** Hears of what broke off in the middle of a body, and of which request that was. */
export type OnBroken = (failure: Failure, request: RequestInit) => void

/**
 * What was thrown here on the way to what a client threw; undefined where nothing was.
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 * import { Effect } from "effect"
 *
 * const limited = await Effect.runPromise(Transport.within({ firstByte: "5 millis" }))
 * const never = limited(() => new Promise(() => {}))
 * await never("https://example.org").catch((thrown) => console.log(Transport.failureIn(thrown)?._tag))
 * // => TimedOut
 * ```
 */
export const failureIn = (thrown: unknown): Failure | undefined =>
  Thrown.chainOf(thrown).find((at) => at instanceof Broken)?.failure

/**
 * What keeps `fetch` from asking at an address, which is called `name` there; undefined where nothing does.
 *
 * - `send`: one of your own, which may know more addresses
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 *
 * console.log(Transport.problemOf("ftp://example.org", "baseUrl"))
 * // => baseUrl does not begin with http:// or https://
 * console.log(Transport.problemOf("https://example.org", "baseUrl")) // => undefined
 * ```
 */
export const problemOf = (address: string, name: string, send?: Fetch): string | undefined => {
  const url = Url.parse(address)
  if (url === undefined) return `${name} is no URL`
  if (send !== undefined) return undefined
  const { password, protocol, username } = url
  if (!/^https?:$/.test(protocol)) return `${name} does not begin with http:// or https://`
  return username + password === ""
    ? undefined
    : `${name} has a user or a password, which no request can have in its address: give them as headers`
}

/**
 * Words from outside, as an error has them: with bare addresses, and cut at 4 KiB.
 *
 * - `secrets`: texts that are not to be seen either
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 *
 * console.log(Transport.quoted("no such key: sk-123 at https://example.org/v1?key=sk-123", ["sk-123"]))
 * // => no such key: <hidden> at https://example.org/v1
 * ```
 */
export const quoted = (text: string, secrets: ReadonlyArray<string> = []): string => {
  const longestFirst = secrets.toSorted((one, other) => other.length - one.length)
  return cut(longestFirst.reduce((left, secret) => left.replaceAll(secret, "<hidden>"), withoutSecretsIn(text)), 4096)
}

type Timed = "firstByte" | "idle"

interface Limits {
  readonly firstByte: number
  readonly idle: number
  readonly maxBytes: number
}

const limitsOf = ({ firstByte = 60_000, idle = 60_000, maxBytes = 33_554_432 }: Options): Limits => {
  if (maxBytes === "unbounded" || (Number.isInteger(maxBytes) && maxBytes > 0)) {
    return {
      firstByte: millisOf("firstByte", firstByte),
      idle: millisOf("idle", idle),
      maxBytes: maxBytes === "unbounded" ? Infinity : maxBytes
    }
  }
  throw new RangeError(`maxBytes is ${seen(maxBytes)}: give a whole number from 1 on, or "unbounded".`)
}

const millisOf = (limit: Timed, value: Duration.Input | "unbounded"): number =>
  value === "unbounded" ? Infinity : Duration.toMillis(readDuration(value, limit, ", or \"unbounded\""))

/** A failure on its way through a client; clients drop what says in its name that time was up. */
class Broken extends Error {
  override readonly name = "Broken"
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

const timed = <A>(
  limit: Timed,
  millis: number,
  work: (signal: AbortSignal) => Promise<A>
): Effect.Effect<A, unknown> => {
  const done = Effect.mapError(Effect.tryPromise(work), ({ cause }) => cause)
  if (millis === Infinity) return done
  const orElse = () => Effect.fail(new Broken(new TimedOut({ limit, millis })))
  return Effect.timeoutOrElse(done, { duration: millis, orElse })
}

/** One request and its answer; `alarm` is its own, and a wait that is over leaves its timer to the next one. */
interface Exchange extends Limits {
  readonly alarm: Alarm
  readonly now: () => number
  readonly onBroken: OnBroken
}

const inTime = <A>(limit: Timed, work: () => Promise<A>, how: Exchange): Promise<A> =>
  new Promise((resolve, reject) => {
    const millis = how[limit]
    const wait = {
      expiresAt: how.now() + millis,
      over: false,
      ring: () => reject(new Broken(new TimedOut({ limit, millis })))
    }
    how.alarm.add(wait)
    void work().then(resolve, reject).finally(() => wait.over = true)
  })

/** Sends one request, and lets go of its connection when a limit is met. */
const exchange = async (send: Fetch, input: Parameters<Fetch>[0], init: RequestInit, how: Exchange) => {
  const { end, signal } = endingWith(init.signal, how.alarm)
  const asked = () => followed(send, input, { ...init, signal, redirect: "manual" }, 5)
  const response = await inTime("firstByte", asked, how).catch((error) => {
    end(error)
    throw error
  })
  // Somebody may never read it, and a timer would keep the process.
  how.alarm.stop()
  return counted(response, how, (error) => {
    if (error instanceof Broken) how.onBroken(error.failure, init)
    end(error)
  })
}

/** A signal that is aborted with another one, until it ends; a signal of `AbortSignal.any` stays with those that it depends on. */
const endingWith = (given: AbortSignal | null | undefined, alarm: Alarm) => {
  const controller = new AbortController()
  const abort = () => controller.abort(given?.reason)
  if (given?.aborted === true) abort()
  given?.addEventListener("abort", abort)
  const end = (error?: unknown) => {
    alarm.stop()
    given?.removeEventListener("abort", abort)
    if (error !== undefined) controller.abort(error)
  }
  return { signal: controller.signal, end }
}

/** Sends a request, and follows harmless redirects, at most `left` of them. */
const followed = async (
  send: Fetch,
  input: Parameters<Fetch>[0],
  init: RequestInit,
  left: number
): Promise<Response> => {
  const response = await send(input, init)
  const from = input instanceof Request ? input.url : String(input)
  const redirect = redirectIn(response, from)
  if (redirect === undefined) return response
  await response.body?.cancel()
  const { status, to } = redirect
  return left > 0 && to !== undefined && !(input instanceof Request) && isHarmless(redirect, from, init)
    ? followed(send, to, init, left - 1)
    : unreadable(new Broken(new Redirected({ status, to: to?.origin === "null" ? to.protocol : to?.origin })))
}

/** A response whose body cannot be read; clients take it for an answer, and send nothing again. */
const unreadable = (error: Broken): Response => {
  const body = new ReadableStream({ pull: (controller) => controller.error(error) }, { highWaterMark: 0 })
  return new Response(body, { headers: { "content-type": "application/json" } })
}

/** The same response, whose body comes in time and has a limit; `end` hears when it is over, and of what ended it early. */
const counted = (response: Response, how: Exchange, end: (error?: unknown) => void): Response => {
  const { body, headers, ok, status, statusText } = response
  if (body === null) {
    end()
    return response
  }
  const reader = body.getReader()
  let bytes = 0
  /** Hands on the next bytes; true at the end. */
  const next = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<boolean> => {
    const { done, value } = await reader.read()
    if (done) {
      end()
      controller.close()
      return true
    }
    bytes += value.byteLength
    if (bytes > how.maxBytes) throw new Broken(new TooLarge({ maxBytes: how.maxBytes }))
    controller.enqueue(value)
    return false
  }
  const all = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    while (!await next(controller));
  }
  const read = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) =>
      inTime("idle", async () => void await (ok ? next(controller) : all(controller)), how).catch((error) => {
        end(error)
        // A refusal is known by its status: what more it says is let go.
        if (ok || !(error instanceof Broken)) throw error
        controller.close()
      }),
    cancel: (reason) => {
      end()
      return reader.cancel(reason)
    }
  }, { highWaterMark: 0 })
  return new Response(read, { status: status < 200 || status > 599 ? 500 : status, statusText, headers })
}
