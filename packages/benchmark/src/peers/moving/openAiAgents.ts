import { Agent, type Model, Runner, tool } from "@openai/agents"
import { z } from "zod"

const getWeather = tool({
  name: "get_weather",
  description: "Current weather of a city. `city` comes from the user.",
  parameters: z.object({ city: z.string() }),
  timeoutMs: 2000,
  execute: async ({ city }) => {
    if (city === "Atlantis") throw new Error("no such city")
    return { celsius: city.length * 3 }
  }
})

export const ask = async (model: Model, signal: AbortSignal): Promise<string> => {
  const agent = new Agent({ name: "weather", instructions: "Be brief.", model, tools: [getWeather] })
  const runner = new Runner({ tracingDisabled: true, toolExecution: { maxFunctionToolConcurrency: 4 } })
  const { finalOutput } = await runner.run(agent, "How warm are Oslo and Atlantis?", { maxTurns: 5, signal })
  return finalOutput ?? ""
}
