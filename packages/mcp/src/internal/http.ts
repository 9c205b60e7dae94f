/**
 * Servers that are spoken to over streamable HTTP.
 */
import { isJSONRPCRequest, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import * as Thrown from "@volley/core/Thrown"
import * as Transport from "@volley/core/Transport"
import * as Effect from "effect/Effect"
import { Closed, HttpFailed, LoginFailed, type Reason, Unreachable, Unusable, without } from "../McpError.ts"
import * as Asking from "./asking.ts"
import { Login } from "./login.ts"
import { Secrets } from "./secrets.ts"
import type { Remote } from "./server.ts"
import { Ended, GivenUp, reasonOf } from "./thrown.ts"

/** Speaks to the server at a URL, and ends its session when the scope closes. */
export const reached = Effect.fnUntraced(function*(remote: Remote) {
  const { url } = remote
  const problem = Transport.problemOf(url, `"${Transport.withoutSecrets(url)}"`)
  if (problem !== undefined) return yield* new Unreachable({ message: problem })
  const ends = new Map<unknown, Transport.Failure>()
  const asking = yield* Transport.within(remote, (failure, request) => ends.set(idOf(request), failure))
  // What a server has to tell beside its answers may be nothing for hours.
  const listening = yield* Transport.within({ ...remote, idle: "unbounded" })
  const secrets = new Secrets()
  const login = yield* loginOf(remote, secrets)
  const shown = (send: Transport.Fetch) => login?.with(send) ?? send
  return yield* Effect.acquireRelease(
    Effect.sync(() => new Http(remote, { asking: shown(asking()), listening: shown(listening()), ends, secrets })),
    (transport) =>
      // A server that does not hear of the end of its session finds out by itself.
      Effect.promise(async () => {
        await withinSecond(transport.terminateSession().catch(() => {}))
        await transport.close()
      })
  )
})

/** Gets the token of a server for which a person has logged in. */
export const finishLogin = Effect.fnUntraced(function*(remote: Remote, callback: URLSearchParams) {
  const secrets = new Secrets()
  const login = yield* loginOf(remote, secrets)
  if (login === undefined) return yield* new LoginFailed({ message: "the server has no `authProvider`" })
  yield* Effect.tryPromise({
    try: () => login.finish(callback),
    catch: (error) => without(secrets.all, reasonOf(error))
  })
})

/** Who gets the token of a server; undefined where it is shown none. */
const loginOf = Effect.fnUntraced(function*(remote: Remote, secrets: Secrets) {
  const { authProvider, url } = remote
  return authProvider && new Login(authProvider, url, yield* Asking.make(remote, secrets), secrets)
})

/** The message that is sent by this; `Http` sends no other text than JSON. */
const messageIn = ({ body }: RequestInit): unknown => typeof body === "string" ? JSON.parse(body) : undefined

const idOf = (init: RequestInit): unknown => Thrown.get(messageIn(init), "id")

/** True of what begins a connection; before that there is no other stream on which its answer may come. */
const isFirst = (init: RequestInit): boolean =>
  ["initialize", "server/discover"].some((method) => method === Thrown.get(messageIn(init), "method"))

/** Waits for a promise, for a second at most. */
const withinSecond = (end: Promise<void>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000)
    void end.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })

/** How requests are sent, those for an answer and those for news; and why the answers broke off that did, by their ids. */
interface Sending {
  readonly asking: Transport.Fetch
  readonly listening: Transport.Fetch
  readonly ends: Map<unknown, Transport.Failure>
  readonly secrets: Secrets
}

/** True of what asks for news: a request of its own up to 2025-11-25, one of the protocol since. */
const isForNews = ({ headers, method }: RequestInit = {}): boolean =>
  method === "GET" || new Headers(headers).get("mcp-method") === "subscriptions/listen"

const otherwise = "is it the URL of an MCP server with streamable HTTP? The HTTP+SSE transport of 2024 is not supported"

/** The SDK's transport, which would leave a request unanswered whose stream breaks. */
class Http extends StreamableHTTPClientTransport {
  readonly secrets: Secrets
  readonly #ends: Sending["ends"]

  constructor({ headers = {}, url }: Remote, { asking, ends, listening, secrets }: Sending) {
    super(new URL(url), {
      requestInit: { headers },
      fetch: async (input, init) => {
        const response = await (isForNews(init) ? listening(input, init) : asking(input, init))
        if (response.status !== 202 || !isFirst(init ?? {})) return response
        throw new GivenUp(
          new Unusable({ message: "it took what begins a connection, and did not answer it (HTTP status 202)" })
        )
      }
    })
    this.#ends = ends
    this.secrets = secrets
  }

  override send(...[message, options]: Parameters<StreamableHTTPClientTransport["send"]>): Promise<void> {
    if (Array.isArray(message) || !isJSONRPCRequest(message)) return super.send(message, options)
    const { id } = message
    return super.send(message, {
      ...options,
      onRequestStreamEnd: () => {
        const data = new Ended(this.#end(id) ?? new Closed({ sent: true }))
        this.onmessage?.({ jsonrpc: "2.0", id, error: { code: -32000, message: "Connection closed", data } })
      }
    }).catch((error) => {
      this.#end(id)
      throw error
    })
  }

  /** Why there is no server: a connection that has not begun has done nothing, and not every address is one of a server. */
  explain(reason: Reason): Reason {
    if (reason._tag === "Closed") return new Unreachable({ message: "the connection ended before it answered" })
    const isAnother = reason._tag === "HttpFailed" && (reason.status === 404 || reason.status === 405)
    return isAnother && reason.said === undefined ? new HttpFailed({ status: reason.status, said: otherwise }) : reason
  }

  /** Why the answer to a request broke off; to be asked once. */
  #end(id: unknown): Transport.Failure | undefined {
    const failure = this.#ends.get(id)
    this.#ends.delete(id)
    return failure
  }
}
