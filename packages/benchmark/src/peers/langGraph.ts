import { AIMessage, type ToolMessage } from "@langchain/core/messages"
import { tool as makeTool } from "@langchain/core/tools"
import { ToolNode } from "@langchain/langgraph/prebuilt"
import { z } from "zod"
import { type Contender, type Input, tool } from "../Contender.ts"

const Parameters = z.object({ n: z.int(), city: z.string().min(1) })

export const langGraph: Contender = {
  title: "LangGraph `ToolNode`",
  from: ["@langchain/langgraph", "@langchain/core", "zod"],
  turns: 0,
  lacks: "time limits, a cap; bad JSON is left without an answer; repeated ids",
  can: {},
  make: ({ calls, kind, work }) => {
    const look = makeTool(
      kind === "sync" ? (input: Input) => work.now(input) : (input: Input) => work.later(input),
      { ...tool, schema: Parameters }
    )
    const node = new ToolNode([look])
    return async () => {
      const tool_calls = calls.map((call) => ({
        type: "tool_call" as const,
        id: call.id,
        name: call.name,
        args: JSON.parse(call.arguments)
      }))
      const { messages }: { readonly messages: ReadonlyArray<ToolMessage> } = await node.invoke({
        messages: [new AIMessage({ content: "", tool_calls })]
      })
      return messages.filter((message, index) =>
        message.tool_call_id === calls[index]?.id && message.status !== "error"
      )
        .length
    }
  }
}
