/**
 * Servers that want a token: the program's provider keeps it, and the official client's flow of OAuth gets it.
 */
import {
  auth,
  type AuthProvider,
  computeScopeUnion,
  extractWWWAuthenticateParams,
  isStrictScopeSuperset,
  type OAuthClientProvider
} from "@modelcontextprotocol/client"
import type * as Transport from "@volley/core/Transport"
import * as Redacted from "effect/Redacted"
import { LoginFailed, NeedsLogin } from "../McpError.ts"
import { type Asking, whyOf } from "./asking.ts"
import type { Secrets } from "./secrets.ts"
import { GivenUp } from "./thrown.ts"

/** Who keeps the token that a server is shown: any token, or one that is got by OAuth. */
export type Provider = AuthProvider | OAuthClientProvider

/** A request that was refused, and would be taken with another token. */
interface Refused {
  readonly response: Response
  readonly token: string | undefined
}

/** A login that a person was sent to; it began with this token and asked for this scope. */
interface UnderWay {
  readonly needed: NeedsLogin
  readonly verifier: string
  readonly token: string | undefined
  readonly scope: string | undefined
}

/** The token of one server, for all requests to it. */
export class Login {
  readonly #provider: Provider
  readonly #url: URL
  readonly #asking: Asking
  readonly #secrets: Secrets
  readonly #renewals = new Map<string, Promise<void>>()
  #underWay: UnderWay | undefined

  constructor(provider: Provider, url: string, asking: Asking, secrets: Secrets) {
    this.#provider = provider
    this.#url = new URL(url)
    this.#asking = asking
    this.#secrets = secrets
  }

  /** The same `fetch` with the token; where that is refused it gets another one, and sends the request again. */
  with(send: Transport.Fetch): Transport.Fetch {
    return (input, init = {}) => this.#attempt((token) => send(input, bearing(init, token)), 2)
  }

  /** Gets the token for which a person has logged in. */
  async finish(callback: URLSearchParams): Promise<void> {
    const provider = this.#provider
    const code = callback.get("code")
    if (!isOAuth(provider)) throw failed("the `authProvider` of the server is no OAuthClientProvider")
    if (code === null) throw failed("the login came back without a `code`")
    this.#secrets.add(code)
    const iss = callback.get("iss") ?? undefined
    await this.#flow(provider, { authorizationCode: code, iss, ...await this.#whereItSays(provider) })
  }

  async #attempt(send: (token: string | undefined) => Promise<Response>, left: number): Promise<Response> {
    const token = await this.#token()
    const response = await send(token)
    if (left === 0 || !wantsAnother(response, this.#provider)) return response
    await response.body?.cancel()
    await this.#renewed({ response, token })
    return this.#attempt(send, left - 1)
  }

  async #token(): Promise<string | undefined> {
    try {
      const token = isOAuth(this.#provider)
        ? (await this.#tokens(this.#provider))?.access_token
        : await this.#provider.token()
      this.#secrets.add(token)
      return token
    } catch (error) {
      throw new GivenUp(whyOf(error))
    }
  }

  async #tokens(provider: OAuthClientProvider) {
    const tokens = await provider.tokens()
    if (tokens !== undefined) this.#secrets.addTokens(tokens)
    return tokens
  }

  /** Gets another token, once for all requests that were refused with the same one. */
  #renewed(refused: Refused): Promise<void> {
    const key = `${refused.response.status} ${refused.token ?? ""}`
    const renewal = this.#renewals.get(key) ?? this.#renew(refused).finally(() => this.#renewals.delete(key))
    this.#renewals.set(key, renewal)
    return renewal
  }

  async #renew({ response, token }: Refused): Promise<void> {
    if (await this.#token() !== token) return
    const provider = this.#provider
    if (!isOAuth(provider)) return this.#toldOf(provider, response)
    // Where tokens are to be had may have changed since the server took this one.
    const flow = { ...await this.#wanted(provider, response), isKnown: token === undefined }
    const needed = await this.#still(provider, token, flow)
    if (needed !== undefined) throw new GivenUp(needed)
    await this.#flow(provider, flow, token)
  }

  async #toldOf(provider: AuthProvider, response: Response): Promise<void> {
    try {
      await provider.onUnauthorized?.({ response, serverUrl: this.#url, fetchFn: this.#asking.fetch })
    } catch (error) {
      throw new GivenUp(whyOf(error))
    }
  }

  /** A login that is under way already; another one would have its code refused, since a provider keeps one verifier. */
  async #still(provider: OAuthClientProvider, token: string | undefined, { scope }: Flow) {
    const before = this.#underWay
    if (before === undefined || before.token !== token || before.scope !== scope) return undefined
    return await verifierOf(provider) === before.verifier ? before.needed : undefined
  }

  /** What a server that refused wants; more than the token is for has to be asked for anew. */
  async #wanted(provider: OAuthClientProvider, response: Response): Promise<Flow> {
    const { resourceMetadataUrl, scope } = challengeIn(response)
    if (response.status === 401) return { resourceMetadataUrl, scope }
    const granted = (await this.#tokens(provider))?.scope
    const all = computeScopeUnion(granted, scope)
    return { resourceMetadataUrl, scope: all, forceReauthorization: isStrictScopeSuperset(all, granted) }
  }

  /** Where the server says what it wants, for a provider that does not keep it. */
  async #whereItSays(provider: OAuthClientProvider): Promise<Flow> {
    if (await provider.discoveryState?.() !== undefined) return {}
    const response = await this.#asking.fetch(this.#url, { method: "POST", headers: json, body: ping })
    await response.body?.cancel()
    return { resourceMetadataUrl: challengeIn(response).resourceMetadataUrl }
  }

  /** Has the official client refresh the token, or ask for a login. */
  async #flow(provider: OAuthClientProvider, wanted: Flow, token?: string): Promise<void> {
    const { isKnown = true, iss, resourceMetadataUrl, scope, ...flow } = wanted
    const asking = this.#asking
    const shown: { url?: URL } = {}
    const showing = showingBy(provider, async (url) => {
      if (asking.lost !== undefined) throw new GivenUp(asking.lost)
      shown.url = url
      await provider.redirectToAuthorization(url)
    }, isKnown)
    asking.begin()
    try {
      await auth(showing, {
        ...flow,
        ...(iss !== undefined && { iss }),
        ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
        ...(scope !== undefined && { scope }),
        serverUrl: this.#url,
        fetchFn: asking.fetch
      })
      await this.#tokens(provider)
    } catch (error) {
      throw new GivenUp(asking.why(error))
    }
    if (shown.url === undefined) return
    const needed = new NeedsLogin({ url: Redacted.make(shown.url.href) })
    this.#underWay = { needed, verifier: await verifierOf(provider), token, scope }
    throw new GivenUp(needed)
  }
}

/** What is said to the official client besides where the server is. */
interface Flow {
  readonly authorizationCode?: string
  readonly iss?: string | undefined
  readonly resourceMetadataUrl?: URL | undefined
  readonly scope?: string | undefined
  readonly forceReauthorization?: boolean
  /** False where what was discovered before is asked for anew; true when left out. */
  readonly isKnown?: boolean
}

const isOAuth = (provider: Provider): provider is OAuthClientProvider => "tokens" in provider

const failed = (message: string): GivenUp => new GivenUp(new LoginFailed({ message }))

const bearing = (init: RequestInit, token: string | undefined): RequestInit => {
  if (token === undefined) return init
  const headers = new Headers(init.headers)
  headers.set("authorization", `Bearer ${token}`)
  return { ...init, headers }
}

/** The verifier that a provider keeps; one that says that it has none has `""`. */
const verifierOf = async (provider: OAuthClientProvider): Promise<string> => {
  try {
    return await provider.codeVerifier()
  } catch {
    return ""
  }
}

const challengeIn = (response: Response) => extractWWWAuthenticateParams(response)

/** True where another token can be had. */
const wantsAnother = (response: Response, provider: Provider): boolean =>
  isOAuth(provider)
    ? response.status === 401 || (response.status === 403 && challengeIn(response).error === "insufficient_scope")
    : response.status === 401 && provider.onUnauthorized !== undefined

/** The same provider with another way to the login; without what was discovered before, where that may be wrong. */
const showingBy = (
  provider: OAuthClientProvider,
  redirectToAuthorization: (url: URL) => Promise<void>,
  isKnown: boolean
): OAuthClientProvider =>
  new Proxy(provider, {
    get: (_, key): unknown => {
      if (key === "redirectToAuthorization") return redirectToAuthorization
      if (key === "discoveryState" && !isKnown) return undefined
      const value: unknown = Reflect.get(provider, key, provider)
      return typeof value === "function" ? value.bind(provider) : value
    }
  })

const json = { "content-type": "application/json", accept: "application/json, text/event-stream" }

const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
