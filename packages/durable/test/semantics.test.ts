/**
 * What becomes of a call, by what its tool is and where its process dies.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Latch, Layer, Schema } from "effect"
import { type Fate, inTime, newStore, rowOf, start, within } from "./support/world.ts"

const kinds = { "read-only": { readOnly: true }, idempotent: { idempotent: true }, write: {} } as const
type Kind = keyof typeof kinds
const everyKind: ReadonlyArray<Kind> = ["read-only", "idempotent", "write"]

type Execute = Effect.Effect<string, string>
const works: Execute = Effect.as(Effect.sleep(10), "worked")

/** One turn with one call and an answer; how often the tool began and ended, and with which keys. */
const one = (kind: Kind, execute: Execute = works, timeout?: number) => {
  const began: Array<string> = []
  const ended: Array<string> = []
  const act = Tool.make("act", {
    description: "Acts.",
    parameters: Schema.Struct({}),
    success: Schema.String,
    failure: Schema.String,
    ...kinds[kind],
    timeout,
    execute: (_, { idempotencyKey: key }) =>
      Effect.suspend(() => (began.push(key), Effect.onExit(execute, () => Effect.sync(() => ended.push(key)))))
  })
  const { layer, requests } = ScriptedModel.make(({ conversation: { messages } }) =>
    messages.some(({ role }) => role === "tool")
      ? ScriptedModel.says("done")
      : ScriptedModel.calls({ name: "act", arguments: {} })
  )
  const agent = Durable.agent("actor", { toolkit: Toolkit.make(act) })
  const started = agent.start({ runId: "r1", prompt: "Act." })
  return { began, ended, layer: Layer.provide(agent.layer, layer), requests, started }
}

/** How a run ends that another process goes on with, once its first one has met its fate. */
const goneOn = Effect.fnUntraced(function*(
  { began, layer, requests, started }: Pick<ReturnType<typeof one>, "began" | "layer" | "requests" | "started">,
  fate: Fate
) {
  const stored = yield* newStore
  const first = yield* inTime(start(stored, layer, fate))
  yield* within(first, started)
  yield* inTime(first.died)
  if (!fate.freezes) yield* first.kill
  const second = yield* inTime(start(stored, layer))
  const { answer, conversation } = yield* within(second, Effect.flatMap(started, (run) => run.await))
  assert.strictEqual(answer, "done")
  yield* first.wake
  yield* inTime(Effect.sleep(1000))
  const told = conversation.messages.flatMap((message) =>
    message.role === "tool" ? message.results.map(({ text }) => text) : []
  )
  assert.isAtMost(new Set(began).size, 1)
  return { began: began.length, turns: requests.length, told: told.join() }
})

const isUnknown = (told: string): boolean => told.includes("unknown")

describe.each(everyKind)("a call of a tool that is %s", (kind) => {
  const isWrite = kind === "write"

  it.effect("runs once where the process dies before its turn is kept, which is then asked for again", () =>
    Effect.gen(function*() {
      const { began, told, turns } = yield* goneOn(one(kind), { at: rowOf("turn", true), when: "before" })
      assert.deepStrictEqual([began, turns, told], [1, 3, `"worked"`])
    }))

  it.effect("runs once where the process dies behind its turn", () =>
    Effect.gen(function*() {
      const { began, told, turns } = yield* goneOn(one(kind), { at: rowOf("turn", true), when: "after" })
      assert.deepStrictEqual([began, turns, told], [1, 2, `"worked"`])
    }))

  it.effect("runs again with the same key where its end was not kept, unless it is a write", () =>
    Effect.gen(function*() {
      const { began, told, turns } = yield* goneOn(one(kind), { at: rowOf("call", true), when: "before" })
      assert.deepStrictEqual([began, turns, isUnknown(told)], isWrite ? [1, 2, true] : [2, 2, false])
    }))

  it.effect("is told again where its end was kept", () =>
    Effect.gen(function*() {
      const { began, told, turns } = yield* goneOn(one(kind), { at: rowOf("call", true), when: "after" })
      assert.deepStrictEqual([began, turns, told], [1, 2, `"worked"`])
    }))

  it.effect("has the same outcome again where it failed, crashed or took too long", () =>
    Effect.gen(function*() {
      const failing: ReadonlyArray<Execute> = [Effect.fail("broke"), Effect.die(new Error("bug")), Effect.never]
      for (const execute of failing) {
        const unharmed = yield* goneOn(one(kind, execute, 20), { at: rowOf("round", true), when: "after" })
        const again = yield* goneOn(one(kind, execute, 20), { at: rowOf("call", true), when: "after" })
        assert.deepStrictEqual(again, unharmed)
        assert.deepStrictEqual([again.began, again.turns], [1, 2])
      }
    }))

  it.effect("runs again where the program is ended while it runs, unless it is a write", () =>
    Effect.gen(function*() {
      const isBegun = Latch.makeUnsafe()
      const hangsOnce = Effect.suspend(() => isBegun.openUnsafe() ? Effect.never : works)
      const { began, ended, layer, requests, started } = one(kind, hangsOnce)
      const stored = yield* newStore
      const first = yield* inTime(start(stored, layer))
      yield* within(first, started)
      yield* inTime(isBegun.await)
      assert.deepStrictEqual([began.length, ended.length], [1, 0])
      yield* inTime(first.stop)
      assert.deepStrictEqual([began.length, ended.length], [1, 1])
      const second = yield* inTime(start(stored, layer))
      const { answer, conversation } = yield* within(second, Effect.flatMap(started, (run) => run.await))
      assert.deepStrictEqual([answer, requests.length, new Set(began).size], ["done", 2, 1])
      assert.deepStrictEqual([began.length, isUnknown(JSON.stringify(conversation))], isWrite ? [1, true] : [2, false])
    }))

  it.effect("runs at most once if it is a write, where its process froze and wakes behind another", () =>
    Effect.gen(function*() {
      for (const ended of isWrite ? [false, true] : [true]) {
        const { began, told } = yield* goneOn(one(kind), { at: rowOf("call", ended), when: "before", freezes: true })
        assert.deepStrictEqual([began, isUnknown(told)], isWrite ? [1, ended] : [2, false])
      }
    }))
})

describe("a write that was begun", () => {
  it.effect("is not run where the process died before it ran, and is said to be unknown", () =>
    Effect.gen(function*() {
      const { began, told } = yield* goneOn(one("write"), { at: rowOf("call", false), when: "after" })
      assert.deepStrictEqual([began, isUnknown(told)], [0, true])
    }))

  it.effect("keeps later writers of the same from running, and nobody else", () =>
    Effect.gen(function*() {
      const began: Array<string> = []
      const write = (name: string, key: string) =>
        Tool.make(name, {
          description: "Writes.",
          parameters: Schema.Struct({}),
          success: Schema.String,
          access: [Access.write(key)],
          execute: () => Effect.suspend(() => (began.push(name), Effect.as(Effect.sleep(10), "worked")))
        })
      const toolkit = Toolkit.make(write("first", "a"), write("second", "a"), write("other", "b"))
      const names = ["first", "second", "other"]
      const { layer, requests } = ScriptedModel.make(({ conversation: { messages } }) =>
        messages.some(({ role }) => role === "tool")
          ? ScriptedModel.says("done")
          : ScriptedModel.calls(...names.map((name) => ({ name, arguments: {} })))
      )
      const agent = Durable.agent("writer", { toolkit })
      const started = agent.start({ runId: "r1", prompt: "Write." })
      yield* goneOn(
        { began: [], layer: Layer.provide(agent.layer, layer), requests, started },
        { at: rowOf("call", true), when: "before" }
      )
      const results = requests.at(-1)?.conversation.messages.flatMap((message) =>
        message.role === "tool" ? message.results.map(({ text }) => text) : []
      )
      assert.deepStrictEqual(began, ["first", "other"])
      const types = results?.map((text) => /"type":"(\w+)"/.exec(text)?.[1])
      assert.deepStrictEqual(types, ["Interrupted", "Uncertain", "Interrupted"])
    }))
})
