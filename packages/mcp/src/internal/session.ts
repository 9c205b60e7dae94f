import {
  Client,
  type ClientOptions,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestOptions,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Tool,
  type Transport
} from "@modelcontextprotocol/client"
import * as Thrown from "@volley/core/Thrown"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type Reason, Refused, Unusable, without } from "../McpError.ts"
import { Forms } from "./forms.ts"
import { reached } from "./http.ts"
import * as News from "./news.ts"
import { issueOf, mend } from "./odd.ts"
import type { Secrets } from "./secrets.ts"
import type { Command, LeftOut, Options } from "./server.ts"
import { notConnected, reasonOf, type Unanswered, unanswered } from "./thrown.ts"
import * as Versions from "./versions.ts"

/**
 * A server that has answered `initialize`, from then until it is gone, or has forgotten that it did.
 *
 * - `gone`: is done when the connection has ended, where that shows by itself
 * - `leave`: lets go of it: its process is ended at once, which is waited for; over HTTP, once it has given its answers
 */
export interface Session {
  readonly client: Client
  readonly gone: Deferred.Deferred<void>
  readonly leave: Effect.Effect<void>
  readonly list: Effect.Effect<Listed, Reason>
  readonly ask: <A>(request: Request<A>) => Effect.Effect<A, Unanswered>
}

/** What a server lists; what it calls a tool is that tool's name. `leftOut` is what is no tool of it. */
export interface Listed {
  readonly tools: ReadonlyArray<Tool>
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** What is asked of a server, once a client is there; the options belong with whatever it is asked. */
export type Request<A> = (client: Client, options: Limits) => Promise<A>

/** - `timeout`: the longest that a timer can wait, since Volley has timeouts of its own */
export interface Limits extends RequestOptions {
  readonly signal: AbortSignal
  readonly timeout: number
}

/**
 * A way to a server, as the SDK takes it.
 *
 * - `explain`: says more of why there is no server, where the way knows
 * - `secrets`: what errors may not have in them
 */
export interface Way extends Transport {
  readonly secrets?: Secrets
  readonly explain?: (reason: Reason) => Reason
}

/** Starts the process of a server, and ends it when the scope closes. */
export type Start = (command: Command) => Effect.Effect<Way, Reason, Scope.Scope>

/** Connects, until the scope closes or the session is closed; `onChange` hears that the server has other tools now. */
export const open = (
  options: Options,
  start: Start,
  onChange: () => void
): Effect.Effect<Session, Reason, Scope.Scope> =>
  opened(options, start, onChange).pipe(Effect.catch((reason) => {
    const version = otherOf(reason, options)
    return version === undefined
      ? Effect.fail(reason)
      : Effect.mapError(opened(options, start, onChange, version), (other) => clearer(reason, other))
  }))

/** The version in which to try once more: one that the server names, or that in which there is no `initialize`. */
const otherOf = (reason: Reason, { url }: Options): string | undefined => {
  if (reason._tag === "UnsupportedVersion") return Versions.inCommon(reason)
  // Over stdio that would start another process.
  const mayAsk = url !== undefined &&
    (reason._tag === "Refused" || (reason._tag === "HttpFailed" && reason.status === 400))
  return mayAsk || (reason._tag === "Refused" && reason.code === methodNotFound) ? Versions.modern : undefined
}

/** Which of two reasons is told: a server that names its versions has said what is wrong, whatever else it refused before. */
const clearer = (first: Reason, second: Reason): Reason =>
  first._tag !== "UnsupportedVersion" && second._tag === "UnsupportedVersion" ? second : first

const methodNotFound = -32601

const opened = Effect.fnUntraced(function*(
  options: Options,
  start: Start,
  onChange: () => void,
  version?: string
): Effect.fn.Return<Session, Reason, Scope.Scope> {
  const outer = yield* Effect.scope
  const scope = yield* Scope.fork(outer)
  const close = Effect.uninterruptible(Scope.close(scope, Exit.void))
  const session = yield* connected(options, start, onChange, version).pipe(
    Scope.provide(scope),
    Effect.onError(() => close)
  )
  return options.url === undefined ? { ...session, leave: close } : lent(session, Effect.forkIn(close, outer))
})

/** Over HTTP a session may be left that still has answers to give; it is closed behind the last of them. */
const lent = (session: Omit<Session, "leave">, close: Effect.Effect<unknown>): Session => {
  const { ask } = session
  let [calls, isLeft] = [0, false]
  const closing = Effect.suspend(() => calls === 0 && isLeft ? Effect.asVoid(close) : Effect.void)
  const come = Effect.sync(() => void calls++)
  const go = Effect.andThen(Effect.sync(() => void calls--), closing)
  return {
    ...session,
    ask: (request) => Effect.acquireUseRelease(come, () => ask(request), () => go),
    leave: Effect.andThen(Effect.sync(() => void (isLeft = true)), closing)
  }
}

const connected = Effect.fnUntraced(function*(
  options: Options,
  start: Start,
  onChange: () => void,
  version: string | undefined
) {
  const transport: Way = yield* options.url === undefined ? start(options) : reached(options)
  const gone = yield* Deferred.make<void>()
  const client = new Client({ name: "volley", version: "0.1.0" }, {
    ...speaking(options, version),
    listMaxPages: 0,
    capabilities: { elicitation: { form: {} } }
  })
  const forms = new Forms(options.name)
  forms.answerBy(client)
  const leftOut: Array<LeftOut> = []
  const first: { result?: unknown } = {}
  // The SDK shows each message to listeners that were there before it.
  Object.assign(transport, {
    onmessage: (message: JSONRPCMessage) => {
      leftOut.push(...mend(message, client.getProtocolEra() === "modern"))
      if (isJSONRPCResultResponse(message)) first.result ??= message.result
    }
  })
  client.setNotificationHandler("notifications/tools/list_changed", onChange)
  yield* asked((limits) => client.connect(transport, limits), (thrown) => {
    const reason = hidden(transport, problemOf(first.result) ?? refusedOf("initialize", thrown))
    return transport.explain?.(reason) ?? reason
  })
  first.result = {}
  Object.assign(client, { onclose: () => Deferred.doneUnsafe(gone, Exit.void) })
  yield* News.listen(client, options, onChange, hiding(transport))
  const ask = asking(client, transport)
  return {
    client,
    gone,
    list: listing(client, transport, leftOut),
    ask: (request) => forms.during(ask(request))
  } satisfies Omit<Session, "leave">
})

/** The versions in which a server is spoken to: this one at first, or any. */
const speaking = ({ url }: Options, version: string | undefined): ClientOptions => {
  if (version === Versions.modern) return { versionNegotiation: { mode: { pin: version } } }
  if (version !== undefined) return { supportedProtocolVersions: [version, ...SUPPORTED_PROTOCOL_VERSIONS] }
  // Over stdio this would start every server twice, for a version that servers of today speak besides an older one.
  return { versionNegotiation: { mode: url === undefined ? "legacy" : "auto" } }
}

/** What is wrong with what a server answered to `initialize`; the SDK says so in words that may change. */
const problemOf = (result: unknown): Reason | undefined => {
  if (result === undefined) return undefined
  const issue = issueOf("InitializeResult", result)
  if (issue !== undefined) {
    return new Unusable({ message: `what it answered to \`initialize\` cannot be read: ${issue}` })
  }
  const version = Thrown.get(result, "protocolVersion")
  return typeof version === "string" && !Versions.isBegun(version) ? Versions.unsupported([version]) : undefined
}

/** What it refused is not in what a server says. */
const refusedOf = (method: string, thrown: unknown): Reason => {
  const reason = reasonOf(thrown)
  return reason._tag === "Refused"
    ? new Refused({ code: reason.code, message: `it refused \`${method}\`: ${reason.message}` })
    : reason
}

/** Lists the tools anew, whatever is known of them; one listing at a time. */
const listing = (client: Client, way: Way, leftOut: Array<LeftOut>): Effect.Effect<Listed, Reason> =>
  Effect.suspend((): Effect.Effect<Pick<Listed, "tools">, Reason> => {
    leftOut.length = 0
    return client.getServerCapabilities()?.tools === undefined
      ? Effect.succeed({ tools: [] })
      : asked(
        (limits) => client.listTools(undefined, { ...limits, cacheMode: "refresh" }),
        (thrown) => hidden(way, refusedOf("tools/list", thrown))
      )
  }).pipe(Effect.map(({ tools }) => ({ tools, leftOut: [...leftOut] })))

const asking = (client: Client, way: Way): Session["ask"] => (request) =>
  Effect.suspend(() =>
    client.transport === undefined
      ? Effect.fail(notConnected)
      : asked((limits) => request(client, limits), (thrown) => {
        const { isUnheard, reason } = unanswered(thrown, way.sessionId !== undefined)
        return { isUnheard, reason: hidden(way, reason) }
      })
  )

const hiding = (way: Way) => (thrown: unknown): Reason => hidden(way, reasonOf(thrown))

/** A reason without what the way keeps to itself. */
const hidden = ({ secrets }: Way, reason: Reason): Reason => without(secrets?.all ?? [], reason)

/** Asks the server; interruption cancels the request there. */
const asked = <A, E>(
  request: (limits: Limits) => Promise<A>,
  sort: (thrown: unknown) => E
): Effect.Effect<A, E> =>
  Effect.tryPromise({ try: (signal) => request({ signal, timeout: 2_147_483_647 }), catch: sort })
