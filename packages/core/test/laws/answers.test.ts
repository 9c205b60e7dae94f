/**
 * What a batch answers: laws 1, 2, 9 and 10.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { BatchCase, Laws } from "@volley/testing"
import { Cause, Effect, Logger, Result, Schema } from "effect"
import {
  callsEverythingRetryable,
  dropsFailures,
  forgetsTheTimeout,
  logsNothing,
  matchesByIdAlone,
  ordersByCompletion,
  runsTruncatedCalls,
  showsTheStack,
  stampsTheTime
} from "./broken.ts"
import { holds } from "./holds.ts"

beforeAll(() => {
  process.env["VOLLEY_LAWS_KEY"] = BatchCase.secret
})

afterAll(() => {
  delete process.env["VOLLEY_LAWS_KEY"]
})

describe("every call gets exactly one outcome, and the batch neither fails nor hangs", () => {
  holds(Laws.total, {
    dropsFailures,
    forgetsTheTimeout
  })
})

describe("outcomes stand in call order, each at its own call", () => {
  holds(Laws.matched, { ordersByCompletion, matchesByIdAlone })
})

describe("the message depends on calls and outcomes alone", () => {
  holds(Laws.pure, { stampsTheTime, ordersByCompletion })
})

describe("the model is told of every failure and of no secret, the host of every crash once", () => {
  holds(Laws.honest, {
    showsTheStack,
    callsEverythingRetryable,
    runsTruncatedCalls,
    logsNothing
  })
})

describe("a batch of 10,000 calls", () => {
  const large: BatchCase.BatchCase = {
    calls: Array.from({ length: 10_000 }, (_, index) => ({
      kind: (["success", "failure", "defect", "unknownTool", "malformedJson"] as const)[index % 5]!,
      after: index % 10 === 0 ? 1 : 0,
      tool: index % 4,
      id: "own",
      asText: index % 2 === 0
    })),
    concurrency: 100,
    timeout: 4,
    deadline: undefined,
    maxCalls: undefined,
    narrow: false,
    interruptedAfter: 0
  }

  it.effect.each([Laws.total, Laws.matched])(
    "is $name",
    ({ batch }) => batch.check(Batch.run, large),
    30_000
  )
})

describe("a crash that cannot be printed", () => {
  class Unprintable extends Error {
    override get message(): string {
      throw new Error("not even this")
    }
  }

  // Prints causes as every logger of Effect does.
  const printing = Logger.layer([Logger.make(({ cause }) => void Cause.pretty(cause))])

  it.effect("is its call's outcome alone", () =>
    Effect.gen(function*() {
      const tool = (name: string, execute: () => Effect.Effect<string>) =>
        Tool.make(name, { description: name, parameters: Schema.Struct({}), success: Schema.String, execute })
      const toolkit = Toolkit.make(
        tool("odd", () => Effect.die(new Unprintable())),
        tool("even", () => Effect.succeed("fine"))
      )
      const calls = [ToolCall.make({ id: "1", name: "odd" }), ToolCall.make({ id: "2", name: "even" })]
      const { outcomes } = yield* Batch.run(toolkit, calls)
      assert.deepEqual(outcomes.map(({ result }) => Result.isSuccess(result)), [false, true])
    }).pipe(Effect.provide(printing)))
})
