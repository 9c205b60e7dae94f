// A loop of your own on a stream of Anthropic's client: calls run while the model still writes the next ones.
import Anthropic from "@anthropic-ai/sdk"
import { AnthropicMessages } from "@volley/anthropic"
import { Batch } from "@volley/core"
import { Effect, Stream } from "effect"
import { prompt, simulator, toolkit } from "./support/weather.ts"

const main = Effect.gen(function*() {
  const { anthropic } = yield* simulator
  const client = new Anthropic({ apiKey: "simulated", baseURL: anthropic }) // new Anthropic() asks Anthropic itself
  const messages: Array<Anthropic.MessageParam> = [{ role: "user", content: prompt }]
  const tools = AnthropicMessages.tools(toolkit)
  while (true) {
    const request = { model: "claude-opus-5-5", max_tokens: 1024, messages, tools, stream: true } as const
    const events = yield* Effect.promise(() => client.messages.create(request))
    let response: Anthropic.Message | undefined
    const calls = AnthropicMessages.parts(events).pipe(
      Stream.tap((part) => Effect.sync(() => response = part._tag === "Turn" ? part.response : response)),
      Stream.filter((part) => part._tag === "Call"),
      Stream.map(({ call }) => call)
    )
    const settled = yield* Batch.dispatch(toolkit, calls)
    yield* settled.end // fails with what the stream failed with
    if (response?.stop_reason !== "tool_use") return response?.content.find((block) => block.type === "text")?.text
    messages.push(...AnthropicMessages.followUp(response, settled))
  }
})

console.log(await Effect.runPromise(Effect.scoped(main)))
// => get_weather: {"city":"Tokyo","celsius":18}
// => get_time: {"city":"Tokyo","time":"09:00"}
// => get_weather: {"error":{"type":"CityNotFound","message":"The tool failed with CityNotFound.","retryable":true,"data":{"city":"Atlantis"}}}
