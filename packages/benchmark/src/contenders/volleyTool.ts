import { Batch, type Outcome, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import { type Call, type Run, type Setting, tool } from "../Contender.ts"

const Looked = Schema.Struct({ n: Schema.Int, city: Schema.NonEmptyString })

export const definition = {
  description: tool.description,
  parameters: Looked,
  success: Looked,
  readOnly: true
} as const

/** Any tool that needs nothing. */
export type AnyTool = Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>

/** The tool as an Effect. */
export const effectTool = ({ kind, millis, work }: Setting) =>
  Tool.make(tool.name, {
    ...definition,
    execute: kind === "sync"
      ? (input) => Effect.sync(() => work.now(input))
      : kind === "sleep"
      ? (input) => Effect.map(Effect.sleep(millis(input.n)), () => work.now(input))
      : (input) => Effect.promise(() => work.later(input))
  })

export const unbounded: Batch.Options = {
  concurrency: "unbounded",
  maxCalls: "unbounded",
  maxMessageBytes: "unbounded"
}

/** Calls as a batch takes them. */
export const indexed = (calls: ReadonlyArray<Call>): ReadonlyArray<ToolCall.ToolCall> =>
  calls.map((call, index) => ToolCall.make({ ...call, index }))

/** How many calls have a success at their own place, under their own id. */
export const answered = (outcomes: ReadonlyArray<Outcome.Outcome>, calls: ReadonlyArray<{ readonly id: string }>) =>
  outcomes.filter(({ call, result }, index) => call.id === calls[index]?.id && result._tag === "Success").length

/** Runs all calls as one batch of one tool. */
export const asBatch = (
  own: AnyTool,
  { calls: given }: Setting,
  options: Batch.Options,
  run: Batch.Runner["run"] = Batch.run,
  provide: <A>(effect: Effect.Effect<A>) => Effect.Effect<A> = (effect) => effect
): Run => {
  const calls = indexed(given)
  const settled = provide(run(Toolkit.make(own), calls, options))
  return async () => answered((await Effect.runPromise(settled)).outcomes, calls)
}
