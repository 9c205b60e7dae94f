/**
 * Rules 5 and 6: what an earlier call that went wrong means for the later ones that touch the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Tool, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import { aDayOf, type Asked, asking, lasting, spans, spansOf } from "./support.ts"

const tools = [
  lasting("read", { access: ({ key }) => [Access.read(key)] }),
  lasting("write", { access: ({ key }) => [Access.write(key)] }),
  lasting("alone", { access: [Access.exclusive] }),
  lasting("free")
]

const run = (asked: ReadonlyArray<Asked>, options?: Batch.Options) => spans(tools, asked, options)

describe("an earlier call that failed", () => {
  it.effect("does not stop the later one, which starts when it has ended", () =>
    Effect.gen(function*() {
      const failing = lasting("failing", { access: [Access.write("k")] })
      const after = lasting("after", { access: [Access.write("k")] })
      assert.deepStrictEqual(
        yield* spans([failing, after], [["failing", "fails", 30], ["after", "x", 10]]),
        [["ToolFailure", 0, 30], [30, 40]]
      )
    }))

  it.effect("nor does one that crashed, or was refused", () =>
    Effect.gen(function*() {
      const crashing = Tool.make("crashing", {
        description: "For tests.",
        parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
        success: Schema.String,
        access: [Access.write("k")],
        execute: ({ ms }) => Effect.andThen(Effect.sleep(ms), Effect.die("bug"))
      })
      const after = lasting("after", { access: [Access.write("k")] })
      const calls = asking(["crashing", "", 30], ["after", "", 10], ["after", "", 10]).map((call, index) =>
        index === 1 ? { ...call, status: "truncated" as const } : call
      )
      const settled = yield* aDayOf(Batch.run(Toolkit.make(crashing, after), calls))
      assert.deepStrictEqual(spansOf(settled, 0), [["Defect", 0, 30], ["Truncated", 0, 0], [30, 40]])
    }))
})

describe("an earlier write of unknown outcome", () => {
  const later: ReadonlyArray<Asked> = [
    ["read", "a/b", 10],
    ["write", "a/b/c", 10],
    ["write", "a", 10],
    ["read", "", 10],
    ["read", "a/x", 10],
    ["write", "ab", 10],
    ["alone", "", 10]
  ]

  it.effect("leaves out what lies over and under its key, and what would be alone", () =>
    Effect.gen(function*() {
      const uncertain = ["Uncertain", 50, 50]
      assert.deepStrictEqual(yield* run([["write", "a/b", 100], ...later], { timeout: 50 }), [
        ["Timeout", 0, 50],
        ...later.slice(0, 4).map(() => uncertain),
        [50, 60],
        [50, 60],
        ["Uncertain", 60, 60]
      ])
    }))

  it.effect("is named by those that it leaves out, and may be asked for again", () =>
    Effect.gen(function*() {
      const calls = asking(["write", "a", 100], ["read", "a", 10])
      const { outcomes } = yield* aDayOf(Batch.run(Toolkit.make(...tools), calls, { timeout: 50 }))
      const { error } = JSON.parse(outcomes[1]!.encoded)
      assert.deepInclude(error, { type: "Uncertain", safeToRepeat: true, data: { after: "c0" } })
      assert.strictEqual(outcomes[1]!.attempts, 0)
    }))

  it.effect("is also one that was interrupted after its start", () =>
    Effect.gen(function*() {
      const stops = Tool.make("stops", {
        description: "For tests.",
        parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
        success: Schema.String,
        access: [Access.write("k")],
        execute: ({ ms }) => Effect.andThen(Effect.sleep(ms), Effect.interrupt)
      })
      const after = lasting("after", { access: [Access.read("k")] })
      const settled = yield* aDayOf(Batch.run(Toolkit.make(stops, after), asking(["stops", "", 9], ["after", "", 3])))
      assert.deepStrictEqual(spansOf(settled, 0), [["Interrupted", 0, 9], ["Uncertain", 9, 9]])
    }))

  it.effect("and an exclusive one, which leaves out every later call", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["free", "", 5], ["alone", "", 100], ["free", "", 10], ["read", "a", 10]], { timeout: 50 }),
        [[0, 5], ["Timeout", 5, 55], ["Uncertain", 55, 55], ["Uncertain", 55, 55]]
      )
    }))

  it.effect("is not one that never started", () =>
    Effect.gen(function*() {
      const calls: ReadonlyArray<Asked> = [["write", "a", 100], ["write", "a", 10], ["write", "a", 10]]
      assert.deepStrictEqual(yield* run(calls, { timeout: 50 }), [
        ["Timeout", 0, 50],
        ["Uncertain", 50, 50],
        ["Uncertain", 50, 50]
      ])
    }))

  it.effect("is not one of a tool that does not say what it touches, nor for a call that is undecided", () =>
    Effect.gen(function*() {
      const tools = Toolkit.make(lasting("free"), lasting("asks", { approval: "always" }))
      const calls = asking(["free", "", 100], ["asks", "", 10])
      const { outcomes, pending } = yield* aDayOf(Batch.run(tools, calls, { timeout: 50 }))
      assert.strictEqual(outcomes[0]?.endedAt, outcomes[0]!.startedAt + 50)
      assert.deepStrictEqual(pending, [calls[1]!])
    }))

  it.effect("and a read that timed out is none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["read", "a", 100], ["write", "a", 10], ["write", "a/b", 10]], { timeout: 50 }),
        [["Timeout", 0, 50], [50, 60], [60, 70]]
      )
    }))
})
