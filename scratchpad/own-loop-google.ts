// A loop of your own on Google's client: three lines of Volley answer every call of a turn.
import { type Content, GoogleGenAI } from "@google/genai"
import { Batch } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { Effect } from "effect"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const model = "gemini-3.8-flash"

const main = Effect.gen(function*() {
  const { google } = yield* simulator
  const client = new GoogleGenAI({ apiKey: "simulated", httpOptions: { baseUrl: google } }) // no httpOptions: Google itself
  const contents: Array<Content> = [{ role: "user", parts: [{ text: prompt }] }]
  while (true) {
    const config = { tools: GeminiContent.tools(toolkit) } // 1
    const response = yield* Effect.promise(() => client.models.generateContent({ model, contents, config }))
    if (!response.functionCalls) return response.text
    const settled = yield* Batch.run(toolkit, GeminiContent.toolCalls(response)) // 2
    contents.push(...GeminiContent.followUp(response, settled)) // 3
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
