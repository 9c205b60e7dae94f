/**
 * What a provider's `ChatModel` makes of each fault of the simulator: the table of `docs/faults.md`, cell by cell.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatModel, type ChatModelError } from "@volley/core"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import * as Fault from "../src/Fault.ts"
import { type Provider, question, reach, simulated, toolkit } from "./ChatModelSuite.ts"
import { collect, lastTold } from "./streams.ts"

/** The cells of the table, its head first. */
const [head = [], , ...rows] = readFileSync(new URL("../docs/faults.md", import.meta.url), "utf8").split("\n").flatMap(
  (line) => line.startsWith("|") ? [line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))] : []
)

const isFault = (name: string): name is Fault.Name => Object.hasOwn(Fault.named, name)

/** What each way of asking comes to. */
const outcomes = (cell: string): ReadonlyArray<readonly ["generate" | "stream", string]> => {
  const [, generate, stream] = /^generate: (.*); stream: (.*)$/.exec(cell) ?? [cell, cell, cell]
  return cell === "-" ? [] : [["generate", generate ?? ""], ["stream", stream ?? ""]]
}

/** Plays every row on the wire of a provider, by both ways of asking. */
export const faults = (provider: Provider): void => {
  const cells = rows.flatMap(([name = "", ...cells]) =>
    isFault(name)
      ? outcomes(cells[head.indexOf(provider.name) - 1] ?? "").map(([way, outcome]) => [name, way, outcome] as const)
      : []
  )

  describe(`ChatModel on ${provider.name}: a fault`, () => {
    it.effect.each(cells)("%s: %s comes to %s", ([name, way, outcome]) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* played(provider, name, way), outcome)
      }))
  })
}

/** Plays one fault, and says what it comes to in the words of the table. */
const played = Effect.fnUntraced(function*(
  { layerOf, model = reach.model }: Provider,
  name: Fault.Name,
  way: "generate" | "stream"
) {
  const asked = Promise.withResolvers<void>()
  const { fetch } = yield* simulated({
    faults: (asking) => {
      asked.resolve()
      return Fault.named[name](asking)
    }
  })
  const maxRetries = name.endsWith("-once") ? 1 : 0
  const layer = layerOf({ ...reach, model, maxRetries, fetch, firstByte: "2 minutes" })
  const fiber = yield* Effect.forkChild(Effect.provide(way === "stream" ? streamed : generated, layer))
  yield* Effect.promise(() => asked.promise)
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})

const request: ChatModel.Request = { conversation: question, toolkit }

const generated = Effect.gen(function*() {
  const { generate } = yield* ChatModel.ChatModel
  return Result.match(yield* Effect.result(generate(request)), {
    onFailure: (error) => failure(error, 0),
    onSuccess: (turn) => success(turn, turn.message.calls)
  })
})

const streamed = Effect.gen(function*() {
  const { stream } = yield* ChatModel.ChatModel
  const { error, parts } = yield* collect(stream(request))
  const whole = parts.at(-1)
  const calls = lastTold(parts)
  if (error !== undefined) return failure(error, calls.length)
  return whole?._tag === "Turn" ? success(whole.turn, calls) : "nothing"
})

const failure = ({ reason }: ChatModelError.ChatModelError, told: number): string => {
  const after = reason._tag === "RateLimited" ? reason.retryAfterMillis : undefined
  return [
    reason._tag,
    ...(after === undefined ? [] : [`retry after ${after / 1000} s`]),
    ...(told === 0 ? [] : [`calls told: ${told}`])
  ].join(", ")
}

const success = ({ finish, message }: ChatModel.Turn, calls: ReadonlyArray<ChatModel.Call["call"]>): string => {
  const last = calls.at(-1)
  const cut = calls.filter(({ status }) => status === "truncated").length
  return [
    `turn: ${finish}`,
    ...(calls.length === 1 ? ["one call"] : []),
    ...(isMalformed(calls[0]?.arguments) ? ["first call malformed"] : []),
    ...(last && last.name !== "weather" ? [`last call named ${last.name}`] : []),
    ...(cut > 0 ? [cut === calls.length ? "all calls truncated" : "last call truncated"] : []),
    ...(message.text === "" ? [] : ["with text"])
  ].join(", ")
}

const isMalformed = (args: unknown): boolean => {
  if (typeof args !== "string") return false
  return Result.isFailure(Result.try((): unknown => JSON.parse(args)))
}
