/** Runs what the guides say of other libraries, as far as it shows in one turn; throws where it is not so. */
import { AIMessage } from "@langchain/core/messages"
import { tool as langChainTool } from "@langchain/core/tools"
import { ToolNode } from "@langchain/langgraph/prebuilt"
import { Agent, type Model, Runner, tool as agentTool, Usage } from "@openai/agents"
import { generateText, isStepCount, tool } from "ai"
import { Effect, Exit, Schema, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { z } from "zod"
import { mockModel } from "../mockModel.ts"

interface Wanted {
  readonly id: string
  readonly name: string
  readonly arguments: string
}
const description = "Looks."
const parameters = z.object({ n: z.int() })
const look = (n: number, id = `call_${n}`): Wanted => ({ id, name: "look", arguments: JSON.stringify({ n }) })
const absent: Wanted = { ...look(2), name: "absent" }
const noJson: Wanted = { ...look(2), arguments: "{" }

/** How many calls `ai` answers with a result, and how many its tool ran. */
const byAi = async (calls: ReadonlyArray<Wanted>, millis = 0, toolMs = 1000) => {
  const model = mockModel("v4", calls)
  let ran = 0
  const execute = async () => {
    ran++
    await sleep(millis)
    return "seen"
  }
  const tools = { look: tool({ description, inputSchema: parameters, execute }) }
  await generateText({ model, prompt: "Look.", tools, stopWhen: isStepCount(2), timeout: { toolMs } })
  return { answered: model.answered, ran }
}

/** How many calls `@openai/agents` answers. */
const byAgents = async (calls: ReadonlyArray<Wanted>, execute: () => Promise<string> = async () => "seen") => {
  let results: ReadonlyArray<unknown> = []
  const model: Model = {
    async getResponse({ input }) {
      results = Array.isArray(input) ? input.filter(({ type }) => type === "function_call_result") : []
      const text = { type: "output_text" as const, text: "Done." }
      return {
        usage: new Usage(),
        output: results.length > 0
          ? [{ type: "message", role: "assistant", status: "completed", content: [text] }]
          : calls.map(({ id: callId, ...call }) => ({ type: "function_call", status: "completed", callId, ...call }))
      }
    },
    async *getStreamedResponse() {}
  }
  const agent = new Agent({
    name: "looker",
    model,
    tools: [agentTool({ name: "look", description, parameters, execute })]
  })
  await new Runner({ tracingDisabled: true }).run(agent, "Look.", { maxTurns: 2 })
  return results
}

/** What LangGraph's `ToolNode` answers. */
const byToolNode = async (calls: ReadonlyArray<Wanted>) => {
  const node = new ToolNode([langChainTool(async () => "seen", { name: "look", description, schema: parameters })])
  const tool_calls = calls.map(({ arguments: args, id, name }) => ({
    type: "tool_call" as const,
    id,
    name,
    args: JSON.parse(args)
  }))
  const message = new AIMessage({ content: "", tool_calls })
  const { messages }: { readonly messages: ReadonlyArray<unknown> } = await node.invoke({ messages: [message] })
  return messages.length
}

/** The ids of the results of `effect/ai`, in their order, or how it fails. */
const byEffectAi = (calls: ReadonlyArray<Wanted>, handler: (n: number) => Effect.Effect<number>) => {
  const n = Schema.Struct({ n: Schema.Int })
  const toolkit = Toolkit.make(
    Tool.make("look", { description, parameters: n, success: Schema.Int, failureMode: "return" })
  )
  const parts = calls.map(({ arguments: args, id, name }): Response.PartEncoded => ({
    type: "tool-call",
    id,
    name,
    params: JSON.parse(args)
  }))
  const model = LanguageModel.make({ generateText: () => Effect.succeed([...parts]), streamText: () => Stream.empty })
  return LanguageModel.generateText({ prompt: "Look.", toolkit, concurrency: "unbounded" }).pipe(
    Effect.map(({ toolResults }) => toolResults.map(({ id }) => id)),
    Effect.provideServiceEffect(LanguageModel.LanguageModel, model),
    Effect.provide(toolkit.toLayer({ look: ({ n }) => handler(n) })),
    Effect.exit,
    Effect.runPromise
  )
}

const none = (n: number) => Effect.succeed(n)

// A tool that is not there, and arguments that are no JSON.
assert.deepEqual(await byAi([look(1), absent]), { answered: 1, ran: 1 })
assert.deepEqual(await byAi([look(1), noJson]), { answered: 1, ran: 1 })
await assert.rejects(byAgents([look(1), absent]), /absent/)
assert.equal((await byAgents([look(1), noJson])).length, 2)
assert.equal(await byToolNode([look(1), absent]), 2)
assert.ok(Exit.isFailure(await byEffectAi([look(1), absent], none)))

// A tool that throws.
const thrown = await byAgents([look(1)], async () => {
  throw new Error("secret")
})
assert.match(JSON.stringify(thrown), /An error occurred while running the tool/)
assert.ok(Exit.isFailure(await byEffectAi([look(1), look(2)], (n) => n === 1 ? Effect.die("crash") : none(n))))

// A tool that ignores the end of its time: its late result is used.
assert.deepEqual(await byAi([look(1)], 100, 20), { answered: 1, ran: 1 })

// Two calls of one id.
assert.equal((await byAi([look(1, "same"), look(2, "same")])).ran, 2)
await assert.rejects(byAgents([look(1, "same"), look(2, "same")]))
assert.equal(await byToolNode([look(1, "same"), look(2, "same")]), 2)

// The order of results.
const slowFirst = await byEffectAi([look(1), look(2)], (n) => Effect.delay(none(n), n === 1 ? 50 : 0))
assert.deepEqual(slowFirst, Exit.succeed(["call_2", "call_1"]))

console.log("what the guides say of ai, @openai/agents, LangGraph and effect/ai holds")
