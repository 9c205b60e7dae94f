/**
 * Decisions that are waited for without a process.
 */
import type * as Approver from "@volley/core/Approver"
import * as Json from "@volley/core/Json"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Owned } from "./owned.ts"

/** What somebody decided. */
export const Decision = Schema.Union([
  Schema.Literals(["allowed", "denied"]),
  Schema.Struct({ denied: Schema.String }),
  Schema.Struct({ allowed: Schema.Json })
])
export type Decision = typeof Decision.Type

/** A call that waits, and what was decided once it was. */
export const Wait = Schema.Struct({
  tool: Schema.String,
  callId: Schema.String,
  parameters: Schema.Unknown,
  path: Schema.optionalKey(Schema.Array(Schema.Struct({ tool: Schema.String, callId: Schema.String }))),
  decision: Schema.optionalKey(Decision)
})
export interface Wait extends Schema.Schema.Type<typeof Wait> {}

const decodeWait = Schema.decodeUnknownOption(Wait)

export const keyOf = (key: string): string => `wait/${key}`

/**
 * Decides by what was decided from outside; another approver may decide on what is left, and else it is kept as
 * waiting. One that crashes has decided nothing: it would crash again and again if it were asked as often as the run is
 * looked at.
 */
export const approver = (owned: Owned, other: typeof Approver.Approver["Service"]): typeof other => ({
  decide: (question) =>
    Effect.suspend(() => {
      const key = keyOf(question.key)
      const row = owned.rows.get(key)
      const decision = row?.ended === true ? Option.getOrUndefined(decodeWait(row.value))?.decision : undefined
      if (decision !== undefined) return Effect.succeed(decision)
      return Effect.tap(
        Effect.catchCause(Effect.suspend(() => other.decide(question)), crashed),
        (decision) =>
          decision === "undecided" && row === undefined
            ? owned.put({ key, kind: "wait", ended: false, value: waitOf(question) })
            : Effect.void
      )
    })
})

const crashed = (cause: Cause.Cause<never>): Effect.Effect<"undecided"> =>
  Cause.hasInterrupts(cause)
    ? Effect.failCause(cause)
    : Effect.as(Effect.logError("An approver crashed", cause), "undecided" as const)

const waitOf = ({ call, path, tool }: Approver.Question): Wait => ({
  tool,
  callId: call.id,
  parameters: argumentsOf(call.arguments),
  ...(path !== undefined && { path })
})

/** Arguments as JSON, for those who read them. */
const argumentsOf = (args: unknown): unknown =>
  typeof args === "string" ? Result.getOrElse(Json.parse(args), () => args) : args
