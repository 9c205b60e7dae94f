import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { NotListening } from "./notListening.ts"

/** What is listened to, and who answers. */
interface Listening {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly fetch: (request: Request) => Promise<Response>
}

/** How long a request may take to arrive, its headers and all of it. */
const headersTimeout = 10_000
const requestTimeout = 30_000

/** Methods of which no `Request` can be made. */
const unfetched: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"])

/** Listens until the scope closes; gives the port. */
export const listen = (
  { fetch, host, path, port }: Listening
): Effect.Effect<number, NotListening, Scope.Scope> => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<Response> => {
    if (request.url?.split("?")[0] !== path) return new Response(null, { status: 404 })
    if (unfetched.has(request.method ?? "GET")) return new Response(null, { status: 405 })
    return fetch(requestOf(request, goneOf(response)))
  }
  const server = createServer({ headersTimeout, requestTimeout }, (request, response) => {
    answer(request, response).then((answer) => write(request, response, answer)).catch(() => response.destroy())
  })
  return Effect.acquireRelease(
    Effect.tryPromise({
      try: () => once(server.listen(port, host), "listening"),
      catch: (error) => new NotListening({ host, port, why: error instanceof Error ? error.message : String(error) })
    }),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  ).pipe(Effect.map(() => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : port
  }))
}

/** Aborted when the client is gone before the answer. */
const goneOf = (response: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  response.once("close", () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

/** The handler that answers it reads its body, if any does. */
const requestOf = (request: IncomingMessage, signal: AbortSignal): Request => {
  const { headers, method = "GET", url = "/" } = request
  const hasBody = method !== "GET" && method !== "HEAD"
  return new Request(`http://localhost${url}`, {
    method,
    signal,
    headers: Object.entries(headers).flatMap(([name, values = []]) =>
      [values].flat().map((value): [string, string] => [name, value])
    ),
    ...(hasBody && { body: bodyOf(request), duplex: "half" })
  })
}

const bodyOf = (request: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const chunks = request.iterator({ destroyOnReturn: false })
  return new ReadableStream({
    pull: async (stream) => {
      const { done, value } = await chunks.next()
      if (done === true) stream.close()
      else stream.enqueue(value)
    }
  })
}

/** What is left of a request that was not read is not waited for. */
const write = async (
  request: IncomingMessage,
  response: ServerResponse,
  { body, headers, status }: Response
): Promise<void> => {
  response.writeHead(status, { ...Object.fromEntries(headers), ...(!request.complete && { connection: "close" }) })
  response.flushHeaders()
  if (body === null) {
    response.end()
    return
  }
  const reader = body.getReader()
  response.once("close", () => void reader.cancel().catch(() => {}))
  await pipeline(partsOf(reader), response)
}

const partsOf = async function*(reader: ReadableStreamDefaultReader<Uint8Array>) {
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
}
