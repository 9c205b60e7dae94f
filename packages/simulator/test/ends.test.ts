/**
 * Runner rule 19: what a streamed turn does not prove at its end never starts, whichever wire it came by.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Batch, ChatModel, Conversation, Outcome, Tool, Toolkit } from "@volley/core"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import type * as Dialect from "../src/Dialect.ts"
import type { Script } from "../src/Script.ts"
import { reach, simulated } from "./ChatModelSuite.ts"
import { type Spoken, wires } from "./fieldWires.ts"

const script: Script = {
  wants: () => [
    { name: "look", arguments: { place: "a" } },
    { name: "change", arguments: { place: "b" } },
    { name: "look", arguments: { place: "b" } }
  ],
  answer: () => "Done."
}

const ends: ReadonlyArray<Dialect.Name | undefined> = [
  undefined,
  "cut-after-calls",
  "blocked-after-calls",
  "unknown-finish"
]

/** A read and a write of places, and what was started of them. */
const tools = () => {
  const started: Array<string> = []
  const at = (name: string, readOnly: boolean) =>
    Tool.make(name, {
      description: `A ${name} at a place.`,
      parameters: Schema.Struct({ place: Schema.String }),
      success: Schema.String,
      readOnly,
      access: ({ place }) => [readOnly ? Access.read(place) : Access.write(place)],
      execute: ({ place }) => Effect.sync(() => `${started.push(`${name} ${place}`)}`)
    })
  return { started, toolkit: Toolkit.make(at("look", true), at("change", false)) }
}

/** A Layer that streams a turn of the dialect, a second a call. */
const serving = Effect.fnUntraced(function*({ provider }: Spoken, dialect: Dialect.Name | undefined) {
  const asked = Promise.withResolvers<void>()
  const { fetch } = yield* simulated({
    script: () => {
      asked.resolve()
      return script
    },
    dialect,
    pace: () => "1 second"
  })
  const { layerOf, model = reach.model } = provider
  return { asked: asked.promise, layer: layerOf({ ...reach, model, maxRetries: 0, fetch }) }
})

/** Runs an effect while a minute passes. */
const inTime = Effect.fnUntraced(function*<A, E>(asked: Promise<void>, effect: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(Effect.exit(effect))
  yield* Effect.promise(() => asked)
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})

/** On this wire no call is proven before the end, so that nothing starts early. */
const early = (name: string): ReadonlyArray<string> => name === "openai-chat" ? [] : ["look a"]

describe.each(wires.map((spoken) => [spoken.provider.name, spoken] as const))(
  "a streamed turn on %s",
  (name, spoken) => {
    it.effect.each(ends.map((end) => [end ?? "as it should", end] as const))(
      "that ends %s starts what it proves and nothing else, by an agent",
      ([, dialect]) =>
        Effect.gen(function*() {
          const { started, toolkit } = tools()
          const { asked, layer } = yield* serving(spoken, dialect)
          const run = Agent.run({ toolkit, prompt: "Go.", streaming: true, maxRounds: 1, atLimit: "fail" })
          yield* inTime(asked, Effect.provide(run, layer))
          assertStarted(name, dialect, started)
        })
    )

    it.effect.each(ends.map((end) => [end ?? "as it should", end] as const))(
      "that ends %s starts what it proves and nothing else, by a loop of one's own",
      ([, dialect]) =>
        Effect.gen(function*() {
          const { started, toolkit } = tools()
          const { asked, layer } = yield* serving(spoken, dialect)
          const loop = Effect.gen(function*() {
            const { stream } = yield* ChatModel.ChatModel
            const { calls } = yield* ChatModel.split(stream({ conversation: Conversation.make("Go."), toolkit }))
            const settled = yield* Batch.dispatch(toolkit, calls)
            yield* Effect.exit(settled.end)
            return settled.outcomes
          })
          const exit = yield* inTime(asked, Effect.provide(loop, layer))
          assertStarted(name, dialect, started)
          assert(exit._tag === "Success")
          const done = exit.value.filter((outcome) => !Outcome.isFailure(outcome)).map(({ call }) => call.index)
          assert.deepStrictEqual(done, dialect === undefined ? [0, 1, 2] : early(name).map((_, at) => at))
        })
    )
  }
)

const assertStarted = (name: string, dialect: Dialect.Name | undefined, started: ReadonlyArray<string>): void =>
  assert.deepStrictEqual(started, dialect === undefined ? ["look a", "change b", "look b"] : early(name))
