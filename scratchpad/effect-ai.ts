// A program of effect/ai as it was, and with two lines changed: its tools and its model stay as they are.
import { Agent } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { Console, Duration, Effect, Schema, Stream } from "effect"
import { LanguageModel, Prompt, type Response, Tool, Toolkit } from "effect/ai"

const toolkit = Toolkit.make(
  Tool.make("get_weather", {
    description: "Current weather of a city. `city` comes from the user.",
    parameters: Schema.Struct({ city: Schema.String }),
    success: Schema.Struct({ celsius: Schema.Finite }),
    failureMode: "return"
  })
)
const handlers = toolkit.toLayer({
  get_weather: ({ city }) =>
    city === "Babel" ? Effect.die(new Error("a bug")) : Effect.succeed({ celsius: city.length * 3 })
})

// Stands in for a provider: asks for the cities, then says how many answers it got.
const modelOf = (cities: ReadonlyArray<string>) =>
  LanguageModel.make({
    generateText: ({ prompt }) =>
      Effect.sync((): Array<Response.PartEncoded> => {
        const last = prompt.content.at(-1)
        if (last?.role !== "tool") {
          return cities.map((city, index) => ({
            type: "tool-call",
            id: `call_${index + 1}`,
            name: "get_weather",
            params: { city }
          }))
        }
        const failed = last.content.filter((part) => part.type === "tool-result" && part.isFailure).length
        return [{ type: "text", text: `${last.content.length} answers, ${failed} of them an error` }]
      }),
    streamText: () => Stream.empty
  })

const before = Effect.gen(function*() {
  let prompt = Prompt.make("How warm is it?")
  for (let round = 0; round < 5; round++) {
    const turn = yield* LanguageModel.generateText({ prompt, toolkit, concurrency: 10 })
    if (turn.toolCalls.length === 0) return turn.text
    prompt = Prompt.concat(prompt, Prompt.fromResponseParts(turn.content))
  }
  return "No answer after five rounds."
})

const after = Effect.gen(function*() {
  const tools = yield* EffectAi.fromToolkit(toolkit)
  const options = { toolkit: tools.toolkit, prompt: "How warm is it?", batch: { maxCalls: 1000 } }
  return (yield* Agent.run(options).pipe(Effect.provide(EffectAi.chatModel))).answer
})

const asking = <A, E>(
  program: Effect.Effect<A, E, LanguageModel.LanguageModel | Tool.HandlersFor<typeof toolkit.tools>>,
  cities: ReadonlyArray<string>
) => program.pipe(Effect.provideServiceEffect(LanguageModel.LanguageModel, modelOf(cities)), Effect.provide(handlers))

/** How many times as long one program takes as another, both run in turns: the medians of seven runs each. */
const ratio = Effect.fnUntraced(function*(one: Effect.Effect<unknown>, other: Effect.Effect<unknown>) {
  const runs = yield* Effect.replicateEffect(Effect.all([Effect.timed(one), Effect.timed(other)]), 7)
  const median = (side: 0 | 1) => runs.map((run) => Duration.toMillis(run[side][0])).sort((a, b) => a - b)[3] ?? 0
  return (median(0) / median(1)).toFixed(1)
})

await Effect.runPromise(Effect.gen(function*() {
  const cities = ["Oslo", "Babel", "Rome"]
  yield* Console.log("before:", (yield* Effect.exit(asking(before, cities)))._tag)
  yield* Console.log("after: ", yield* asking(after, cities))

  // `node scratchpad/effect-ai.ts 10 100 1000` measures turns of so many calls.
  for (const length of process.argv.slice(2).map(Number)) {
    const many = Array.from({ length }, () => "Oslo")
    const times = yield* ratio(Effect.orDie(asking(before, many)), Effect.orDie(asking(after, many)))
    yield* Console.log(`${length} calls took ${times} times as long before`)
  }
}))
// => before: Failure
// => after:  3 answers, 1 of them an error
