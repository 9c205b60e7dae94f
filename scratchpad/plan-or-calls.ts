// A question whose calls need each other's results: three turns of calls, or one turn with a plan.
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Agent, ChatModel } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Simulator } from "@volley/simulator"
import * as Bank from "@volley/simulator/Bank"
import { questions, questionsPlanned } from "@volley/simulator/scenarios/questions"
import * as WebService from "@volley/simulator/WebService"
import { Effect, Layer, Redacted, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { barsOf, draw, type Span } from "./support/waterfall.ts"

const play = Effect.fnUntraced(function*(scenario: typeof questions) {
  const simulator = yield* Simulator.serve({ script: () => scenario.script, latency: "300 millis" })
  const model = OpenAiChat.layer({ model: "gpt-4.1", apiKey: Redacted.make("simulated"), baseUrl: simulator.openai })
  const spans: Array<Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const { answer, rounds } = yield* Effect.gen(function*() {
    const model = yield* ChatModel.ChatModel
    const traced = ChatModel.ChatModel.of({
      ...model,
      generate: (request) => Effect.withSpan(model.generate(request), "model")
    })
    const run = Agent.run({ toolkit: scenario.toolkit, prompt: scenario.prompt })
    return yield* Effect.provideService(run, ChatModel.ChatModel, traced)
  }).pipe(Effect.provide(model), Effect.provideService(Tracer.Tracer, tracer))
  return { name: scenario.name, answer, turns: rounds.length, bars: barsOf(spans) }
})

const main = Effect.gen(function*() {
  const plain = yield* play(questions)
  const planned = yield* play(questionsPlanned)
  const millis = Math.max(...plain.bars.map(({ to }) => to))
  for (const { bars, name } of [plain, planned]) console.log(`${name}\n${draw(bars, millis).join("\n")}\n`)
  console.log(planned.answer)
  console.log(`turns of calls: ${plain.turns} without a plan, ${planned.turns} with one`)
  console.log(`equal answers: ${plain.answer === planned.answer}`)
})

const services = Layer.mergeAll(NodeServices.layer, FetchHttpClient.layer, Bank.layer, WebService.layer)
await Effect.runPromise(Effect.scoped(Effect.provide(main, services)))
// => Paris is 3.1 times as dense as Tokyo.
// => turns of calls: 3 without a plan, 1 with one
// => equal answers: true
