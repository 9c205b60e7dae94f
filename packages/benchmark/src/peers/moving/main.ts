/** Runs the programs of the pages on moving with models that stand in, and prints what they answer. */
import { BaseChatModel } from "@langchain/core/language_models/chat_models"
import { AIMessage, type BaseMessage } from "@langchain/core/messages"
import { type Model, setTracingDisabled, Usage } from "@openai/agents"
import assert from "node:assert/strict"
import { mockModel } from "../mockModel.ts"
import * as aiSdk from "./aiSdk.ts"
import * as langGraph from "./langGraph.ts"
import * as openAiAgents from "./openAiAgents.ts"

const name = "get_weather"
const cities = ["Oslo", "Atlantis"]
const { signal } = new AbortController()

setTracingDisabled(true)

/** Asks for both cities, and then says how many answers it read. */
const ofOpenAi: Model = {
  async getResponse({ input }) {
    const results = Array.isArray(input) ? input.filter(({ type }) => type === "function_call_result") : []
    const text = `${results.length} results`
    return {
      usage: new Usage(),
      output: results.length > 0
        ? [{ type: "message", role: "assistant", status: "completed", content: [{ type: "output_text", text }] }]
        : cities.map((city, index) => ({
          type: "function_call",
          callId: `call_${index + 1}`,
          name,
          arguments: JSON.stringify({ city }),
          status: "completed"
        }))
    }
  },
  async *getStreamedResponse() {}
}

class OfLangChain extends BaseChatModel {
  _llmType() {
    return "stand-in"
  }
  override bindTools() {
    return this
  }
  async _generate(messages: Array<BaseMessage>) {
    const results = messages.filter(({ type }) => type === "tool")
    const tool_calls = results.length > 0
      ? []
      : cities.map((city, index) => ({ type: "tool_call" as const, id: `call_${index + 1}`, name, args: { city } }))
    const message = new AIMessage({ content: results.length > 0 ? `${results.length} results` : "", tool_calls })
    return { generations: [{ text: message.text, message }] }
  }
}

const ofAi = mockModel(
  "v4",
  cities.map((city, index) => ({ id: `call_${index + 1}`, name, arguments: JSON.stringify({ city }) }))
)
await aiSdk.ask(ofAi, signal)
assert.equal(ofAi.answered, 1)
assert.equal(await openAiAgents.ask(ofOpenAi, signal), "2 results")
assert.equal(await langGraph.ask(new OfLangChain({}), signal), "2 results")
console.log("ai, @openai/agents and LangGraph ran")
