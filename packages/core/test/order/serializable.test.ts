/**
 * Law 7: calls that touch the same thing run in call order, so a batch comes to what its calls come to one by one.
 */
import { describe } from "@effect/vitest"
import { Batch, type Outcome } from "@volley/core"
import { Laws } from "@volley/testing"
import { Effect, Result } from "effect"
import { spaced } from "../dispatch/arriving.ts"
import { claimingAll, type Claims, holds } from "./support.ts"

type Runner = Laws.Runner

/** While the calls arrive, so that those of tools that only read may start long before the others. */
const dispatched: Runner = (tools, calls, options) => Batch.dispatch(tools, spaced(calls, 30), options)

const changing =
  (change: (access: Claims["access"]) => Claims["access"], run: Runner = Batch.run): Runner =>
  (tools, calls, options) =>
    run(claimingAll(tools, (claims) => ({ ...claims, access: change(claims.access) })), calls, options)

const noOrder = changing(() => [])

const noOrderWhenDispatched = changing(() => [], dispatched)

const letsReadersPassWhenDispatched = changing((all) => all.filter(({ mode }) => mode !== "read"), dispatched)

const exactKeysOnly = changing((all) =>
  all.map((access) =>
    access.mode === "exclusive" ? access : { ...access, key: `key ${access.key.replaceAll("/", ":")}` }
  )
)

const letsReadersPass = changing((all) => all.filter(({ mode }) => mode !== "read"))

const forgetsExclusive = changing((all) => all.filter(({ mode }) => mode !== "exclusive"))

const completionOrder: Runner = (tools, calls, options) =>
  Effect.map(Batch.run(tools, calls, options), ({ outcomes }) => ({
    outcomes: outcomes.toSorted((a, b) => a.endedAt - b.endedAt)
  }))

const lastCallFirst: Runner = (tools, calls, options) =>
  Effect.map(Batch.run(tools, calls.toReversed(), options), ({ outcomes }) => ({ outcomes: outcomes.toReversed() }))

const isUncertain = ({ result }: Outcome.Outcome): boolean =>
  Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Uncertain"

const letsWritesThroughAfterUncertain: Runner = (tools, calls, options) =>
  Effect.gen(function*() {
    const { outcomes } = yield* Batch.run(tools, calls, options)
    const again = yield* Batch.run(tools, outcomes.filter(isUncertain).map(({ call }) => call), options)
    return { outcomes: outcomes.map((outcome) => again.outcomes.find(({ call }) => call === outcome.call) ?? outcome) }
  })

describe("a batch comes to what its calls come to one by one", () => {
  holds(Laws.serializable, Batch.run, {
    noOrder,
    exactKeysOnly,
    letsReadersPass,
    forgetsExclusive,
    completionOrder,
    lastCallFirst,
    letsWritesThroughAfterUncertain
  })

  describe("also when they are dispatched while they arrive", () => {
    holds(Laws.serializable, dispatched, { noOrderWhenDispatched, letsReadersPassWhenDispatched })
  })
})
