/**
 * What the tests of order and limits share: virtual time, random choices, and tools that only take their time.
 */
import { assert, it } from "@effect/vitest"
import { type Access, Batch, type Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Arbitrary, Data, Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"

// Thousands of errors are made here, and nobody reads their stacks to the end; vitest asks for 100 lines of each.
Error.stackTraceLimit = 5

/** A law that does not hold, and how one can tell. */
export class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

export const judge = (check: () => void): Effect.Effect<void, Broken> =>
  Effect.try({ try: check, catch: (error) => new Broken({ message: error instanceof Error ? error.message : "" }) })

/** Lets a day pass, and gives what an effect came to in it. */
export const aDayOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Broken, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    if (fiber.pollUnsafe() === undefined) return yield* new Broken({ message: "it never ended" })
    return yield* Fiber.join(fiber)
  })

export const oneOf = <const A>(...values: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.map(Arbitrary.schema(Schema.Literals(values.map((_, index) => index))), (index) => values[index]!)

export const upTo = (most: number): Arbitrary.Arbitrary<number> =>
  oneOf(...Array.from({ length: most + 1 }, (_, n) => n))

/** How many random batches a law is held to, and how large they may grow. */
export const cases = { runs: 1000, size: 40 }

/** A law holds for the batches of a plan, and its check would notice any of these broken runners. */
export const holds = <Plan, Runner>(
  plans: Arbitrary.Arbitrary<Plan>,
  law: (run: Runner, plan: Plan) => Effect.Effect<void, Broken>,
  runner: Runner,
  broken: Readonly<Record<string, Runner>>
): void => {
  it.effect.prop("holds for any batch", { plan: plans }, ({ plan }) => law(runner, plan), {
    timeout: 60_000,
    arbitrary: cases
  })

  it.effect.each(Object.entries(broken))("does not hold for a runner that %s", ([, other]) =>
    Effect.gen(function*() {
      const check = (plan: Plan) => Effect.as(law(other, plan), true)
      const checked = yield* Arbitrary.checkEffect(plans, check, { ...cases, seed: 1, maxShrinks: 0 })
      assert.strictEqual(checked._tag, "Falsified")
    }))
}

export type Claims = Exclude<NonNullable<Tool.Any["claims"]>, (...args: never) => unknown>

/** The same tool, with other claims. */
export const claiming = <T extends Tool.Any>(tool: T, change: (claims: Claims) => Claims): T => {
  const { claims } = tool
  return {
    ...tool,
    claims: typeof claims === "function"
      ? (args: unknown) => Effect.map(claims(args), change)
      : claims && change(claims)
  }
}

const parameters = Schema.Struct({ key: Schema.String, ms: Schema.Finite })

/** What a tool that only takes its time may say of itself. */
export interface Says {
  readonly access?: Tool.Declared<typeof parameters.Type, Access.Access>
  readonly limits?: Tool.Declared<typeof parameters.Type, Limits.Limit>
  readonly idempotent?: boolean
  readonly timeout?: number
}

/** A tool that takes as long as it is told to, and answers by its key; it fails where the key is `"fails"`. */
export const lasting = <const Name extends string>(name: Name, says: Says = {}) =>
  Tool.make(name, {
    description: `The tool ${name}.`,
    parameters,
    success: Schema.String,
    failure: Schema.String,
    ...says,
    execute: ({ key, ms }) =>
      Effect.andThen(Effect.sleep(ms), key === "fails" ? Effect.fail("refused") : Effect.succeed(key))
  })

/** A call of a tool, with its key and how long it takes. */
export type Asked = readonly [name: string, key: string, ms: number]

/** Calls whose ids are `c0`, `c1` and so on. */
export const asking = (...asked: ReadonlyArray<Asked>): ReadonlyArray<ToolCall.ToolCall> =>
  asked.map(([name, key, ms], index) => ToolCall.make({ id: `c${index}`, name, arguments: { key, ms }, index }))

/** What became of each call: when it started and ended, and how where it did not end well. */
export const spansOf = (settled: Batch.Settled<Tool.Any>, began: number): ReadonlyArray<unknown> =>
  settled.outcomes.map(({ endedAt, result, startedAt }) => {
    const span = [startedAt - began, endedAt - began]
    if (Result.isSuccess(result)) return span
    return [result.failure._tag === "ToolFailure" ? "ToolFailure" : result.failure.reason._tag, ...span]
  })

/** Runs calls of such tools in virtual time, and gives what became of each. */
export const spans = (
  tools: ReadonlyArray<ReturnType<typeof lasting>>,
  asked: ReadonlyArray<Asked>,
  options?: Batch.Options
): Effect.Effect<ReadonlyArray<unknown>, Broken> =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    return Effect.map(aDayOf(Batch.run(Toolkit.make(...tools), asking(...asked), options)), (settled) =>
      spansOf(settled, began))
  })
