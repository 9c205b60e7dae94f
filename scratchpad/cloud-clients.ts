// Azure's and Bedrock's own clients: each is three lines, the client, its Layer, and the agent on it.
// A `fetch` of support/clouds.ts leads their requests to the simulator; leave it out, and they go where their lines say.
import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk"
import { AnthropicMessages } from "@volley/anthropic"
import { Agent } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Effect } from "effect"
import { AzureOpenAI } from "openai"
import * as Clouds from "./support/clouds.ts"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const agent = Agent.run({ toolkit, prompt })
const endpoint = "https://mine.openai.azure.com"
const apiVersion = "2025-04-01-preview"
const awsRegion = "eu-central-1"
const apiKey = "simulated"

const onAzure = Effect.fn(function*(fetch: typeof globalThis.fetch) {
  const client = new AzureOpenAI({ endpoint, apiVersion, apiKey, fetch }) // 1
  const layer = OpenAiChat.layerClient({ client, model: "gpt-4.1" }) // 2
  return yield* Effect.provide(agent, layer) // 3
})

const onBedrock = Effect.fn(function*(fetch: typeof globalThis.fetch) {
  const client = new AnthropicBedrock({ awsRegion, apiKey, fetch }) // 1
  const layer = AnthropicMessages.layerClient({ client, model: "anthropic.claude-opus-5-5" }) // 2
  return yield* Effect.provide(agent, layer) // 3
})

const main = Effect.gen(function*() {
  const { anthropic, openai } = yield* simulator
  const { answer } = yield* onAzure(Clouds.azure(openai))
  console.log(answer)
  console.log((yield* onBedrock(Clouds.bedrock(anthropic))).answer === answer)
})

await Effect.runPromise(Effect.scoped(main))
// => POST https://mine.openai.azure.com/openai/deployments/gpt-4.1/chat/completions?api-version=2025-04-01-preview
// => POST https://mine.openai.azure.com/openai/deployments/gpt-4.1/chat/completions?api-version=2025-04-01-preview
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","safeToRepeat":true,"data":{"city":"Atlantis"}}}
// => POST https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude-opus-5-5/invoke
// => POST https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude-opus-5-5/invoke
// => true
