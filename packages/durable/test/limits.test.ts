/**
 * Limits, media, streams, inner agents and long conversations, over restarts.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Content, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Clock, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { type Fate, inTime, newStore, rowOf, start, within } from "./support/world.ts"

const parameters = Schema.Struct({})
const asked = { runId: "r1", prompt: "Act." }

const acting = (ran: Array<number>) =>
  Tool.make("act", {
    description: "Acts.",
    parameters,
    success: Schema.Int,
    readOnly: true,
    execute: () => Effect.andThen(Effect.sleep(100), Effect.sync(() => ran.push(0)))
  })

const call = ScriptedModel.turn({
  calls: [{ name: "act", arguments: {} }],
  usage: { input: 300, output: 10 }
})

/** A model that asks for the tool for as long as it may. */
const eager = () => ScriptedModel.make(({ toolChoice }) => toolChoice === "none" ? ScriptedModel.says("done") : call)

/** A run whose processes die behind each of its rounds, and the last of which lives. */
const restarted = Effect.fnUntraced(function*(
  options: Omit<Durable.Options<Tool.Any>, "toolkit">,
  fates: ReadonlyArray<Fate>,
  pause = 0
) {
  const ran: Array<number> = []
  const model = eager()
  const agent = Durable.agent("actor", { toolkit: Toolkit.make(acting(ran)), ...options })
  const layer = Layer.provide(agent.layer, model.layer)
  const stored = yield* newStore
  for (const fate of fates) {
    const process = yield* inTime(start(stored, layer, fate))
    yield* within(process, agent.start(asked))
    yield* inTime(process.died)
    yield* process.kill
    yield* TestClock.adjust(pause)
  }
  const last = yield* inTime(start(stored, layer))
  const ended = yield* within(last, Effect.flatMap(agent.start(asked), (run) => run.await))
  return { ended, ran: ran.length, turns: model.requests.length }
})

const behindRound: Fate = { at: rowOf("round", true), when: "after" }

describe("limits", () => {
  it.effect("count the rounds, calls and tokens of all starts together", () =>
    Effect.gen(function*() {
      for (
        const options of [{ maxRounds: 3 }, { maxToolCalls: 3, maxRounds: 50 }, { maxTokens: 5000, maxRounds: 50 }]
      ) {
        const whole = yield* restarted(options, [])
        const died = yield* restarted(options, [behindRound, behindRound])
        assert.deepStrictEqual(died, whole)
        assert.notStrictEqual(whole.ended.limited, false)
        assert.isAbove(whole.ran, 2)
      }
    }))

  it.effect("count the time since the run began", () =>
    Effect.gen(function*() {
      const begun = yield* Clock.currentTimeMillis
      const late = restarted({ maxDuration: "1 hour", maxRounds: 100 }, [behindRound], 7_200_000)
      const error = yield* Effect.flip(late)
      assert.isAtLeast((yield* Clock.currentTimeMillis) - begun, 7_200_000)
      assert.strictEqual(error.message, "the agent met its limit of 3600000 milliseconds")
    }))
})

describe("what is long", () => {
  it.effect("is kept apart, and told again as it was", () =>
    Effect.gen(function*() {
      const data = "QUJD".repeat(25_000)
      const see = Tool.make("act", {
        description: "Sees.",
        parameters,
        success: Schema.Int,
        readOnly: true,
        content: () => [Content.image("image/png", data)],
        execute: () => Effect.succeed(1)
      })
      const model = ScriptedModel.make([call, ScriptedModel.says("done")])
      const agent = Durable.agent("actor", { toolkit: Toolkit.make(see) })
      const layer = Layer.provide(agent.layer, model.layer)
      const stored = yield* newStore
      const first = yield* inTime(start(stored, layer, { at: rowOf("call", true), when: "after" }))
      yield* within(first, agent.start(asked))
      yield* inTime(first.died)
      yield* first.kill
      const second = yield* inTime(start(stored, layer))
      const { conversation } = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => run.await))
      assert.include(JSON.stringify(conversation), data)
      assert.include(JSON.stringify(model.requests[1]), data)
      const lengths = SqlClient.SqlClient.use((sql) =>
        Effect.all([
          sql`SELECT length(bytes) n FROM volley_blob`,
          sql`SELECT max(length(value)) n FROM volley_journal`
        ])
      )
      const [[blob, ...more], [row]] = yield* within(second, Effect.orDie(lengths))
      assert.deepStrictEqual([blob?.["n"], more], [data.length, []])
      assert.isBelow(Number(row?.["n"]), 10_000)
    }))
})

describe("a streamed turn", () => {
  it.effect("is kept whole, and not asked for again", () =>
    Effect.gen(function*() {
      const options = { streaming: true, maxRounds: 2 }
      const whole = yield* restarted(options, [])
      const died = yield* restarted(options, [{ at: rowOf("turn", true), when: "after" }])
      assert.deepStrictEqual(died, whole)
      assert.deepStrictEqual([whole.ended.answer, whole.turns], ["done", 3])
    }))
})

describe("an agent inside a call", () => {
  it.effect("goes on with its own turns and calls where its process died", () =>
    Effect.gen(function*() {
      const ran: Array<number> = []
      const inner = Agent.asTool("inner", { description: "Asks.", toolkit: Toolkit.make(acting(ran)), maxRounds: 2 })
      const outer = ScriptedModel.calls({ name: "inner", arguments: { task: "Look." } })
      const model = ScriptedModel.make(({ conversation: { messages }, toolChoice, toolkit }) => {
        if (toolkit?.byName.has("act") === true) {
          return toolChoice === "none" ? ScriptedModel.says("seen") : call
        }
        return messages.some(({ role }) => role === "tool") ? ScriptedModel.says("done") : outer
      })
      const agent = Durable.agent("actor", { toolkit: Toolkit.make(inner) })
      const layer = Layer.provide(agent.layer, model.layer)
      const stored = yield* newStore
      for (
        const fate of [{ at: rowOf("call", true), when: "after" }, { at: rowOf("turn", true), when: "after" }] as const
      ) {
        const process = yield* inTime(start(stored, layer, fate))
        yield* within(process, agent.start(asked))
        yield* inTime(process.died)
        yield* process.kill
      }
      const last = yield* inTime(start(stored, layer))
      const { answer, conversation } = yield* within(last, Effect.flatMap(agent.find("r1"), (run) => run.await))
      assert.deepStrictEqual([answer, ran.length, model.requests.length], ["done", 2, 5])
      assert.include(JSON.stringify(conversation), "seen")
    }))
})

describe("a conversation of a thousand rounds", () => {
  it.effect("goes on without them: as many statements and turns as one of ten", () =>
    Effect.gen(function*() {
      const costs = yield* Effect.forEach([10, 1000], costOfRestart)
      assert.deepStrictEqual(costs[0], costs[1])
    }))
})

/** What it takes to go on with a run behind so many rounds. */
const costOfRestart = Effect.fnUntraced(function*(rounds: number) {
  const act = Tool.make("act", {
    description: "Acts.",
    parameters,
    success: Schema.Int,
    readOnly: true,
    execute: () => Effect.succeed(1)
  })
  const model = ScriptedModel.make((_, number) => number <= rounds ? call : ScriptedModel.says("done"))
  const agent = Durable.agent("actor", { toolkit: Toolkit.make(act), maxRounds: 2000 })
  const layer = Layer.provide(agent.layer, model.layer)
  const stored = yield* newStore
  let settled = 0
  const isLast = (values: ReadonlyArray<unknown>) =>
    values.some((value, at) => value === "round" && values[at + 1] === 1) && ++settled === rounds
  const first = yield* inTime(start(stored, layer, { at: isLast, when: "after" }))
  yield* within(first, agent.start(asked))
  yield* inTime(first.died)
  yield* first.kill
  const turns = model.requests.length
  const second = yield* inTime(start(stored, layer))
  const { answer, conversation } = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => run.await))
  assert.deepStrictEqual([answer, conversation.messages.length], ["done", 2 * rounds + 2])
  yield* second.kill
  return { statements: second.statements(), turns: model.requests.length - turns }
})
