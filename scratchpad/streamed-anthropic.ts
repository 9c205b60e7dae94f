// Anthropic's client, streaming: each read-only call starts once the next block begins, while the model writes it.
import Anthropic from "@anthropic-ai/sdk"
import { AnthropicMessages } from "@volley/anthropic"
import { Batch, ChatModel } from "@volley/core"
import { Effect } from "effect"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const model = "claude-opus-5-5"
const tools = AnthropicMessages.tools(toolkit)

const main = Effect.gen(function*() {
  const { anthropic } = yield* simulator
  const client = new Anthropic({ apiKey: "simulated", baseURL: anthropic }) // new Anthropic() asks Anthropic itself
  const messages: Array<Anthropic.MessageParam> = [{ role: "user", content: prompt }]
  while (true) {
    const body = { model, max_tokens: 1024, messages, tools, stream: true as const }
    const events = yield* Effect.promise(() => client.messages.create(body))
    const { calls, whole } = yield* ChatModel.split(AnthropicMessages.parts(events)) // 1
    const settled = yield* Batch.dispatch(toolkit, calls) // 2
    const { response, turn } = yield* whole
    if (turn.message.calls.length === 0) return turn.message.text
    messages.push(...AnthropicMessages.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
