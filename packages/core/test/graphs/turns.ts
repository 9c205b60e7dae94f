/**
 * Turns of calls and plans, and the tools that they call.
 */
import { assert } from "@effect/vitest"
import { Access, Batch, Limits, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Context, Effect, Exit, Schema } from "effect"
import { TestClock } from "effect/testing"

export class Broke extends Schema.TaggedError<Broke>()("Broke", {}) {}
export class Log extends Context.Service<Log, {
  readonly events: Array<string>
  readonly keys: Array<string>
}>()("test/Log") {}

export const parameters = Schema.Struct({
  name: Schema.String,
  millis: Schema.Int,
  key: Schema.optionalKey(Schema.String),
  from: Schema.optionalKey(Schema.Json)
})
export const common = { description: "For tests.", parameters, success: Schema.String, failure: Broke }

/** Notes when it starts and ends; a millis of -1 hangs, one of 0 fails. */
export const execute = ({ millis, name }: typeof parameters.Type, call: Tool.Call) =>
  Log.use(({ events, keys }) => {
    const note = (sign: string) => Effect.sync(() => void events.push(`${sign}${name}`))
    keys.push(`${call.id} ${call.idempotencyKey}`)
    const work = millis < 0 ? Effect.never : millis === 0 ? new Broke() : Effect.delay(Effect.succeed(name), millis)
    return Effect.acquireUseRelease(note("+"), () => work, () => note("-"))
  })

export const free = Tool.make("free", { ...common, readOnly: true, execute })
export const read = Tool.make("read", {
  ...common,
  readOnly: true,
  access: ({ key = "" }) => [Access.read(key)],
  execute
})
export const write = Tool.make("write", {
  ...common,
  access: ({ key = "" }) => [Access.write(key)],
  timeout: 1000,
  execute
})
export const alone = Tool.make("alone", { ...common, access: [Access.exclusive], execute })
export const narrow = Tool.make("narrow", { ...common, limits: [Limits.concurrency(1)], execute })
export const rated = Tool.make("rated", { ...common, limits: [Limits.rate({ limit: 2, window: "1 second" })], execute })
export const tools = Toolkit.make(free, read, write, alone, narrow, rated)
export const planTool = Plan.tool(tools)
export const toolkit = Toolkit.merge(tools, Toolkit.make(planTool))

export const of = (name: string, tool: string, millis = 100, more: object = {}) => ({
  id: name,
  tool,
  arguments: { name, millis, ...more }
})
type Of = ReturnType<typeof of>

/** A turn: calls, and plans as lists of steps, whose ids are `plan_` and their index. */
export const callsOf = (turn: ReadonlyArray<Of | ReadonlyArray<Of>>) =>
  turn.map((one, index) =>
    "tool" in one
      ? ToolCall.make({ id: one.id, name: one.tool, arguments: one.arguments, index })
      : ToolCall.make({ id: `plan_${index}`, name: "plan", arguments: { steps: one }, index })
  )

export const play = (turn: ReadonlyArray<Of | ReadonlyArray<Of>>, options?: Batch.Options, plan = planTool) =>
  Effect.gen(function*() {
    const events: Array<string> = []
    const keys: Array<string> = []
    const toolkit = Toolkit.merge(tools, Toolkit.make(plan))
    const work = Effect.provideService(Batch.run(toolkit, callsOf(turn), options), Log, { events, keys })
    const fiber = yield* Effect.forkChild(work, { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const exit = fiber.pollUnsafe()
    assert(exit !== undefined && Exit.isSuccess(exit), "the batch did not end")
    return { ...exit.value, events: events.join(" "), keys }
  })

export interface StepShown {
  readonly id: string
  readonly ok?: unknown
  readonly error?: { readonly type: string; readonly data: { readonly [fact: string]: unknown } }
}

export const stepsOf = ({ outcomes }: Batch.Settled<Tool.Any>, index = 0): ReadonlyArray<StepShown> =>
  JSON.parse(outcomes[index]!.encoded).steps

export const endsOf = (settled: Batch.Settled<Tool.Any>, index = 0) =>
  stepsOf(settled, index).map(({ error, ok }) => ok ?? error?.type)

export const millisOf = ({ outcomes: [first] }: Batch.Settled<Tool.Any>) =>
  first === undefined ? NaN : first.endedAt - first.startedAt

export const key = { key: "k" }
