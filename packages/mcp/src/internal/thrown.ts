import * as Thrown from "@volley/core/Thrown"
import { Closed, HttpFailed, type Reason, Refused, Unreachable, Unusable } from "../McpError.ts"

/** The answer to a request whose stream ended without one; told from the server's own by being this very object. */
export const broken = { code: -32000, message: "Connection closed", data: {} }

/**
 * Sorts what the SDK threw, whichever copy of it that is: an error of the protocol has a number as its code and what the
 * server said beside it, one of the SDK's own a name.
 */
export const reasonOf = (thrown: unknown): Reason => {
  const { code, status } = { code: Thrown.get(thrown, "code"), status: Thrown.statusOf(thrown) }
  if (hasData(thrown) && Number.isInteger(code)) {
    return Thrown.get(thrown, "data") === broken.data
      ? new Closed()
      : new Refused({ code: Number(code), message: Thrown.messageOf(thrown) })
  }
  if (status !== undefined) return new HttpFailed({ status })
  if (hasData(thrown) && typeof code === "string" && code !== "ERA_NEGOTIATION_FAILED") {
    return code === "CONNECTION_CLOSED" || code === "NOT_CONNECTED"
      ? new Closed()
      : new Unusable({ message: Thrown.messageOf(thrown) })
  }
  return new Unreachable({ message: Thrown.messageOf(Thrown.chainOf(thrown).at(-1)) })
}

/** Every error of the SDK has a place for data, be there any or not. */
const hasData = (thrown: unknown): boolean => typeof thrown === "object" && thrown !== null && "data" in thrown
