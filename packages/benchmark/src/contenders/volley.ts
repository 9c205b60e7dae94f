import { Access, Batch, Tool } from "@volley/core"
import { Effect, Tracer } from "effect"
import { type Contender, type Input, type Setting, tool } from "../Contender.ts"
import { shapes } from "./volleyShapes.ts"
import { type AnyTool, asBatch, definition, effectTool, unbounded } from "./volleyTool.ts"

/** The tool as a function that gives a promise. */
export const functionTool = ({ kind, work }: Setting) =>
  Tool.fromFunction(tool.name, {
    ...definition,
    execute: kind === "sync" ? async (input: Input) => work.now(input) : work.later
  })

/** The tool that says what it touches: every call the same place to read, and one of its own to write. */
const accessTool = ({ kind, work }: Setting) =>
  Tool.make(tool.name, {
    ...definition,
    readOnly: false,
    access: ({ n }) => [Access.read("cities"), Access.write(`visits/${n}`)],
    execute: (input) => kind === "sync" ? Effect.sync(() => work.now(input)) : Effect.promise(() => work.later(input))
  })

export const optionsOf = ({ cap }: Setting, options: Batch.Options): Batch.Options => ({
  ...unbounded,
  ...options,
  ...(cap !== undefined && { concurrency: cap })
})

export const batch = (
  title: string,
  toolOf: (setting: Setting) => AnyTool,
  options: Batch.Options,
  provide?: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>
): Contender => ({
  title,
  from: ["@volley/core", "effect"],
  turns: 0,
  lacks: options.timeout === "unbounded" ? "time limits, here switched off" : "",
  can: { cap: true },
  make: (setting) => asBatch(toolOf(setting), setting, optionsOf(setting, options), Batch.run, provide)
})

/** Spans that are made, and never read. */
export const tracer = Tracer.make({
  span: (options) => new Tracer.NativeSpan(options)
})

export const volley: Contender = { ...batch("Volley, tool an Effect", effectTool, {}), shapes }
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
