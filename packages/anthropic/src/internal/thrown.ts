import * as ChatModelError from "@volley/core/ChatModelError"
import * as Thrown from "@volley/core/Thrown"
import { saidIn } from "./errorBody.ts"

/** Sorts what a client threw, whichever copy of the SDK its errors are of; `url` is where it asked, where that is known. */
export const reasonOf = (url: string | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refused = Thrown.chainOf(error).find(isRefusal)
  return ChatModelError.fromClient(error, {
    url,
    now,
    refusal: refused === undefined ? undefined : refusalOf(refused),
    isOwn: Thrown.isUnsent(error, "AnthropicError")
  })
}

/** True for what has a status, or what the provider said. */
const isRefusal = (thrown: unknown): boolean =>
  Thrown.statusOf(thrown) !== undefined || (Thrown.get(thrown, "error") ?? undefined) !== undefined

/** An error in the middle of a stream has no status of its own, but a type. */
const refusalOf = (refused: unknown) => {
  const said = saidIn(Thrown.get(refused, "error"))
  const status = Thrown.statusOf(refused) ?? said?.status ?? 500
  return {
    status,
    message: said === undefined ? Thrown.messageOf(refused) : said.message.replace(/^\d+/, String(status)),
    headers: Thrown.headersOf(refused)
  }
}
