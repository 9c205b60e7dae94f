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

/** A request that is given up, for a reason; the SDK passes what has this name on as it is. */
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
  const failure = failureIn(thrown)
  if (failure !== undefined) return failure
  const givenUp = Thrown.chainOf(thrown).find((at) => at instanceof GivenUp)
  if (givenUp !== undefined) return givenUp.reason
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
      ? new Closed()
      : new Unusable({ message: short(Thrown.messageOf(thrown), 500) })
  }
  return new Unreachable({ message: Thrown.messageOf(Thrown.chainOf(thrown).at(-1)) })
}

/** Every error of the SDK has a place for data, be there any or not. */
const hasData = (thrown: unknown): boolean => typeof thrown === "object" && thrown !== null && "data" in thrown
