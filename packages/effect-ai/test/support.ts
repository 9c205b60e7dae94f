/** What the tests arrange: models of `effect/ai` that say what they are told, and turns of calls. */
import { Batch, ToolCall, type Toolkit } from "@volley/core"
import { Effect, Layer, Stream } from "effect"
import { AiError, LanguageModel, type Response } from "effect/ai"

export type Wanted = readonly [name: string, params?: unknown, id?: string]

/** The parts of a turn that asks for tools. */
export const asks = (...wanted: ReadonlyArray<Wanted>): Array<Response.ToolCallPartEncoded> =>
  wanted.map(([name, params = {}, id], at) => ({ type: "tool-call", id: id ?? `call_${at + 1}`, name, params }))

/** The last part of a turn. */
export const finish = (reason: Response.FinishReason = "stop"): Response.FinishPartEncoded => ({
  type: "finish",
  reason,
  usage: { inputTokens: { total: 10 }, outputTokens: { total: 1 } }
})

/** A model that gives these turns, one after the other, the last one again and again. */
export const saying = (...turns: ReadonlyArray<Array<Response.PartEncoded>>) => {
  const asked: Array<LanguageModel.ProviderOptions> = []
  const model = LanguageModel.make({
    generateText: (options) => Effect.sync(() => turns[Math.min(asked.push(options), turns.length) - 1] ?? []),
    streamText: () => Stream.die(new Error("it does not stream"))
  })
  return { asked, layer: Layer.effect(LanguageModel.LanguageModel, model) }
}

/** A model that streams these parts. */
export const streaming = (parts: Stream.Stream<Response.StreamPartEncoded, AiError.AiError>) =>
  Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({ generateText: () => Effect.die(new Error("it streams alone")), streamText: () => parts })
  )

/** A model that fails. */
export const failing = (reason: AiError.AiErrorReason) => {
  const error = AiError.make({ module: "Test", method: "test", reason })
  return Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({ generateText: () => Effect.fail(error), streamText: () => Stream.fail(error) })
  )
}

/** The calls of a turn, as Volley has them. */
export const callsOf = (...wanted: ReadonlyArray<Wanted>): ReadonlyArray<ToolCall.ToolCall> =>
  asks(...wanted).map(({ id, name, params }, index) => ToolCall.make({ id, name, arguments: params, index }))

/** Runs the calls of a turn in Volley, and gives what the model reads of each. */
export const read = <T extends Toolkit.Tools<Toolkit.Any>>(
  toolkit: Toolkit.Toolkit<T>,
  wanted: ReadonlyArray<Wanted>,
  options?: Batch.Options
) =>
  Effect.map(
    Batch.run(toolkit, callsOf(...wanted), options),
    ({ outcomes }) => outcomes.map(({ call: { id }, encoded }): readonly [string, unknown] => [id, JSON.parse(encoded)])
  )
