// The same tools and the same agent on both providers: only the Layer changes.
import { AnthropicMessages } from "@volley/anthropic"
import { Agent } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Effect, Redacted } from "effect"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const agent = Agent.run({ toolkit, prompt })

const main = Effect.gen(function*() {
  const { anthropic, openai } = yield* simulator
  const apiKey = Redacted.make("simulated")
  const onOpenAi = yield* Effect.provide(agent, OpenAiChat.layer({ model: "gpt-4.1", apiKey, baseUrl: openai }))
  const onAnthropic = yield* Effect.provide(
    agent,
    AnthropicMessages.layer({ model: "claude-opus-5-5", apiKey, baseUrl: anthropic })
  )
  for (const { name } of onOpenAi.rounds[0]?.settled.outcomes ?? []) console.log(name)
  console.log(onOpenAi.answer === onAnthropic.answer)
})

await Effect.runPromise(Effect.scoped(main))
// => get_weather
// => get_time
// => get_weather
// => true
