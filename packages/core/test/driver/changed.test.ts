/**
 * What becomes of the order where a call is allowed with arguments by which it touches something else.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Plan, Toolkit } from "@volley/core"
import { Effect } from "effect"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { type Asked, asking, doing, sleeping } from "./support.ts"

/** Tools that note which of their calls began: one that is asked about, and one that writes `b`. */
const make = () => {
  const began: Array<string> = []
  const execute = ({ ms = 0 }, { id }: { readonly id: string }) =>
    Effect.andThen(Effect.sync(() => void began.push(id)), sleeping(Number(ms)))
  const access = ({ to }: { readonly to?: unknown }) => [Access.write(String(to))]
  const writes = doing("writes", execute, { access: [Access.write("b")] })
  const steps = Toolkit.make(doing("asks", execute, { access, approval: "always" }), writes)
  return { began, toolkit: Toolkit.merge(steps, Toolkit.make(Plan.tool(steps))) }
}

/** A plan of a call that is asked about, of one that needs its answer, of one that needs the answer of that, and so on. */
const chain = (length: number): Asked => {
  const steps = Array.from({ length }, (_, n) => ({
    id: `s${n}`,
    tool: n === 0 ? "asks" : "writes",
    arguments: n === 0 ? { to: "a" } : { after: { $ref: `s${n - 1}` } }
  }))
  return ["plan", { steps }]
}

const allowing = (to: string) => Approver.layer(() => Effect.as(Effect.sleep(5), { allowed: { to, ms: 20 } }))

describe("a call that touches something else now", () => {
  it.effect("waits for none of those that need its answer, however far behind it they are", () =>
    Effect.gen(function*() {
      const { began, toolkit } = make()
      yield* aDayOf(Effect.provide(Batch.run(toolkit, asking(chain(4))), allowing("b")))
      assert.deepStrictEqual(began, ["c0/s0", "c0/s1", "c0/s2", "c0/s3"])
    }))

  it.effect("has those keep their places before what comes later", () =>
    Effect.gen(function*() {
      const { began, toolkit } = make()
      const runner = yield* Batch.make()
      const later = Effect.delay(runner.run(toolkit, asking(["writes"])), 10)
      const both = [runner.run(toolkit, asking(chain(2))), later]
      yield* aDayOf(Effect.provide(Effect.all(both, { concurrency: 2 }), allowing("c")))
      assert.deepStrictEqual(began, ["c0/s0", "c0/s1", "c0"])
    }))

  it.effect("gives no place to those that were answered already", () =>
    Effect.gen(function*() {
      const { began, toolkit } = make()
      const runner = yield* Batch.make()
      const first = runner.run(toolkit, asking(chain(2)), { maxCalls: 1 })
      yield* aDayOf(Effect.provide(first, allowing("c")))
      const second = yield* aDayOf(runner.run(toolkit, asking(["writes"])))
      assert.deepStrictEqual([ends(second), began], [[0], ["c0/s0", "c0"]])
    }))
})
