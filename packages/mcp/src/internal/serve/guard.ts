import {
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  OAuthError,
  OAuthErrorCode,
  originValidationResponse,
  requireBearerAuth
} from "@modelcontextprotocol/server"
import * as Redacted from "effect/Redacted"
import type { WebOptions } from "./options.ts"

/** Answers a request that is not let in; undefined where it is. Reads nothing but headers. */
export type Guard = (request: Request) => Promise<Response | undefined>

/** Lets in what asks for an allowed host, comes from no page of a stranger, and has the token. */
export const guardOf = ({ allowedHosts, allowedOrigins, token }: WebOptions): Guard => {
  const hosts = [...allowedHosts ?? localhostAllowedHostnames()]
  const origins = [...allowedOrigins ?? localhostAllowedOrigins()]
  const bearer = token === undefined ? undefined : requireBearerAuth({ verifier: verifierOf(token) })
  return async (request) => {
    const refused = hostHeaderValidationResponse(request, hosts) ?? originValidationResponse(request, origins)
    if (refused !== undefined) return refused
    const admitted = await bearer?.(request)
    return admitted instanceof Response ? admitted : undefined
  }
}

/** What is compared are digests, so that neither the length of a token nor where it differs shows in the time it takes. */
const verifierOf = (token: Redacted.Redacted) => {
  const wanted = digestOf(Redacted.value(token))
  return {
    verifyAccessToken: async (given: string) => {
      if (!isSame(await wanted, await digestOf(given))) {
        throw new OAuthError(OAuthErrorCode.InvalidToken, "This is not the token of the server.")
      }
      return { token: given, clientId: "", scopes: [], expiresAt: Number.MAX_SAFE_INTEGER }
    }
  }
}

const digestOf = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.reduce((difference, byte, index) => difference | (byte ^ (other[index] ?? 0)), 0) === 0

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i

/** True where an address, or a name without port, is of this machine alone. */
export const isLoopback = (host: string): boolean => loopback.test(host)
