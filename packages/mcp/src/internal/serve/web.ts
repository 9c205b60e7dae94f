import {
  createMcpHandler,
  DEFAULT_MAX_REQUEST_BODY_SIZE,
  isJsonContentType,
  isLegacyRequest,
  readRequestBody
} from "@modelcontextprotocol/server"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Factory } from "./factory.ts"
import type { WebOptions } from "./options.ts"
import { sessions } from "./sessions.ts"

/** Answers a request of either age of the protocol: by itself since 2026-07-28, in a session before. */
export const web = Effect.fnUntraced(function*(
  factory: Factory,
  options: WebOptions
): Effect.fn.Return<(request: Request) => Promise<Response>, never, Scope.Scope> {
  const maxBytes = options.maxBodyBytes ?? DEFAULT_MAX_REQUEST_BODY_SIZE
  const inSession = yield* sessions(factory, options)
  const modern = createMcpHandler(factory, { legacy: "reject", maxRequestBodySize: maxBytes })
  yield* Effect.addFinalizer(() => Effect.promise(() => modern.close()))
  return async (request) => {
    if (request.method !== "POST") return inSession(request, undefined)
    const read = await bodyOf(request, maxBytes)
    if (Result.isFailure(read)) return read.failure
    const parsedBody = read.success
    return await isLegacyRequest(request, parsedBody)
      ? inSession(request, parsedBody)
      : modern.fetch(request, { parsedBody })
  }
})

/** Reads a request, or says why it cannot be one. */
const bodyOf = async (request: Request, maxBytes: number): Promise<Result.Result<unknown, Response>> => {
  if (!isJsonContentType(request.headers.get("content-type"))) {
    return refused(415, "Content-Type has to be application/json.")
  }
  const read = await readRequestBody(request, maxBytes)
  if (read.tooLarge) return refused(413, `A request has at most ${maxBytes} bytes.`)
  return Result.mapError(
    Result.try((): unknown => JSON.parse(read.text)),
    () => problem(400, "The request is not JSON.", -32700)
  )
}

const refused = (status: number, message: string) => Result.fail(problem(status, message, -32000))

const problem = (status: number, message: string, code: number): Response =>
  Response.json({ jsonrpc: "2.0", id: null, error: { code, message } }, { status })
