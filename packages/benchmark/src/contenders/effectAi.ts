import { Effect, Schema, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import { answer, type Contender, type Setting, tool } from "../Contender.ts"

const Looked = Schema.Struct({ n: Schema.Int, city: Schema.NonEmptyString })

const toolkit = Toolkit.make(
  Tool.make(tool.name, {
    description: tool.description,
    parameters: Looked,
    success: Looked,
    failureMode: "return"
  })
)

const finish = (reason: "stop" | "tool-calls"): Response.PartEncoded => ({
  type: "finish",
  reason,
  usage: {
    inputTokens: { uncached: 1, total: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 }
  }
})

const modelOf = ({ calls }: Setting) => {
  const last: Array<Response.PartEncoded> = [{ type: "text", text: answer }, finish("stop")]
  const first = (): Array<Response.PartEncoded> => [
    ...calls.map(({ id, name, arguments: args }) => ({
      type: "tool-call" as const,
      id,
      name,
      params: JSON.parse(args)
    })),
    finish("tool-calls")
  ]
  return LanguageModel.make({
    generateText: ({ prompt }) => Effect.sync(() => prompt.content.at(-1)?.role === "tool" ? last : first()),
    streamText: () => Stream.empty
  })
}

const handlerOf = ({ kind, millis, work }: Setting) => (input: typeof Looked.Type) =>
  kind === "sync"
    ? Effect.sync(() => work.now(input))
    : kind === "sleep"
    ? Effect.map(Effect.sleep(millis(input.n)), () => work.now(input))
    : Effect.promise(() => work.later(input))

/** `effect/ai` has no loop: its second turn is asked for as its documentation does it. */
export const effectAi: Contender = {
  title: "`effect/ai` `generateText`",
  from: ["effect"],
  turns: 2,
  lacks: "time limits, a loop; crashes, unknown tools and bad JSON end the turn; results in order of completion",
  can: { cap: true },
  make: (setting) => {
    const model = Effect.runSync(modelOf(setting))
    const layer = toolkit.toLayer({ [tool.name]: handlerOf(setting) })
    const concurrency = setting.cap ?? "unbounded"
    const run = Effect.gen(function*() {
      const prompt = Prompt.make("Look.")
      const turn = yield* LanguageModel.generateText({ prompt, toolkit, concurrency })
      const next = Prompt.concat(prompt, Prompt.fromResponseParts(turn.content))
      const { text } = yield* LanguageModel.generateText({ prompt: next, toolkit, concurrency })
      return text === answer ? turn.toolResults.filter(({ isFailure }) => !isFailure).length : 0
    }).pipe(Effect.provideService(LanguageModel.LanguageModel, model), Effect.provide(layer))
    return () => Effect.runPromise(run)
  }
}
