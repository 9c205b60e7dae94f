// A loop of your own on OpenAI's Responses, which keeps nothing: three lines of Volley answer every call of a turn.
import { Batch } from "@volley/core"
import { OpenAiResponses } from "@volley/openai"
import { Effect } from "effect"
import OpenAI from "openai"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const main = Effect.gen(function*() {
  const { openai } = yield* simulator
  const client = new OpenAI({ apiKey: "simulated", baseURL: openai }) // new OpenAI() asks OpenAI itself
  const input: Array<OpenAI.Responses.ResponseInputItem> = [{ role: "user", content: prompt }]
  const include: Array<OpenAI.Responses.ResponseIncludable> = ["reasoning.encrypted_content"]
  while (true) {
    const tools = OpenAiResponses.tools(toolkit) // 1
    const body = { model: "gpt-5.4", reasoning: { effort: "low" as const }, store: false, include, input, tools }
    const response = yield* Effect.promise(() => client.responses.create(body))
    const calls = OpenAiResponses.toolCalls(response)
    if (calls.length === 0) return response.output_text
    const settled = yield* Batch.run(toolkit, calls) // 2
    input.push(...OpenAiResponses.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
