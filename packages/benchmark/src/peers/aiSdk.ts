import { generateText, isStepCount, streamText, tool as makeTool } from "ai"
import { z } from "zod"
import { type Contender, type Input, tool } from "../Contender.ts"
import { mockModel } from "./mockModel.ts"

const Parameters = z.object({ n: z.int(), city: z.string().min(1) })

export const aiSdk: Contender = {
  title: "`ai` `generateText`",
  from: ["ai", "zod"],
  turns: 2,
  lacks: "hard time limits (an abort signal alone); repeated ids; results that JSON cannot take end the run",
  can: { cap: true, stream: "stub" },
  make: ({ calls, cap, kind, streaming, work }) => {
    const model = mockModel("v4", calls)
    const execute = kind === "sync" ? (input: Input) => work.now(input) : work.later
    const look = makeTool({ description: tool.description, inputSchema: Parameters, execute })
    const options = {
      model,
      prompt: "Look.",
      tools: { [tool.name]: look },
      stopWhen: isStepCount(2),
      ...(cap !== undefined && { toolCallConcurrency: cap })
    }
    return async () => {
      if (streaming === true) await streamText(options).consumeStream()
      else await generateText(options)
      return model.answered
    }
  }
}
