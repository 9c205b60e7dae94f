/**
 * How a turn of Chat Completions ended, and what that proves of its calls.
 */
import * as ChatModelError from "@volley/core/ChatModelError"
import { refusalIn } from "./chatContent.ts"
import { choiceOf, isWhole, messageOf } from "./chatTurn.ts"
import type { Fields } from "./fields.ts"
import { errorIn, reasonOfError } from "./providerError.ts"

/** `"unsaid"` where the server gave no reason, `"unknown"` where it gave one that proves nothing. */
type End = "whole" | "length" | "filtered" | "unsaid" | "unknown"

const ends: ReadonlyMap<unknown, End> = new Map<unknown, End>([
  ["stop", "whole"],
  ["tool_calls", "whole"],
  ["function_call", "whole"],
  ["eos", "whole"],
  ["length", "length"],
  ["content_filter", "filtered"],
  ["", "unsaid"],
  [null, "unsaid"],
  [undefined, "unsaid"]
])

/** True for a reason that proves a turn whole. */
export const isGood = (finish: unknown): boolean => ends.get(finish) === "whole"

/** How the turn of a choice ended. */
export const endOf = (response: unknown, choice: Fields | undefined): End =>
  (errorIn(response) ?? errorIn(choice)) === undefined ? ends.get(choice?.["finish_reason"]) ?? "unknown" : "unknown"

/** Says which calls of a turn are proven complete; where it ended without a reason, those whose arguments are whole. */
export const provenBy = (response: unknown, choice: Fields | undefined): (call: Fields) => boolean => {
  const end = endOf(response, choice)
  if (refusalIn(messageOf(choice) ?? {}) !== "" || (end !== "whole" && end !== "unsaid")) return () => false
  return end === "whole" ? () => true : isWhole
}

/** Why there is no turn, whatever else the response has: an error, or an end that proves nothing. */
export const failureOf = (response: unknown, choice: Fields | undefined): ChatModelError.Reason | undefined => {
  const error = errorIn(response) ?? errorIn(choice)
  const finish = choice?.["finish_reason"]
  const said = typeof finish === "string" ? `finish_reason ${JSON.stringify(finish)}` : undefined
  if (error !== undefined) return reasonOfError(error, said !== undefined && !isGood(finish) ? ` (${said})` : "")
  if (said === undefined || endOf(response, choice) !== "unknown") return undefined
  return finish === "error"
    ? new ChatModelError.ProviderFailed({ message: `the turn ended with ${said}` })
    : new ChatModelError.UnusableResponse({ message: `the turn is not proven complete: ${said}` })
}

/** Why a turn without calls is none: nothing says that it has ended. */
export const unprovenIn = (response: unknown, calls: number): ChatModelError.Reason | undefined =>
  calls === 0 && endOf(response, choiceOf(response)) === "unsaid"
    ? new ChatModelError.UnusableResponse({ message: "the turn is not proven complete: no finish_reason" })
    : undefined
