import type { BaseChatModel } from "@langchain/core/language_models/chat_models"
import { tool } from "@langchain/core/tools"
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph"
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt"
import { z } from "zod"

const getWeather = tool(async ({ city }) => {
  if (city === "Atlantis") throw new Error("no such city")
  return JSON.stringify({ celsius: city.length * 3 })
}, {
  name: "get_weather",
  description: "Current weather of a city. `city` comes from the user.",
  schema: z.object({ city: z.string() })
})

export const ask = async (model: BaseChatModel, signal: AbortSignal): Promise<string> => {
  const bound = model.bindTools?.([getWeather]) ?? model
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("model", async ({ messages }) => ({ messages: [await bound.invoke(messages)] }))
    .addNode("tools", new ToolNode([getWeather]))
    .addEdge(START, "model")
    .addConditionalEdges("model", toolsCondition, ["tools", END])
    .addEdge("tools", "model")
    .compile()
  const question = { role: "user", content: "How warm are Oslo and Atlantis?" }
  const { messages } = await graph.invoke({ messages: [question] }, { recursionLimit: 10, signal })
  return messages.at(-1)?.text ?? ""
}
