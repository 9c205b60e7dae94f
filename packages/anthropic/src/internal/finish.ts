import type * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Result from "effect/Result"

type Finish = Pick<ChatModel.Turn, "finish" | "problem">
type Ended = { readonly stop_reason?: string | null | undefined }

/** True where the end of a turn proves its calls complete; a reason that is not known here proves nothing. */
export const isProven = ({ stop_reason: reason }: Ended): boolean => proofs.has(reason)

const proofs: ReadonlySet<unknown> = new Set(["tool_use", "end_turn", "stop_sequence", "pause_turn", null, undefined])

/** How a turn ended; what is not known to be an end gives no turn. */
export const finishOf = (
  response: Ended,
  calls: number,
  text: string
): Result.Result<Finish, ChatModelError.Reason> => {
  switch (response.stop_reason) {
    case "tool_use":
      return Result.succeed(
        calls > 0 || text !== "" ? { finish: "tool-calls" } : { finish: "malformed", problem: nothing }
      )
    case "max_tokens":
    case "model_context_window_exceeded":
      return Result.succeed({ finish: "length" })
    case "pause_turn":
      return Result.succeed({ finish: "pause" })
    case "refusal":
      return Result.succeed({ finish: "refusal" })
    case null:
    case undefined:
      return calls > 0 || text !== ""
        ? Result.succeed({ finish: calls > 0 ? "tool-calls" : "stop" })
        : Result.fail(unproven)
    case "end_turn":
    case "stop_sequence":
      return Result.succeed({ finish: calls > 0 ? "tool-calls" : "stop" })
    default:
      return Result.fail(unknown(response.stop_reason))
  }
}

const nothing = "it ended with tool_use, and has neither a call nor a text"

const unproven = new ChatModelError.UnusableResponse({
  message: "the turn is not proven complete: nothing in it, and no stop_reason"
})

const unknown = (reason: string): ChatModelError.Reason =>
  new ChatModelError.UnusableResponse({
    message: `the turn ended with the stop_reason ${JSON.stringify(reason)}, which proves nothing of it complete`
  })
