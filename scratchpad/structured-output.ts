// An answer as a value: the model calls tools first, and then writes JSON of a schema.
import { AnthropicMessages } from "@volley/anthropic"
import { Agent } from "@volley/core"
import { Simulator } from "@volley/simulator"
import { Effect, Redacted, Schema } from "effect"
import { script, toolkit } from "./support/weather.ts"

const Report = Schema.Struct({ city: Schema.String, celsius: Schema.Finite, at: Schema.String })

const simulator = Simulator.serve({
  script: () => ({ ...script, answer: () => JSON.stringify({ city: "Tokyo", celsius: 18, at: "09:00" }) })
})

const main = Effect.gen(function*() {
  const { anthropic } = yield* simulator
  const model = AnthropicMessages.layer({
    model: "claude-opus-5-5",
    apiKey: Redacted.make("simulated"),
    baseUrl: anthropic
  })
  const agent = Agent.run({ toolkit, prompt: "Weather and time in Tokyo?", output: Report })
  const { output, rounds } = yield* Effect.provide(agent, model)
  console.log(
    `${rounds[0]?.settled.outcomes.length} calls, then: ${output.celsius} °C in ${output.city} at ${output.at}`
  )
})

await Effect.runPromise(Effect.scoped(main))
// => 3 calls, then: 18 °C in Tokyo at 09:00
