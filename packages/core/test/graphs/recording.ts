/**
 * Tools that note what ran, for pipelines over lists.
 */
import { assert } from "@effect/vitest"
import { Access, type Batch, CallError, Pipeline, Tool } from "@volley/core"
import { Effect, Exit, Result, Schema } from "effect"
import { TestClock } from "effect/testing"

class Broke extends Schema.TaggedError<Broke>()("Broke", { name: Schema.String }) {}
const common = { description: "For tests.", failure: Broke }

/** What ran, from when to when. */
export const recording = () => {
  const events: Array<string> = []
  const noted = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => void events.push(`+${name}`)),
      () => effect,
      () => Effect.sync(() => void events.push(`-${name}`))
    )
  const list = Tool.make("list", {
    ...common,
    parameters: Schema.Struct({ of: Schema.Array(Schema.Int), fails: Schema.optionalKey(Schema.Boolean) }),
    success: Schema.Array(Schema.Int),
    execute: ({ fails, of }) => Effect.delay(fails ? Effect.fail(new Broke({ name: "list" })) : Effect.succeed(of), 10)
  })
  const item = Schema.Struct({ n: Schema.Int, key: Schema.optionalKey(Schema.String) })
  const execute = ({ n }: typeof item.Type) =>
    noted(`${n}`, Effect.delay(n < 0 ? Effect.fail(new Broke({ name: `${n}` })) : Effect.succeed(n * 2), Math.abs(n)))
  const twice = Tool.make("twice", { ...common, parameters: item, success: Schema.Int, execute })
  const write = Tool.make("write", {
    ...common,
    parameters: item,
    success: Schema.Int,
    access: ({ key = "" }) => [Access.write(key)],
    execute
  })
  const add = Tool.make("add", {
    ...common,
    parameters: Schema.Struct({ terms: Schema.Array(Schema.Int) }),
    success: Schema.Int,
    execute: ({ terms }) => Effect.succeed(terms.reduce((sum, n) => sum + n, 0))
  })
  return { add, events, list, twice, write }
}

export const play = <S extends Pipeline.Steps>(pipeline: Pipeline.Pipeline<S>, options?: Batch.Options) =>
  Effect.gen(function*() {
    const services: Effect.Effect<Pipeline.Settled<S>, never, S[keyof S]["~requirements"]> = Pipeline.run(
      pipeline,
      options
    )
    const fiber = yield* Effect.forkChild(services, { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const exit = fiber.pollUnsafe()
    assert(exit !== undefined && Exit.isSuccess(exit), "the pipeline did not end")
    return exit.value
  })

/** Its value, the failure of its tool, or the reason for which it did not run. */
export const endOf = (result: Result.Result<unknown, CallError.CallError | CallError.ToolFailure<unknown>>) =>
  Result.isSuccess(result) ? result.success : CallError.toModel(result.failure).error
