import { generateText, isStepCount, type LanguageModel, tool } from "ai"
import { z } from "zod"

const getWeather = tool({
  description: "Current weather of a city. `city` comes from the user.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }, { abortSignal }) => {
    abortSignal?.throwIfAborted()
    if (city === "Atlantis") throw new Error("no such city")
    return { celsius: city.length * 3 }
  }
})

export const ask = async (model: LanguageModel, signal: AbortSignal): Promise<string> => {
  const { text } = await generateText({
    model,
    prompt: "How warm are Oslo and Atlantis?",
    tools: { get_weather: getWeather },
    stopWhen: isStepCount(5),
    toolCallConcurrency: 4,
    timeout: { toolMs: 2000 },
    abortSignal: signal
  })
  return text
}
