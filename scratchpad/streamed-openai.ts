// OpenAI's client, streaming. Chat Completions prove no call complete before the end of the turn: they start then, all at once.
import { Batch, ChatModel } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Effect } from "effect"
import OpenAI from "openai"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const model = "gpt-4.1"
const tools = OpenAiChat.tools(toolkit)

const main = Effect.gen(function*() {
  const { openai } = yield* simulator
  const client = new OpenAI({ apiKey: "simulated", baseURL: openai }) // new OpenAI() asks OpenAI itself
  const messages: Array<OpenAI.ChatCompletionMessageParam> = [{ role: "user", content: prompt }]
  while (true) {
    const body = { model, messages, tools, stream: true as const }
    const events = yield* Effect.promise(() => client.chat.completions.create(body))
    const { calls, whole } = yield* ChatModel.split(OpenAiChat.parts(events)) // 1
    const settled = yield* Batch.dispatch(toolkit, calls) // 2
    const { response, turn } = yield* whole
    if (turn.message.calls.length === 0) return turn.message.text
    messages.push(...OpenAiChat.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
