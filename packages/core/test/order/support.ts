/**
 * What the tests of order and limits share: virtual time, random choices, and tools that only take their time.
 */
import { assert, it } from "@effect/vitest"
import { type Access, Batch, type Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Laws } from "@volley/testing"
import { Arbitrary, Data, Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"

/** An effect that a day is not enough for. */
class NeverEnded extends Data.TaggedError("NeverEnded") {}

/** Lets a day pass, and gives what an effect came to in it. */
export const aDayOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | NeverEnded, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    if (fiber.pollUnsafe() === undefined) return yield* new NeverEnded()
    return yield* Fiber.join(fiber)
  })

/** A law holds for a runner, and its check would notice any of these broken ones. */
export const holds = <Case>(
  law: Laws.Law & { readonly batch: Laws.Check<Case, Laws.Runner> },
  runner: Laws.Runner,
  broken: Readonly<Record<string, Laws.Runner>>
): void => {
  it.effect(
    "holds for any batch",
    () => Laws.checkRunner(law, runner, { runs: Number(process.env["LAWS_CASES"] ?? 1000) }),
    120_000
  )

  it.effect.each(Object.entries(broken))("does not hold for a runner that %s", ([, other]) =>
    Effect.gen(function*() {
      const { cases, check, size } = law.batch
      const isKept = (one: Case) => Effect.as(check(other, one), true)
      const checked = yield* Arbitrary.checkEffect(cases, isKept, { runs: 1000, size, seed: 1, maxShrinks: 0 })
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
      ? (parameters: unknown) => change(claims(parameters))
      : claims && change(claims)
  }
}

/** The same toolkit, with other claims. */
export const claimingAll = <T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  change: (claims: Claims, tool: Tool.Any) => Claims
): Toolkit.Toolkit<T> => ({
  ...toolkit,
  byName: new Map(
    Array.from(toolkit.byName, ([name, tool]) => [name, claiming(tool, (claims) => change(claims, tool))])
  )
})

const parameters = Schema.Struct({ key: Schema.String, ms: Schema.Finite })

/** What a tool that only takes its time may say of itself. */
export interface Says {
  readonly access?: Tool.Declared<typeof parameters.Type, Access.Access>
  readonly limits?: Tool.Declared<typeof parameters.Type, Limits.Limit>
  readonly approval?: "always"
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
): Effect.Effect<ReadonlyArray<unknown>, NeverEnded> =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    return Effect.map(aDayOf(Batch.run(Toolkit.make(...tools), asking(...asked), options)), (settled) =>
      spansOf(settled, began))
  })
