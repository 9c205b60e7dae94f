import type * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import type { Candidate } from "./read.ts"

type Finish = Pick<ChatModel.Turn, "finish" | "problem">
/** What says how a turn ended. */
export interface Ended {
  readonly candidates?: ReadonlyArray<Pick<Candidate, "finishMessage" | "finishReason">> | null | undefined
  readonly promptFeedback?: unknown
}

/** True where the end of a turn proves its calls complete. */
export const isProven = (ended: Ended): boolean =>
  (ended.candidates?.[0]?.finishReason ?? "STOP") === "STOP" && !isBlocked(ended)

/** True where the prompt was blocked, which may be said behind a part of the turn. */
export const isBlocked = ({ promptFeedback }: Pick<Ended, "promptFeedback">): boolean => {
  const reason = Json.isObject(promptFeedback) ? promptFeedback["blockReason"] : undefined
  return typeof reason === "string" && reason !== "" && reason !== "BLOCKED_REASON_UNSPECIFIED"
}

/** The model wrote something that its provider could not read, or may not have written. */
const malformed: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS"
])

const refusals: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "MODEL_ARMOR",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION"
])

const cuts: ReadonlySet<string> = new Set(["MAX_TOKENS", "CONTINUATION"])

/**
 * How a turn ended; what is not known to be an end gives no turn.
 *
 * - there is no reason of its own for calls; a prompt that was blocked need have no candidate at all
 */
export const finishOf = (ended: Ended, calls: number, text: string): Result.Result<Finish, ChatModelError.Reason> => {
  const candidate = ended.candidates?.[0]
  if (candidate === undefined || isBlocked(ended)) return Result.succeed({ finish: "refusal" })
  const reason: string = candidate.finishReason ?? (calls > 0 || text !== "" ? "STOP" : "")
  if (reason === "STOP") return Result.succeed({ finish: calls > 0 ? "tool-calls" : "stop" })
  const { finishMessage } = candidate
  const problem = finishMessage ? `${reason}: ${finishMessage}` : reason
  if (malformed.has(reason)) return Result.succeed({ finish: "malformed", problem })
  if (cuts.has(reason)) return Result.succeed({ finish: "length" })
  return refusals.has(reason)
    ? Result.succeed({ finish: "refusal" })
    : Result.fail(
      new ChatModelError.UnusableResponse({
        message: `the turn ended with the finishReason ${problem || "\"\""}, which proves nothing of it complete`
      })
    )
}

/** True for a reason that says that there is more to come, as some servers have it in every chunk but the last. */
export const isOpen = (reason: unknown): boolean =>
  reason === undefined || reason === null || reason === "" || reason === "FINISH_REASON_UNSPECIFIED"
  || reason === "CONTINUATION"
