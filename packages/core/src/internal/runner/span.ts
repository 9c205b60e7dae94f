import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import type { Outcome } from "../../Outcome.ts"
import type { Job } from "./job.ts"
import { moreOf } from "./job.ts"

/** Has a tracer follow a call, all attempts together, under the names of OpenTelemetry's GenAI conventions. */
export const startSpan = (job: Job): void => {
  const { call, run, tool } = job
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool?.name,
    "gen_ai.tool.call.id": call.id
  }
  const context = job.context ?? run.context
  const span = Option.getOrUndefined(
    safely(() => Effect.runSyncWith(context)(Effect.makeSpan(`execute_tool ${tool?.name}`, { attributes })))
  )
  if (span === undefined) return
  moreOf(job).span = span
  job.context = Context.add(context, Tracer.ParentSpan, span)
}

export const endSpan = (span: Tracer.Span, { run }: Job, { result }: Outcome): void => {
  const clock = Context.get(run.context, Clock.Clock)
  safely(() =>
    span.end(clock.currentTimeNanosUnsafe(), Result.isSuccess(result) ? Exit.void : Exit.fail(result.failure))
  )
}

/** A tracer that throws cannot harm the calls that it follows. */
const safely = Option.liftThrowable(<A>(trace: () => A): A => trace())
