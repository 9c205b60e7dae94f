import { CallError } from "@volley/core"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { Asked } from "./asked.ts"
import type { Started } from "./outcome.ts"

/** All attempts at a call, whose tool's own failures are tried again where there is a schedule for it. */
export const attempts = <R>(
  asked: Asked<R>,
  started: Started,
  retry: Schedule.Schedule<unknown, CallError.ToolFailure<unknown>> | undefined,
  tell: (tag: "Retried" | "Progress", at: number) => void
): Effect.Effect<unknown, CallError.ToolFailure<unknown>, R> => {
  const { id, tool } = asked
  const name = tool?.name ?? ""
  const isRetryable = tool !== undefined && (tool.readOnly || tool.idempotent)
  const telling = (tag: "Retried" | "Progress") =>
    Effect.clockWith((clock) => Effect.sync(() => tell(tag, clock.currentTimeMillisUnsafe())))
  const one = Effect.suspend(() => {
    const attempt = ++started.attempts
    const working = Effect.suspend(() => asked.attempt({ id, attempt, progress: () => telling("Progress") }))
    return attempt === 1 ? working : Effect.andThen(telling("Retried"), working)
  })
  const failing = Effect.mapError(
    one,
    (failure) => new CallError.ToolFailure({ tool: name, failure, encoded: failure, isRetryable })
  )
  return Effect.annotateLogs(retry === undefined ? failing : Effect.retry(failing, retry), { tool: name, callId: id })
}
