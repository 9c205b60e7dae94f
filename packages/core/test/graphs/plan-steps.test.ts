/**
 * The steps of plans are calls of the same run as the other calls of a turn.
 */
import { assert, describe, it } from "@effect/vitest"
import { Plan } from "@volley/core"
import { Effect, Result, Schedule } from "effect"
import { endsOf, key, millisOf, of, play, stepsOf, tools } from "./turns.ts"

describe("the steps of a plan", () => {
  it.effect("keep call order with the calls around the plan where they touch the same thing", () =>
    Effect.gen(function*() {
      const { events } = yield* play([
        of("w1", "write", 300, key),
        [of("r1", "read", 100, key), of("x", "free", 50), of("w2", "write", 200, key)],
        of("r2", "read", 100, key),
        [of("r3", "read", 150, key), of("w3", "write", 100, key)],
        of("y", "free", 20)
      ])
      assert.strictEqual(events, "+w1 +x +y -y -x -w1 +r1 -r1 +w2 -w2 +r2 +r3 -r2 -r3 +w3 -w3")
    }))

  it.effect("are alone where they want to be", () =>
    Effect.gen(function*() {
      const { events } = yield* play([
        of("a", "free"),
        [of("b", "free"), of("c", "alone"), of("d", "free")],
        of("e", "free")
      ])
      assert.strictEqual(events, "+a +b -a -b +c -c +d +e -d -e")
    }))

  it.effect("run in the plan's place under the cap of the batch, which the plan itself takes no part of", () =>
    Effect.gen(function*() {
      const turn = [of("a", "free"), [of("b", "free"), of("c", "free")], of("d", "free"), [of("e", "free")]]
      assert.strictEqual(
        (yield* play(turn, { concurrency: 1 })).events,
        "+a -a +b -b +c -c +d -d +e -e"
      )
      const startsOf = (events: string) => events.split(" ").filter((event) => event.startsWith("+")).join(" ")
      assert.strictEqual(startsOf((yield* play(turn, { concurrency: 2 })).events), "+a +b +c +d +e")
    }))

  it.effect("take turns with other calls under the limits of their tools", () =>
    Effect.gen(function*() {
      const turn = [of("a", "narrow"), [of("b", "narrow"), of("c", "free", 10)], [of("d", "narrow")], of("e", "narrow")]
      assert.strictEqual((yield* play(turn)).events, "+a +c -c -a +b -b +d -d +e -e")
      const { outcomes } = yield* play([of("a", "rated"), [of("b", "rated"), of("c", "rated")], of("d", "rated")])
      assert.deepStrictEqual(outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [100, 1100, 100])
    }))

  it.effect("need one another's results under a cap of 1 without a deadlock", () =>
    Effect.gen(function*() {
      const from = (id: string) => ({ from: { $ref: id } })
      const settled = yield* play([
        [
          of("a", "free"),
          of("b", "write", 100, { ...key, ...from("a") }),
          of("c", "read", 100, { ...key, ...from("b") })
        ],
        [of("d", "write", 100, key), of("e", "free", 100, from("d"))]
      ], { concurrency: 1 })
      assert.strictEqual(settled.events, "+a -a +b -b +c -c +d -d +e -e")
      assert.deepStrictEqual([endsOf(settled, 0), endsOf(settled, 1)], [["a", "b", "c"], ["d", "e"]])
    }))

  it.effect("whose access is not known yet hold up only what declares access", () =>
    Effect.gen(function*() {
      const { events } = yield* play([
        [of("a", "free", 100), of("b", "write", 100, { key: { $ref: "a" } })],
        of("c", "read", 10, { key: "other" }),
        of("d", "free", 10),
        of("e", "read", 10, { key: "a" })
      ])
      assert.strictEqual(events, "+a +d -d -a +b +c -c -b +e -e")
    }))

  it.effect("go before later calls as soon as what they need has ended", () =>
    Effect.gen(function*() {
      const from = { from: { $ref: "a" } }
      const plain = yield* play([[of("a", "free"), of("b", "free", 100, from)], of("c", "free")], { concurrency: 1 })
      assert.strictEqual(plain.events, "+a -a +b -b +c -c")
      const known = yield* play([
        [of("a", "free"), of("b", "read", 100, { key: { $ref: "a" } })],
        of("c", "read", 100, { key: "other" })
      ], { concurrency: 1 })
      assert.strictEqual(known.events, "+a -a +b -b +c -c")
    }))

  it.effect("time out on their own, and leave what touches the same uncertain, in the plan and behind it", () =>
    Effect.gen(function*() {
      const settled = yield* play([
        [
          of("a", "write", -1, key),
          of("b", "read", 10, key),
          of("c", "free", 10, { from: { $ref: "a" } }),
          of("d", "write", 10, { key: "other" })
        ],
        of("e", "read", 10, key)
      ])
      assert.deepStrictEqual(endsOf(settled), ["Timeout", "Uncertain", "DependencyFailed", "d"])
      const [, b, c] = stepsOf(settled)
      assert.strictEqual(b?.error?.data["after"], "a")
      assert.deepInclude(c?.error?.data, { root: "a", type: "Timeout" })
      assert.deepStrictEqual(JSON.parse(settled.outcomes[1]!.encoded).error.data, { after: "plan_0/a" })
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt }) => endedAt - settled.outcomes[0]!.startedAt), [
        1000,
        1000
      ])
    }))

  it.effect("are answered at the deadline, started or not, and so is the plan", () =>
    Effect.gen(function*() {
      const settled = yield* play([[
        of("a", "free", 100),
        of("b", "free", -1),
        of("c", "narrow", 400),
        of("d", "narrow")
      ]], {
        deadline: 300
      })
      assert.deepStrictEqual(endsOf(settled), ["a", "Timeout", "Timeout", "Timeout"])
      const { endedAt, startedAt } = settled.outcomes[0]!
      assert.strictEqual(endedAt - startedAt, 300)
    }))

  it.effect("have the time that they say, and the plan as much as they take, unless it says how much", () =>
    Effect.gen(function*() {
      const chain = ["a", "b", "c"].map((name, n) =>
        of(name, "free", 200, n === 0 ? {} : { from: { $ref: "abc"[n - 1] } })
      )
      const free = yield* play([chain], { timeout: 300 })
      assert.deepStrictEqual([endsOf(free), millisOf(free)], [["a", "b", "c"], 600])
      const bound = yield* play([chain, of("d", "free", 200)], { timeout: 1000 }, Plan.tool(tools, { timeout: 300 }))
      assert.strictEqual(bound.events, "+a +d -a +b -d -b")
      assert.deepStrictEqual([endsOf(bound), millisOf(bound)], [["a", "Timeout", "Timeout"], 300])
      assert.deepStrictEqual(stepsOf(bound).flatMap(({ error }) => error?.data ?? []), [
        { limit: "timeout", millis: 300, started: true },
        { limit: "timeout", millis: 300, started: false }
      ])
      assert.deepStrictEqual(bound.outcomes[1]?.result, Result.succeed("d"))
    }))

  it.effect("stop with the batch where a call of the turn fails, which no step is", () =>
    Effect.gen(function*() {
      const inside = yield* play([[of("a", "free", 0), of("b", "free", 100)], of("c", "free", 100)], { failFast: true })
      assert.deepStrictEqual(endsOf(inside), ["Broke", "b"])
      assert.deepStrictEqual(inside.outcomes[1]?.result, Result.succeed("c"))
      const outside = yield* play([of("a", "free", 0), [of("b", "free", 100)]], { failFast: true })
      assert.notInclude(outside.events, "+c")
      assert.include(outside.outcomes[1]!.encoded, "Interrupted")
    }))

  it.effect("are tried again as other calls are", () =>
    Effect.gen(function*() {
      const { keys } = yield* play([[of("a", "free", 0), of("b", "write", 0)]], { retry: Schedule.recurs(2) })
      assert.deepStrictEqual(keys.map((line) => line.split(" ")[0]).toSorted(), [
        "plan_0/a",
        "plan_0/a",
        "plan_0/a",
        "plan_0/b"
      ])
    }))

  it.effect("have idempotency keys of their own, the same in every run of one conversation", () =>
    Effect.gen(function*() {
      const turn = [[of("a", "free"), of("b", "free")], [of("a", "free"), of("b", "free")], of("a", "free")]
      const first = yield* play(turn, { runId: "r" })
      const second = yield* play(turn, { runId: "r", concurrency: 1 })
      const third = yield* play(turn, { runId: "other" })
      assert.strictEqual(new Set(first.keys).size, 5)
      assert.sameMembers(first.keys, second.keys)
      assert.notIncludeMembers(first.keys, third.keys)
    }))
})
