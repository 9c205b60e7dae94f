// A loop of your own with zod, async functions and a signal: nothing of Effect is written.
import { Batch, Tool, Toolkit } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Simulator } from "@volley/simulator"
import OpenAI from "openai"
import { z } from "zod"

const getWeather = Tool.fromFunction("get_weather", {
  description: "Current weather of a city. `city` comes from the user.",
  parameters: z.object({ city: z.string() }),
  failure: "message", // the model reads the message of an error
  execute: async ({ city }) => {
    if (city === "Atlantis") throw new Error("There is no such city.")
    return { city, celsius: 18 }
  }
})
const toolkit = Toolkit.make(getWeather)
const wants = () => ["Tokyo", "Atlantis"].map((city) => ({ name: "get_weather", arguments: { city } }))
await using simulator = await Simulator.start({ script: () => ({ wants, answer: () => "18 °C in Tokyo." }) })
const client = new OpenAI({ apiKey: "simulated", baseURL: simulator.openai }) // new OpenAI() asks OpenAI itself
const messages: Array<OpenAI.ChatCompletionMessageParam> = [{ role: "user", content: "Weather in Tokyo and Atlantis?" }]
const options = { signal: AbortSignal.timeout(30_000), timeout: "2 seconds", maxCalls: 10 } as const
for (let turn = 1; turn <= 5; turn++) {
  const request = { model: "gpt-4.1", messages, tools: OpenAiChat.tools(toolkit) }
  const response = await client.chat.completions.create(request, { signal: options.signal })
  const settled = await Batch.runPromise(toolkit, OpenAiChat.toolCalls(response), options)
  for (const { encoded } of settled.outcomes) console.log(encoded) // => {"city":"Tokyo","celsius":18}
  if (settled.outcomes.length === 0) break
  messages.push(...OpenAiChat.followUp(response, settled))
} // => {"error":{"type":"Error","message":"There is no such city.","safeToRepeat":false,"data":{}}}
