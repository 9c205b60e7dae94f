import { Access, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema, Tracer } from "effect"
import { type Contender, type Input, type Setting, tool } from "../Contender.ts"

const Looked = Schema.Struct({ n: Schema.Int, city: Schema.NonEmptyString })

const definition = { description: tool.description, parameters: Looked, success: Looked, readOnly: true } as const

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

/** The tool as a function that gives a promise. */
const functionTool = ({ kind, work }: Setting) =>
  Tool.fromFunction(tool.name, {
    ...definition,
    execute: kind === "sync" ? async (input: Input) => work.now(input) : work.later
  })

/** The tool that says what it touches: every call the same place to read, and one of its own to write. */
const accessTool = (setting: Setting) => {
  const { execute: _, ...rest } = { ...definition, execute: undefined }
  return Tool.make(tool.name, {
    ...rest,
    readOnly: false,
    access: ({ n }) => [Access.read("cities"), Access.write(`visits/${n}`)],
    execute: (input) =>
      setting.kind === "sync"
        ? Effect.sync(() => setting.work.now(input))
        : Effect.promise(() => setting.work.later(input))
  })
}

const unbounded: Batch.Options = { concurrency: "unbounded", maxCalls: "unbounded", maxMessageBytes: "unbounded" }

export const optionsOf = ({ cap }: Setting, options: Batch.Options): Batch.Options => ({
  ...unbounded,
  ...options,
  ...(cap !== undefined && { concurrency: cap })
})

const batch = (
  title: string,
  toolOf: (setting: Setting) => Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>,
  options: Batch.Options,
  provide: <A>(effect: Effect.Effect<A>) => Effect.Effect<A> = (effect) => effect
): Contender => ({
  title,
  from: ["@volley/core", "effect"],
  turns: 0,
  lacks: options.timeout === "unbounded" ? "time limits, here switched off" : "",
  can: { cap: true },
  make: (setting) => {
    const toolkit = Toolkit.make(toolOf(setting))
    const calls = setting.calls.map((call, index) => ToolCall.make({ ...call, index }))
    const settled = provide(Batch.run(toolkit, calls, optionsOf(setting, options)))
    return async () => {
      const { outcomes } = await Effect.runPromise(settled)
      return outcomes.filter(({ call, result }, index) => call.id === calls[index]?.id && result._tag === "Success")
        .length
    }
  }
})

/** Spans that are made, and read by nobody. */
const tracer = Tracer.make({
  span: (options) => new Tracer.NativeSpan(options)
})

export const volley = batch("Volley, tool an Effect", effectTool, {})
export const volleyFunction = batch("Volley, `Tool.fromFunction`", functionTool, {})
export const volleyNoTimeout = batch("Volley, tool an Effect, no time limit", effectTool, { timeout: "unbounded" })
export const volleyFunctionNoTimeout = batch("Volley, `Tool.fromFunction`, no time limit", functionTool, {
  timeout: "unbounded"
})
export const volleySpans = batch(
  "Volley, with a span a call",
  effectTool,
  {},
  (effect) => Effect.provideService(effect, Tracer.Tracer, tracer)
)
export const volleyAccess = batch("Volley, with accesses", accessTool, {})
