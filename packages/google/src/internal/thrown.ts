import * as ChatModelError from "@volley/core/ChatModelError"
import * as Thrown from "@volley/core/Thrown"
import * as Refusal from "./refusal.ts"

/** Sorts what a client threw, whichever copy of the SDK its errors are of; `url` is where it asked, where that is known. */
export const reasonOf = (url: string | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refusal = refusalIn(error)
  if (refusal?.isBadKey) return Refusal.reasonOf(refusal)
  const said = Thrown.chainOf(error).map(Thrown.messageOf)
  if (said.some(isUnread)) {
    return new ChatModelError.UnusableResponse({ message: "not a response: its body is no object" })
  }
  const isOwn = Thrown.isMistake(error) || said.some((text) => ownRefusal.test(text))
  return ChatModelError.fromClient(error, { url, now, refusal, isOwn })
}

/** The errors of the SDK have a status, and the whole body as their message; those of its authentication have a status too. */
const refusalIn = (error: unknown): Refusal.Refusal | undefined => {
  for (const thrown of Thrown.chainOf(error)) {
    const status = Thrown.statusOf(thrown)
    if (status !== undefined) return Refusal.read({ message: Thrown.messageOf(thrown), status })
  }
  return undefined
}

/** What the SDK itself will not send; its errors have no class of their own. */
const ownRefusal = /^(contents are required|model is required|invalid model parameter)/

/** The SDK writes the headers into the body that it read, which fails where that is `null` or a text, and misses the body of a stream. */
const isUnread = (text: string): boolean => text.includes("sdkHttpResponse") || text === "Response body is empty"
