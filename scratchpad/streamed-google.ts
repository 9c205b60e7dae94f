// Google's client, streaming: a call comes in one piece, and each read-only one starts as soon as it is there.
import { type Content, GoogleGenAI } from "@google/genai"
import { Batch, ChatModel } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { Effect } from "effect"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const model = "gemini-3.8-flash"

const main = Effect.gen(function*() {
  const { google } = yield* simulator
  const client = new GoogleGenAI({ apiKey: "simulated", httpOptions: { baseUrl: google } }) // no httpOptions: Google itself
  const contents: Array<Content> = [{ role: "user", parts: [{ text: prompt }] }]
  while (true) {
    const config = { tools: GeminiContent.tools(toolkit) }
    const events = yield* Effect.promise(() => client.models.generateContentStream({ model, contents, config }))
    const { calls, whole } = yield* ChatModel.split(GeminiContent.parts(events)) // 1
    const settled = yield* Batch.dispatch(toolkit, calls) // 2
    const { response, turn } = yield* whole
    if (turn.message.calls.length === 0) return turn.message.text
    contents.push(...GeminiContent.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
