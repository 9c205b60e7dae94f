import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Thrown from "@volley/core/Thrown"
import { statusOf } from "./providerError.ts"

/** Sorts what a client threw, whichever copy of the SDK its errors are of; `url` is where it asked, where that is known. */
export const reasonOf = (url: string | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refused = Thrown.chainOf(error).find(isRefusal)
  return ChatModelError.fromClient(error, {
    url,
    now,
    refusal: refused === undefined ? undefined : refusalOf(refused),
    isOwn: Thrown.isUnsent(error, "OpenAIError")
  })
}

/** True for what has a status, or what the provider said. */
const isRefusal = (thrown: unknown): boolean => {
  const body = Thrown.get(thrown, "error")
  return Thrown.statusOf(thrown) !== undefined || Json.isObject(body) || (typeof body === "string" && body !== "")
}

const refusalOf = (refused: unknown) => {
  const body = Thrown.get(refused, "error")
  return {
    status: statusOf({
      status: Thrown.statusOf(refused),
      code: Thrown.get(refused, "code") ?? Thrown.get(body, "code"),
      type: Thrown.get(refused, "type") ?? Thrown.get(body, "type")
    }),
    message: Thrown.messageOf(refused),
    headers: Thrown.headersOf(refused)
  }
}
