// OpenAI's Responses, streaming: each read-only call starts as soon as its item is done, while the model writes the next.
import { Batch, ChatModel } from "@volley/core"
import { OpenAiResponses } from "@volley/openai"
import { Effect } from "effect"
import OpenAI from "openai"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const model = "gpt-5.4"
const tools = OpenAiResponses.tools(toolkit)
const include: Array<OpenAI.Responses.ResponseIncludable> = ["reasoning.encrypted_content"]

const main = Effect.gen(function*() {
  const { openai } = yield* simulator
  const client = new OpenAI({ apiKey: "simulated", baseURL: openai }) // new OpenAI() asks OpenAI itself
  const input: Array<OpenAI.Responses.ResponseInputItem> = [{ role: "user", content: prompt }]
  while (true) {
    const body = { model, input, tools, include, store: false, stream: true as const }
    const events = yield* Effect.promise(() => client.responses.create(body))
    const { calls, whole } = yield* ChatModel.split(OpenAiResponses.parts(events)) // 1
    const settled = yield* Batch.dispatch(toolkit, calls) // 2
    const { response, turn } = yield* whole
    if (turn.message.calls.length === 0) return turn.message.text
    input.push(...OpenAiResponses.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
