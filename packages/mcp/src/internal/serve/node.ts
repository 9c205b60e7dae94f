import { toNodeHandler } from "@modelcontextprotocol/node"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Guard } from "./guard.ts"
import { NotListening } from "./notListening.ts"

/** What is listened to, and who answers. */
interface Listening {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly maxBodyBytes: number | undefined
  readonly guard: Guard
  readonly fetch: (request: Request) => Promise<Response>
}

/** How long a request may take to arrive, its headers and all of it. */
const headersTimeout = 10_000
const requestTimeout = 30_000

/** Listens until the scope closes; gives the port. Who is not let in is answered before the body is read. */
export const listen = (
  { fetch, guard, host, maxBodyBytes, path, port }: Listening
): Effect.Effect<number, NotListening, Scope.Scope> => {
  const handle = toNodeHandler({ fetch }, maxBodyBytes === undefined ? {} : { maxRequestBodySize: maxBodyBytes })
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const refused = request.url?.split("?")[0] === path ? await guard(headersOf(request)) : new Response(null, { status: 404 })
    return refused === undefined ? handle(asked(request), response) : refuse(response, refused)
  }
  const server = createServer({ headersTimeout, requestTimeout }, (request, response) => {
    serve(request, response).catch(() => response.destroy())
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

/** Every request has these; only Node's types do not know it. */
const asked = (request: IncomingMessage) =>
  Object.assign(request, { method: request.method ?? "GET", url: request.url ?? "/" })

const headersOf = ({ headers }: IncomingMessage): Request =>
  new Request("http://localhost", {
    headers: Object.entries(headers).flatMap(([name, values = []]) =>
      [values].flat().map((value): [string, string] => [name, value])
    )
  })

/** What is left of the request is not waited for. */
const refuse = async (response: ServerResponse, refused: Response): Promise<void> => {
  response.writeHead(refused.status, { ...Object.fromEntries(refused.headers), connection: "close" })
  response.end(await refused.text())
}
