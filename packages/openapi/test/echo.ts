/**
 * A server that keeps what it is asked, and answers what it is told to.
 */
import { Effect } from "effect"
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** A request as it came in; `target` is the path and the query, as they were sent. */
export interface Seen {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What is answered to a request; an empty object as JSON unless said. */
export type Answer = (seen: Seen, response: ServerResponse) => void

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Answer => (_, response) => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value))
}

/** Serves until the scope closes; `answer` may be changed on the way. */
export const serve = Effect.acquireRelease(
  Effect.callback<Echo>((resume) => {
    const seen: Array<Seen> = []
    const echo = { seen, answer: json({}), url: "", end: () => {} }
    const server = createServer((request, response) => void hear(request, response, echo))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      echo.url = `http://127.0.0.1:${port}`
      echo.end = () => {
        server.close()
        server.closeAllConnections()
      }
      resume(Effect.succeed(echo))
    })
  }),
  ({ end }) => Effect.sync(end)
)

export interface Echo {
  readonly seen: Array<Seen>
  answer: Answer
  url: string
  end: () => void
}

const hear = async (request: IncomingMessage, response: ServerResponse, echo: Echo) => {
  const pieces: Array<Buffer> = []
  for await (const piece of request) pieces.push(piece)
  const { headers, method = "", url: target = "" } = request
  const seen = { method, target, headers, body: Buffer.concat(pieces) }
  echo.seen.push(seen)
  echo.answer(seen, response)
}
