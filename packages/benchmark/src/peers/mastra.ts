import { Agent } from "@mastra/core/agent"
import { createTool } from "@mastra/core/tools"
import { z } from "zod"
import { type Contender, tool } from "../Contender.ts"
import { mockModel } from "./mockModel.ts"

const Parameters = z.object({ n: z.int(), city: z.string().min(1) })

export const mastra: Contender = {
  title: "Mastra `Agent.generate`",
  from: ["@mastra/core", "zod"],
  turns: 2,
  lacks: "time limits a call; repeated ids",
  can: { cap: true, stream: "stub" },
  make: ({ calls, cap, kind, streaming, work }) => {
    const model = mockModel("v3", calls)
    const look = createTool({
      id: tool.name,
      description: tool.description,
      inputSchema: Parameters,
      execute: async (input) => kind === "sync" ? work.now(input) : await work.later(input)
    })
    const agent = new Agent({
      id: "looker",
      name: "looker",
      instructions: "Look.",
      model,
      tools: { [tool.name]: look }
    })
    const options = { maxSteps: 2, toolCallConcurrency: cap ?? 1_000_000 }
    return async () => {
      if (streaming === true) await (await agent.stream("Look.", options)).consumeStream()
      else await agent.generate("Look.", options)
      return model.answered
    }
  }
}
