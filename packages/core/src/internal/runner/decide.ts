import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Approver, type Question } from "../../Approver.ts"
import { Denied, type Reason, Undecided } from "../../CallError.ts"
import type { Ready } from "./settle.ts"

/** Asks whether a call may run, where its tool wants that asked; fails where it may not, or nobody has decided yet. */
export const decide = ({ args, call, tool }: Ready): Effect.Effect<void, Reason, unknown> =>
  tool.approval === undefined ? Effect.void : Effect.flatMap(
    tool.approval(args),
    Option.match({
      onNone: () => Effect.void,
      onSome: (parameters) => ask({ call, tool: tool.name, parameters })
    })
  )

/** An approver that crashes has decided nothing. */
const ask = Effect.fnUntraced(function*(question: Question): Effect.fn.Return<void, Reason> {
  const approver = yield* Approver
  const decision = yield* Effect.suspend(() => approver.decide(question)).pipe(
    Effect.catchCause((cause) => Effect.as(Effect.logError("An approver crashed", cause), "undecided" as const))
  )
  if (decision === "allowed") return
  if (decision === "undecided") return yield* new Undecided({ after: undefined })
  return yield* new Denied({ why: decision === "denied" ? undefined : decision.denied })
})
