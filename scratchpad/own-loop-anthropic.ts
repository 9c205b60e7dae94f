// A loop of your own on Anthropic's client: three lines of Volley answer every call of a turn.
import Anthropic from "@anthropic-ai/sdk"
import { AnthropicMessages } from "@volley/anthropic"
import { Batch } from "@volley/core"
import { Effect } from "effect"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const model = "claude-opus-5-5"

const main = Effect.gen(function*() {
  const { anthropic } = yield* simulator
  const client = new Anthropic({ apiKey: "simulated", baseURL: anthropic }) // new Anthropic() asks Anthropic itself
  const messages: Array<Anthropic.MessageParam> = [{ role: "user", content: prompt }]
  while (true) {
    const tools = AnthropicMessages.tools(toolkit) // 1
    const response = yield* Effect.promise(() => client.messages.create({ model, max_tokens: 1024, messages, tools }))
    if (response.stop_reason !== "tool_use") return response.content.find((block) => block.type === "text")?.text
    const settled = yield* Batch.run(toolkit, AnthropicMessages.toolCalls(response)) // 2
    messages.push(...AnthropicMessages.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
