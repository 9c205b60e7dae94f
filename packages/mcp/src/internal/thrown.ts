import * as Json from "@volley/core/Json"
import * as Thrown from "@volley/core/Thrown"
import { failureIn } from "@volley/core/Transport"
import * as Result from "effect/Result"
import { Closed, HttpFailed, type Reason, Refused, Unreachable, Unusable } from "../McpError.ts"
import { short } from "./short.ts"
import { unsupported } from "./versions.ts"

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
      : refusalOf({ code: Number(code), message: Thrown.messageOf(thrown), data })
  }
  if (status !== undefined) return httpFailure(status, Thrown.get(Thrown.get(thrown, "data"), "text"))
  if (hasData(thrown) && typeof code === "string") {
    const cause = Thrown.get(thrown, "cause")
    return code === "ERA_NEGOTIATION_FAILED" && cause !== undefined ? reasonOf(cause) : ofSdk(code, thrown)
  }
  const root = Thrown.chainOf(thrown).at(-1)
  const message = Thrown.messageOf(root)
  const odd = oddities.get(Thrown.nameOf(root))
  return odd === undefined ? new Unreachable({ message }) : new Unusable({ message: odd })
}

/** An error of JSON-RPC: the server has no version in common, or it refuses what was asked. */
const refusalOf = ({ code, data, message }: { code: number; message: string; data: unknown }): Reason => {
  const isOfVersion = code === unsupportedVersion || /protocol version/i.test(message)
  const versions = isOfVersion ? Thrown.get(data, "supported") : undefined
  return unsupported(versions) ?? new Refused({ code, message })
}

const unsupportedVersion = -32022

/** What a refusal over HTTP says of itself; pages and what a server wrote of its own crash are left out. */
const httpFailure = (status: number, body: unknown): Reason => {
  if (typeof body !== "string") return new HttpFailed({ status })
  const error = Thrown.get(Result.getOrUndefined(Json.parse(body, Json.ofResponse)), "error")
  const message = Thrown.get(error, "message")
  if (typeof message === "string" && message !== "") {
    const refusal = refusalOf({ code: Number(Thrown.get(error, "code")), message, data: Thrown.get(error, "data") })
    return refusal._tag === "Refused" ? new HttpFailed({ status, said: short(message, 500) }) : refusal
  }
  const said = body.trim()
  return status >= 500 || said === "" || /^[<{[]/.test(said)
    ? new HttpFailed({ status })
    : new HttpFailed({ status, said: short(said) })
}

/** What the SDK says that has no code of JSON-RPC. */
const ofSdk = (code: string, thrown: unknown): Reason => {
  switch (code) {
    case "CONNECTION_CLOSED":
    case "NOT_CONNECTED":
      return new Closed({ sent: code === "CONNECTION_CLOSED" })
    case "CLIENT_HTTP_UNEXPECTED_CONTENT": {
      const type = Thrown.get(Thrown.get(thrown, "data"), "contentType")
      const what = typeof type === "string" ? `content of the type ${short(type)}` : "nothing"
      return new Unusable({
        message: `it answered with ${what}, and not with JSON or events: is that the URL of its MCP?`
      })
    }
    default:
      return new Unusable({ message: short(plain(Thrown.messageOf(thrown)), 500) })
  }
}

/** What the SDK says of a result that it cannot read, with the first of the issues that it has as JSON behind that. */
const plain = (message: string): string => {
  const at = message.indexOf(": [")
  const issues = at === -1 ? undefined : Result.getOrUndefined(Json.parse(message.slice(at + 2), Json.ofResponse))
  if (!Array.isArray(issues)) return message
  const [issue] = issues
  const path = Thrown.get(issue, "path")
  return `${message.slice(0, at)}: ${Array.isArray(path) ? `${path.join(".")}: ` : ""}${Thrown.messageOf(issue)}`
}

/** What is said of an answer that has no form that the protocol has. */
export const noMessage = "it answered with what is no message of JSON-RPC"

/** What an answer was that the SDK could not read at all, by the error that it has for that. */
const oddities: ReadonlyMap<string, string> = new Map([
  ["ZodError", noMessage],
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
