import * as Thrown from "@volley/core/Thrown"
import * as Transport from "@volley/core/Transport"
import * as Effect from "effect/Effect"
import { LoginFailed, type Reason } from "../McpError.ts"
import type { Secrets } from "./secrets.ts"
import { GivenUp } from "./thrown.ts"

/**
 * What a login asks of authorization servers, within the limits of the server that it is for; and what went wrong there, which
 * the official client may take for something else.
 */
export class Asking {
  readonly #secrets: Secrets
  readonly #send: Transport.Fetch
  readonly #trouble: Trouble

  constructor(secrets: Secrets, send: Transport.Fetch, trouble: Trouble) {
    this.#secrets = secrets
    this.#send = send
    this.#trouble = trouble
  }

  /** Sends a request; a refusal is without secrets, since the official client prints it. */
  readonly fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    this.#secrets.addRequest(init)
    const response = await this.#send(input, init).catch((error: unknown) => {
      note(this.#trouble, init, whyOf(error))
      throw error
    })
    const { headers, ok, status, statusText } = response
    if (ok) return response
    if (status >= 500) {
      note(this.#trouble, init, new LoginFailed({ message: `${authority} answered with HTTP status ${status}` }))
    }
    const text = Transport.quoted(await response.text(), this.#secrets.all)
    return new Response(text === "" ? null : text, { status, statusText, headers })
  }

  /** What went wrong where a token was asked for; the official client would ask for a new login instead. */
  get lost(): Reason | undefined {
    return this.#trouble.sent
  }

  /** Why a login failed: what went wrong on the way, or what ended it. */
  why(thrown: unknown): Reason {
    return this.#trouble.sent ?? this.#trouble.read ?? whyOf(thrown)
  }

  /** Forgets what went wrong, before something else is asked. */
  begin(): void {
    this.#trouble.sent = this.#trouble.read = undefined
  }
}

/** Makes one, within these limits. */
export const make = Effect.fnUntraced(function*(limits: Transport.Options, secrets: Secrets) {
  const trouble: Trouble = { sent: undefined, read: undefined }
  const within = yield* Transport.within(limits, (failure, request) => note(trouble, request, failure))
  return new Asking(secrets, within(), trouble)
})

/** What went wrong with what was sent, and with what was only read. */
interface Trouble {
  sent: Reason | undefined
  read: Reason | undefined
}

const note = (trouble: Trouble, { method }: RequestInit, reason: Reason): void => {
  trouble[method === "POST" ? "sent" : "read"] ??= reason
}

const authority = "the authorization server"

/** Why a login failed that was ended by this. */
export const whyOf = (thrown: unknown): Reason => {
  const failure = Transport.failureIn(thrown)
  if (failure !== undefined) return failure
  const chain = Thrown.chainOf(thrown)
  const givenUp = chain.find((at) => at instanceof GivenUp)
  if (givenUp !== undefined) return givenUp.reason
  // What came back then is not to be shown: any page may have sent it.
  const isOther = Thrown.get(thrown, "kind") === "authorization_response"
  const what = isOther ? `${authority} that was asked is not the one that answered` : Thrown.messageOf(chain.at(-1))
  return new LoginFailed({ message: `the login failed: ${what}` })
}
