import type { OAuthTokens } from "@modelcontextprotocol/client"
import * as Transport from "@volley/core/Transport"

/** Texts that are not to be seen in errors: the latest hundred. */
export class Secrets {
  readonly #all = new Set<string>()

  get all(): ReadonlyArray<string> {
    return [...this.#all]
  }

  /** Adds a text; one of a few letters hides nothing. */
  add(text: string | undefined): void {
    if (text === undefined || text.length < 8) return
    this.#all.delete(text)
    this.#all.add(text)
    const [oldest] = this.#all
    if (this.#all.size > 100 && oldest !== undefined) this.#all.delete(oldest)
  }

  addTokens({ access_token, id_token, refresh_token }: OAuthTokens): void {
    for (const token of [access_token, id_token, refresh_token]) this.add(token)
  }

  /** Adds what a request to an authorization server has in its headers and its form. */
  addRequest({ body, headers }: RequestInit): void {
    for (const text of Transport.secretsOfHeaders(Object.fromEntries(new Headers(headers)))) this.add(text)
    if (!(body instanceof URLSearchParams)) return
    for (const [name, value] of body) if (/assertion|code|secret|token/.test(name)) this.add(value)
  }
}
