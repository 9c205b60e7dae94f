import { Agent, type Model, Runner, setTracingDisabled, tool as makeTool, Usage } from "@openai/agents"
import { z } from "zod"
import { answer, type Contender, tool } from "../Contender.ts"

setTracingDisabled(true)

const Parameters = z.object({ n: z.int(), city: z.string().min(1) })

export const openAiAgents: Contender = {
  title: "`@openai/agents`",
  from: ["@openai/agents", "zod"],
  turns: 2,
  lacks: "time limits, unless a tool sets one; an unknown tool ends the run unless told otherwise",
  can: { cap: true },
  make: ({ calls, cap, kind, work }) => {
    let answered = 0
    const wanted = calls.map((call) => ({
      type: "function_call" as const,
      callId: call.id,
      name: call.name,
      arguments: call.arguments,
      status: "completed" as const
    }))
    const model: Model = {
      async getResponse({ input }) {
        const results = Array.isArray(input) ? input.filter(({ type }) => type === "function_call_result") : []
        if (results.length === 0) return { usage: new Usage(), output: wanted }
        answered = results.length
        const content = [{ type: "output_text" as const, text: answer }]
        return {
          usage: new Usage(),
          output: [{ type: "message" as const, role: "assistant" as const, status: "completed" as const, content }]
        }
      },
      async *getStreamedResponse() {}
    }
    const look = makeTool({
      ...tool,
      parameters: Parameters,
      execute: kind === "sync" ? (input) => work.now(input) : (input) => work.later(input)
    })
    const agent = new Agent({ name: "looker", instructions: "Look.", model, tools: [look] })
    const runner = new Runner({
      tracingDisabled: true,
      ...(cap !== undefined && { toolExecution: { maxFunctionToolConcurrency: cap } })
    })
    return async () => {
      const { finalOutput } = await runner.run(agent, "Look.")
      return finalOutput === answer ? answered : 0
    }
  }
}
