import { Access, Batch, Limits, Pipeline, Tool, Toolkit } from "@volley/core"
import { Effect, Schedule, Schema, Stream } from "effect"
import { z } from "zod"
import { type Call, type Input, type Run, type Setting, tool } from "../Contender.ts"
import type { Shape } from "../shapes.ts"
import { answered, asBatch, definition, effectTool, indexed, unbounded } from "./volleyTool.ts"

type Traits = Pick<Tool.Traits<Input, typeof Schema.Never, boolean>, "access" | "limits" | "readOnly">

/** The tool with something that it says of itself besides. */
const toolWith = (traits: Traits, { work }: Setting) =>
  Tool.make(tool.name, { ...definition, ...traits, execute: (input) => Effect.promise(() => work.later(input)) })

const batchWith = (traits: Traits) => (setting: Setting): Run => asBatch(toolWith(traits, setting), setting, unbounded)

const batchUnder = (options: Batch.Options) => (setting: Setting): Run =>
  asBatch(effectTool(setting), setting, { ...unbounded, ...options })

/** A batch whose equal calls are one call. */
const coalesced = (setting: Setting): Run => asBatch(Tool.coalesce(effectTool(setting)), setting, unbounded)

const runnerOf = (): Batch.Runner => Effect.runSync(Batch.make(unbounded))

/** As many parts as said, where there are as many calls. */
const partsOf = (calls: ReadonlyArray<Call>, parts: number): ReadonlyArray<ReadonlyArray<Call>> => {
  const length = Math.ceil(calls.length / parts)
  return Array.from(
    { length: Math.ceil(calls.length / length) },
    (_, at) => calls.slice(at * length, (at + 1) * length)
  )
}

const sum = (counts: ReadonlyArray<number>): number => counts.reduce((a, b) => a + b, 0)

/** Batches beside each other on one runner. */
const batches = (setting: Setting): Run => {
  const { run } = runnerOf()
  const runs = partsOf(setting.calls, 10).map((calls) => asBatch(effectTool(setting), { ...setting, calls }, {}, run))
  return async () => sum(await Promise.all(runs.map((run) => run())))
}

/** Calls whose tools run batches, all on one runner. */
const nested = (setting: Setting): Run => {
  const { run } = runnerOf()
  const inner = Toolkit.make(effectTool(setting))
  const parts = partsOf(setting.calls, 100).map(indexed)
  const outer = Tool.make("all", {
    description: "Looks at some cities.",
    parameters: Schema.Struct({ part: Schema.Int }),
    success: Schema.Int,
    execute: ({ part }) => {
      const calls = parts[part] ?? []
      return Effect.map(run(inner, calls, unbounded), ({ outcomes }) => answered(outcomes, calls))
    }
  })
  const calls = indexed(
    parts.map((_, part) => ({ id: `part_${part}`, name: outer.name, arguments: JSON.stringify({ part }) }))
  )
  const settled = run(Toolkit.make(outer), calls)
  return async () => {
    const { outcomes } = await Effect.runPromise(settled)
    return answered(outcomes, calls) === calls.length
      ? sum(outcomes.map(({ result }) => result._tag === "Success" ? Number(result.success) : 0))
      : 0
  }
}

type Steps = Readonly<Record<string, Pipeline.Ref<unknown, never>>>

/** A pipeline is written down and run: both count. */
const pipeline = (stepsOf: (call: Pipeline.Call, setting: Setting) => Steps) => (setting: Setting): Run => {
  return async () => {
    const made = Pipeline.make((call) => stepsOf(call, setting))
    const { outcomes } = await Effect.runPromise(Pipeline.run(made, unbounded))
    const good = outcomes.filter(({ result }) => result._tag === "Success")
    return new Set(good.map(({ call }) => call.id)).size
  }
}

const inputOf = (call: Call | undefined): Input => JSON.parse(call?.arguments ?? "")

/** Every call is given what the one before gave back. */
const chain = pipeline((call, setting) => {
  const look = effectTool(setting)
  let last = call(look, inputOf(setting.calls[0]))
  for (let n = 1; n < setting.calls.length; n++) last = call(look, last)
  return { last }
})

const wide = pipeline((call, setting) => {
  const look = effectTool(setting)
  return Object.fromEntries(setting.calls.map((one) => [one.id, call(look, inputOf(one))]))
})

/** Calls that fail as their tool says they may. */
const failing = (setting: Setting): Run => {
  const { calls: given, work } = setting
  const lost = Tool.make(tool.name, {
    ...definition,
    failure: Schema.String,
    execute: (input) => Effect.andThen(Effect.promise(() => work.later(input)), Effect.fail("no such city"))
  })
  const calls = indexed(given)
  const settled = Batch.run(Toolkit.make(lost), calls, unbounded)
  return async () => {
    const { outcomes } = await Effect.runPromise(settled)
    return outcomes.filter(({ call, result }, at) =>
      call.id === calls[at]?.id && result._tag === "Failure" && result.failure._tag === "ToolFailure"
    ).length
  }
}

const Looked = z.object({ n: z.int(), city: z.string().min(1) })

const byZod = (setting: Setting): Run => {
  const look = Tool.fromStandardSchema(tool.name, {
    ...definition,
    parameters: Looked,
    success: Looked,
    execute: (input) => Effect.promise(() => setting.work.later(input))
  })
  return asBatch(look, setting, unbounded)
}

/** A turn whose calls come in the reverse of their order. */
const arriving = (setting: Setting): Run => {
  const calls = indexed(setting.calls)
  const reversed = Stream.fromIterable(calls.toReversed())
  const settled = Batch.dispatch(Toolkit.make(effectTool(setting)), reversed, unbounded)
  return async () => answered((await Effect.runPromise(settled)).outcomes, calls)
}

// Commits before the option run side by side, which is seen before they are timed.
const ordered = { undeclared: "ordered" as const, ...unbounded }

/** How each shape is run. */
export const shapes: { readonly [S in Shape]: (setting: Setting) => Run } = {
  accesses: batchWith({ readOnly: false, access: ({ n }) => [Access.write(`orders/${n}`)] }),
  writes: batchWith({ readOnly: false, access: [Access.write("orders/1")] }),
  exclusive: batchWith({ readOnly: false, access: [Access.exclusive] }),
  reads: batchWith({ access: [Access.read("orders/1")] }),
  limited: batchWith({ limits: [Limits.concurrency(1)] }),
  distinct: coalesced,
  equal: (setting) =>
    coalesced({
      ...setting,
      calls: setting.calls.map((call) => ({ ...call, arguments: setting.calls[0]?.arguments ?? "" }))
    }),
  batches,
  shared: (setting) => asBatch(effectTool(setting), setting, {}, runnerOf().run),
  told: batchUnder({ onCall: () => Effect.void }),
  retried: batchUnder({ retry: Schedule.recurs(2) }),
  ordered: (setting) => asBatch(toolWith({ readOnly: false }, setting), setting, ordered),
  chain,
  wide,
  nested,
  failing,
  zod: byZod,
  arriving
}
