// A loop of your own on OpenAI's client: three lines of Volley answer every call of a turn.
import { Batch } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Effect } from "effect"
import OpenAI from "openai"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const main = Effect.gen(function*() {
  const { openai } = yield* simulator
  const client = new OpenAI({ apiKey: "simulated", baseURL: openai }) // new OpenAI() asks OpenAI itself
  const messages: Array<OpenAI.ChatCompletionMessageParam> = [{ role: "user", content: prompt }]
  while (true) {
    const tools = OpenAiChat.tools(toolkit) // 1
    const response = yield* Effect.promise(() => client.chat.completions.create({ model: "gpt-4.1", messages, tools }))
    if (!response.choices[0]?.message.tool_calls) return response.choices[0]?.message.content
    const settled = yield* Batch.run(toolkit, OpenAiChat.toolCalls(response)) // 2
    messages.push(...OpenAiChat.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
