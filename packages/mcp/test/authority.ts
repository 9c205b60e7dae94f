/**
 * An authorization server, and a server of MCP that takes its tokens alone.
 */
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { Effect } from "effect"
import { createHash, randomUUID } from "node:crypto"
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { text } from "node:stream/consumers"
import { make } from "./fixtures/make.ts"
import { http } from "./support.ts"

/** What was asked of the authorization server. */
interface Asked {
  readonly path: string
  readonly form: URLSearchParams
  readonly headers: IncomingMessage["headers"]
}

/** Answers a request in place of the authorization server; true where it has. */
type Odd = (asked: Asked, response: ServerResponse) => boolean

/** What an authorization server knows. */
class Books {
  readonly asked: Array<Asked> = []
  readonly clients = new Map<string, ReadonlyArray<string>>()
  readonly codes = new Map<string, URLSearchParams>()
  readonly refreshes = new Map<string, string>()
  /** The scopes of the tokens that are taken. */
  readonly tokens = new Map<string, string>()

  /** How often a token was asked for in this way. */
  times(grant: string): number {
    return this.asked.filter(({ form }) => form.get("grant_type") === grant).length
  }

  grant(scope: string) {
    const [access_token, refresh_token] = [`access-${randomUUID()}`, `refresh-${randomUUID()}`]
    this.tokens.set(access_token, scope)
    this.refreshes.set(refresh_token, scope)
    return { access_token, refresh_token, token_type: "Bearer", expires_in: 3600, scope }
  }
}

const answer = (response: ServerResponse, status: number, body: object) => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(body))
}

const challengeOf = (verifier: string | null) => createHash("sha256").update(verifier ?? "").digest("base64url")

/** A token for a code, once, or for a refresh token, once. */
const tokenFor = (books: Books, form: URLSearchParams): object | undefined => {
  const { code, redirect_uri, refresh_token = "", resource } = Object.fromEntries(form)
  if (form.get("grant_type") === "refresh_token") {
    const scope = books.refreshes.get(refresh_token)
    return books.refreshes.delete(refresh_token) ? books.grant(scope ?? "") : undefined
  }
  const login = books.codes.get(code ?? "")
  if (login === undefined || !books.codes.delete(code ?? "")) return undefined
  const isSame = login.get("redirect_uri") === redirect_uri && login.get("resource") === resource
  if (!isSame || login.get("code_challenge") !== challengeOf(form.get("code_verifier"))) return undefined
  return books.grant(login.get("scope") ?? "")
}

/** Everybody who comes to log in may; a login is for a client that was registered, and goes back to where that one is. */
const loggedIn = (books: Books, origin: string, asked: URLSearchParams, response: ServerResponse): void => {
  const back = asked.get("redirect_uri") ?? ""
  if (books.clients.get(asked.get("client_id") ?? "")?.includes(back) !== true) return answer(response, 400, {})
  const code = `code-${randomUUID()}`
  books.codes.set(code, asked)
  const params = new URLSearchParams({ code, state: asked.get("state") ?? "", iss: origin })
  response.writeHead(302, { location: `${back}?${params}` }).end()
}

const metadataOf = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  response_types_supported: ["code"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["none"],
  authorization_response_iss_parameter_supported: true
})

const listener = (books: Books, odd: Odd): RequestListener => async (request, response) => {
  const origin = `http://${request.headers.host}`
  const { pathname, searchParams } = new URL(request.url ?? "", origin)
  const body = await text(request)
  const isForm = request.headers["content-type"] === "application/x-www-form-urlencoded"
  const asked = { path: pathname, form: new URLSearchParams(isForm ? body : ""), headers: request.headers }
  books.asked.push(asked)
  if (odd(asked, response)) return
  switch (pathname) {
    case "/.well-known/oauth-authorization-server":
      return answer(response, 200, metadataOf(origin))
    case "/register": {
      const client = { ...JSON.parse(body), client_id: randomUUID() }
      books.clients.set(client.client_id, client.redirect_uris)
      return answer(response, 201, client)
    }
    case "/authorize":
      return loggedIn(books, origin, searchParams, response)
    case "/token": {
      const token = tokenFor(books, asked.form)
      return answer(response, token === undefined ? 400 : 200, token ?? { error: "invalid_grant" })
    }
    default:
      return answer(response, 404, {})
  }
}

/** An authorization server, until the scope closes. */
export const authority = Effect.fnUntraced(function*(odd: Odd = () => false) {
  const books = new Books()
  return { books, origin: new URL(yield* http(listener(books, odd))).origin }
})

/** A server of MCP that takes tokens of an authorization server alone, until the scope closes; `scope`: what a request wants. */
export const guarded = Effect.fnUntraced(function*(
  at: Effect.Success<ReturnType<typeof authority>>,
  scope: (request: IncomingMessage) => string = () => ""
) {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "a-session" })
  yield* Effect.promise(() => make(() => {}).connect(transport))
  const shown: Array<IncomingMessage["headers"]> = []
  const url = yield* http((request, response) => {
    const here = `http://${request.headers.host}`
    if (request.url === "/where") {
      return answer(response, 200, { resource: `${here}/mcp`, authorization_servers: [at.origin] })
    }
    shown.push(request.headers)
    const token = request.headers.authorization?.replace("Bearer ", "") ?? ""
    const granted = at.books.tokens.get(token)
    const wanted = scope(request)
    if (granted !== undefined && granted.includes(wanted)) return void transport.handleRequest(request, response)
    const error = granted === undefined ? "" : `, error="insufficient_scope", scope="${wanted}"`
    response.writeHead(granted === undefined ? 401 : 403, {
      "www-authenticate": `Bearer resource_metadata="${here}/where"${error}`
    })
    response.end(`who is ${token}?`)
  })
  return { url, shown }
})
