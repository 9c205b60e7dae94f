/** Who has to allow a call, there and here. */
import type * as Tool from "@volley/core/Tool"
import type * as AiTool from "effect/ai/Tool"
import * as Effect from "effect/Effect"

/** Which calls of a tool of `effect/ai` need approval; those of which that cannot be told from the parameters alone do. */
export const approvalOf = ({ needsApproval: needs }: AiTool.Any): Tool.Approval<unknown> | undefined => {
  if (typeof needs !== "function") return needs === true ? "always" : undefined
  return (parameters) => {
    let looksElsewhere = false
    const elsewhere = <A>(value: A): A => {
      looksElsewhere = true
      return value
    }
    const answer = needs(parameters, {
      get toolCallId() {
        return elsewhere("")
      },
      get messages() {
        return elsewhere([])
      }
    })
    return looksElsewhere || typeof answer !== "boolean" || answer
  }
}

/** Whether a call of a tool of Volley needs approval, given its arguments; those that do not fit are answered by an error. */
export const needsApprovalOf = (tool: Tool.Any) => {
  const { approval } = tool
  if (approval === undefined) return undefined
  return (args: unknown): Effect.Effect<boolean> =>
    decoded(tool, args).pipe(
      Effect.map(approval),
      Effect.catch(() => Effect.succeed(false)),
      Effect.catchCause(() => Effect.succeed(true))
    )
}

/** Reads arguments where no services are at hand: a schema that needs some is a crash, and then approval is needed. */
function decoded(tool: Tool.Any, args: unknown): Effect.Effect<unknown, unknown>
function decoded({ decode }: Tool.Any, args: unknown): Effect.Effect<unknown, unknown, unknown> {
  return decode(args)
}
