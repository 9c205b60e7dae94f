import * as Thrown from "@volley/core/Thrown"
import { failureIn } from "@volley/core/Transport"
import { Closed, HttpFailed, type Reason, Refused, Unreachable, Unusable } from "../McpError.ts"
import { short } from "./short.ts"

/** Why a request has no answer whose stream ended without one, as the data of an error that stands in its place. */
export class Ended {
  readonly reason: Reason

  constructor(reason: Reason) {
    this.reason = reason
  }
}

/** A request that is given up before it runs, for a reason; the SDK passes what has this name on as it is. */
export class GivenUp extends Error {
  override readonly name = "UnauthorizedError"
  readonly reason: Reason

  constructor(reason: Reason) {
    super(reason.message)
    this.reason = reason
  }
}

/**
 * Sorts what the SDK threw, whichever copy of it that is: an error of the protocol has a number as its code and what the
 * server said beside it, one of the SDK's own a name.
 */
export const reasonOf = (thrown: unknown): Reason => {
  const stated = givenUp(thrown)?.reason ?? failureIn(thrown)
  if (stated !== undefined) return stated
  const { code, status } = { code: Thrown.get(thrown, "code"), status: Thrown.statusOf(thrown) }
  if (hasData(thrown) && Number.isInteger(code)) {
    const data = Thrown.get(thrown, "data")
    return data instanceof Ended
      ? data.reason
      : new Refused({ code: Number(code), message: Thrown.messageOf(thrown) })
  }
  if (status !== undefined) return new HttpFailed({ status })
  if (hasData(thrown) && typeof code === "string" && code !== "ERA_NEGOTIATION_FAILED") {
    return code === "CONNECTION_CLOSED" || code === "NOT_CONNECTED"
      ? new Closed({ sent: code === "CONNECTION_CLOSED" })
      : new Unusable({ message: short(Thrown.messageOf(thrown), 500) })
  }
  const root = Thrown.chainOf(thrown).at(-1)
  const message = Thrown.messageOf(root)
  const odd = oddities.get(Thrown.nameOf(root))
  return odd === undefined ? new Unreachable({ message }) : new Unusable({ message: short(`${odd} (${message})`, 500) })
}

/** What an answer was that the SDK could not read at all, by the error that it has for that. */
const oddities: ReadonlyMap<string, string> = new Map([
  ["ZodError", "it answered with what is no message of JSON-RPC"],
  ["SyntaxError", "it answered with what is no JSON"]
])

const givenUp = (thrown: unknown): GivenUp | undefined => Thrown.chainOf(thrown).find((at) => at instanceof GivenUp)

/** Every error of the SDK has a place for data, be there any or not. */
const hasData = (thrown: unknown): boolean => typeof thrown === "object" && thrown !== null && "data" in thrown

/**
 * Why a request has no answer.
 *
 * - `isUnheard`: it is certain that the server has not taken it up, so that it can be sent again
 */
export interface Unanswered {
  readonly reason: Reason
  readonly isUnheard: boolean
}

/** What is asked of a connection that has ended. */
export const notConnected: Unanswered = { reason: new Closed({ sent: false }), isUnheard: true }

/** Sorts what the SDK threw at a request; `hadSession` where the server had given the connection an id. */
export const unanswered = (thrown: unknown, hadSession: boolean): Unanswered => {
  const reason = reasonOf(thrown)
  // Sent again, it would only be given up again.
  if (givenUp(thrown) !== undefined) return { reason, isUnheard: false }
  switch (reason._tag) {
    case "Closed":
      return { reason, isUnheard: !reason.sent }
    case "HttpFailed":
      return { reason, isUnheard: hadSession && isForgotten(reason.status, Thrown.messageOf(thrown)) }
    case "Unreachable":
      return isUnsent(thrown) ? { reason, isUnheard: true } : { reason: new Closed({ sent: true }), isUnheard: false }
    default:
      return { reason, isUnheard: false }
  }
}

/** The protocol says 404 of a session that is not known; many servers that were copied from examples say 400. */
const isForgotten = (status: number, said: string): boolean =>
  status === 404 || (status === 400 && /session|not initialized/i.test(said))

/** True where no connection came about; a runtime that does not say so may have sent something. */
const isUnsent = (thrown: unknown): boolean =>
  Thrown.chainOf(thrown).some((at) => {
    const [code, syscall] = [Thrown.get(at, "code"), Thrown.get(at, "syscall")]
    return syscall === "connect" || syscall === "getaddrinfo" || (typeof code === "string" && unsent.test(code))
  })

const unsent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused)$/
