/**
 * A connection that breaks while a statement is done: nobody knows whether it was, and it is done again.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable, Journal } from "@volley/durable"
import { Deferred, Effect, Layer, Logger, Schema } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { keyOf } from "../src/internal/approvals.ts"
import { claim } from "../src/internal/owned.ts"
import * as Statements from "../src/internal/statements.ts"
import { world } from "./support/threeTurns.ts"
import { type Fate, inTime, newStore, newStoreOfEngine, start, within } from "./support/world.ts"

const quiet = Logger.layer([])

/** A break before or after each statement from one to another. */
const breaks = (from: number, to: number): ReadonlyArray<Fate> =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index).flatMap((at) => [
    { at, when: "before" as const, breaks: true as const },
    { at, when: "after" as const, breaks: true as const }
  ])

/** The same again where the store could not be asked. */
const untilDone = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.retry(effect, { while: ({ _tag }) => _tag === "StoreError", times: 3 })

const same = { description: "Acts.", parameters: Schema.Struct({ n: Schema.Int }), success: Schema.Int }

describe("a connection that breaks at any statement", () => {
  it.effect.each([newStore, newStoreOfEngine])("changes nothing for an agent", (newStored) =>
    Effect.gen(function*() {
      const live = Effect.fnUntraced(function*(fate: Fate | undefined) {
        const { agent, layer, ledger } = world()
        const process = yield* inTime(start(yield* newStored, Layer.provideMerge(layer, quiet), fate))
        const first = process.statements() + 1
        const asked = untilDone(agent.start({ runId: "r1", prompt: "Go." }))
        const { answer, conversation, usage } = yield* within(
          process,
          Effect.flatMap(asked, (run) => run.await) // it waits for the store, too
        )
        const statements = process.statements()
        yield* process.kill
        return {
          came: { answer, conversation, usage, ledger: ledger.map(({ what }) => what).sort() },
          first,
          statements
        }
      }, Effect.scoped)
      const { came, first, statements } = yield* live(undefined)
      for (const fate of breaks(first, statements)) {
        assert.deepStrictEqual((yield* live(fate)).came, came, JSON.stringify(fate))
      }
    }))

  it.effect("changes nothing for a batch", () =>
    Effect.gen(function*() {
      const live = Effect.fnUntraced(function*(fate: Fate | undefined) {
        let paid = 0
        const execute = ({ n }: { readonly n: number }) => Effect.sync(() => (paid += 1, n))
        const toolkit = Toolkit.make(
          Tool.make("pay", { ...same, execute }),
          Tool.make("look", { ...same, readOnly: true, execute: ({ n }) => Effect.succeed(n * n) })
        )
        const calls = ["pay", "look"].map((name, index) =>
          ToolCall.make({ id: name, index, name, arguments: { n: 3 } })
        )
        const process = yield* inTime(start(yield* newStore, quiet, fate))
        const settled = yield* within(process, untilDone(Durable.batch("b1", toolkit, calls)))
        const { state } = yield* within(process, Journal.status("b1"))
        return { came: { paid, state, told: settled.outcomes.map(({ encoded }) => encoded) }, n: process.statements() }
      }, Effect.scoped)
      const { came, n } = yield* live(undefined)
      assert.deepStrictEqual(came, { paid: 1, state: "done", told: ["3", "9"] })
      for (const fate of breaks(1, n - 1)) assert.deepStrictEqual((yield* live(fate)).came, came, JSON.stringify(fate))
    }))

  it.effect("takes no decision back that was made meanwhile", () =>
    Effect.gen(function*() {
      const pay = Tool.make("pay", { ...same, approval: "always", execute: ({ n }) => Effect.succeed(n) })
      const batch = Durable.batch("b1", Toolkit.make(pay), [
        ToolCall.make({ id: "pay", name: "pay", arguments: { n: 3 } })
      ])
      const process = yield* inTime(start(yield* newStore, Layer.empty))
      yield* within(process, batch)
      const [wait] = yield* within(process, Journal.waiting())
      const key = wait?.key ?? ""
      const decided = Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const owned = yield* claim(sql, "b1", Statements.claimAgain)
        assert.isTrue("runId" in owned)
        if (!("runId" in owned)) return
        const value = { tool: "pay", callId: "pay", parameters: { n: 3 } }
        const asking = owned.put({ key: keyOf(key), kind: "wait", ended: false, value })
        yield* asking
        yield* Journal.decide(key, "allowed")
        yield* asking // again, as where the connection broke behind it
        assert.strictEqual(yield* Deferred.isDone(owned.lost), false)
      })
      yield* within(process, Effect.scoped(decided))
      const { outcomes } = yield* within(process, batch)
      assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded), ["3"])
    }))
})
