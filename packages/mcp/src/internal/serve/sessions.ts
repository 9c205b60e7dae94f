import { isInitializeRequest, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { randomId } from "../randomId.ts"
import type { Factory } from "./factory.ts"
import type { WebOptions } from "./options.ts"

/**
 * A client of before 2026-07-28, which speaks in a session.
 *
 * - `open`: requests of it whose answers are still being written
 */
interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport
  open: number
  lastUsed: number
}

/** Serves those clients; a session without a request or an open stream ends after a while, all of them with the scope. */
export const sessions = Effect.fnUntraced(function*(
  factory: Factory,
  { maxBodyBytes, maxSessions = 4096, sessionIdle = "30 minutes" }: WebOptions
): Effect.fn.Return<(request: Request, body: unknown) => Promise<Response>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const idle = Duration.toMillis(Duration.fromInputUnsafe(sessionIdle))
  const open = new Sessions(factory, { maxBodyBytes, maxSessions, now: () => clock.currentTimeMillisUnsafe() })
  yield* Effect.addFinalizer(() => Effect.promise(() => open.endAll()))
  const sweep = Effect.promise(() => open.endIdle(idle))
  yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(idle / 4)))
  return (request, body) => open.handle(request, body)
})

interface Settings {
  readonly maxBodyBytes: number | undefined
  readonly maxSessions: number
  readonly now: () => number
}

/** The SDK's transport, which says when it has ended: by its client's wish or by ours. */
class Wire extends WebStandardStreamableHTTPServerTransport {
  readonly #ended: (id: string) => void

  constructor(
    options: ConstructorParameters<typeof WebStandardStreamableHTTPServerTransport>[0],
    ended: (id: string) => void
  ) {
    super(options)
    this.#ended = ended
  }

  override async close(): Promise<void> {
    await super.close()
    if (this.sessionId !== undefined) this.#ended(this.sessionId)
  }
}

class Sessions {
  readonly #factory: Factory
  readonly #settings: Settings
  /** Those used last stand last. */
  readonly #byId = new Map<string, Session>()

  constructor(factory: Factory, settings: Settings) {
    this.#factory = factory
    this.#settings = settings
  }

  async handle(request: Request, body: unknown): Promise<Response> {
    const id = request.headers.get("mcp-session-id")
    const session = id === null ? undefined : this.#byId.get(id)
    if (session !== undefined && id !== null) {
      this.#byId.delete(id)
      this.#byId.set(id, session)
      return this.#answer(session, request, body)
    }
    if (id !== null) return refusal(404, "There is no such session: it has ended.")
    if (!isInitializeRequest(body)) return refusal(400, "There is no session: `initialize` begins one.")
    return this.#answer(await this.#begin(), request, body)
  }

  /** Ends those that were idle for so long. */
  endIdle(idle: number): Promise<void> {
    const until = this.#settings.now() - idle
    return this.#end([...this.#byId.values()].filter(({ lastUsed, open }) => open === 0 && lastUsed <= until))
  }

  endAll(): Promise<void> {
    return this.#end([...this.#byId.values()])
  }

  async #begin(): Promise<Session> {
    const { maxBodyBytes } = this.#settings
    const transport = new Wire({
      sessionIdGenerator: randomId,
      onsessioninitialized: (id) => this.#add(id, session),
      ...(maxBodyBytes !== undefined && { maxRequestBodySize: maxBodyBytes })
    }, (id) => this.#byId.delete(id))
    const session: Session = { transport, open: 0, lastUsed: this.#settings.now() }
    await this.#factory().connect(transport)
    return session
  }

  /** One more than there may be takes the place of that which was used least lately, idle ones first. */
  async #add(id: string, session: Session): Promise<void> {
    if (this.#byId.size >= this.#settings.maxSessions) {
      const all = [...this.#byId.values()]
      await this.#end([all.find(({ open }) => open === 0) ?? all[0]!])
    }
    this.#byId.set(id, session)
  }

  async #end(sessions: ReadonlyArray<Session>): Promise<void> {
    await Promise.all(sessions.map(({ transport }) => transport.close()))
  }

  async #answer(session: Session, request: Request, body: unknown): Promise<Response> {
    session.open++
    const done = () => {
      session.open--
      session.lastUsed = this.#settings.now()
    }
    try {
      const response = await session.transport.handleRequest(request, body === undefined ? {} : { parsedBody: body })
      return whenRead(response, done)
    } catch (error) {
      done()
      throw error
    }
  }
}

/** Says when an answer has been read to its end, or its reader is gone. */
const whenRead = ({ body, headers, status }: Response, done: () => void): Response => {
  if (body === null) {
    done()
    return new Response(null, { headers, status })
  }
  const reader = body.getReader()
  void reader.closed.then(done, done)
  const watched = new ReadableStream<Uint8Array>({
    pull: async (stream) => {
      const { done, value } = await reader.read()
      if (done) stream.close()
      else stream.enqueue(value)
    },
    cancel: (reason) => reader.cancel(reason)
  })
  return new Response(watched, { headers, status })
}

const refusal = (status: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", id: null, error: { code: -32000, message } }, { status })
