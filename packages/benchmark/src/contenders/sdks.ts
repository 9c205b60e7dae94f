import Anthropic from "@anthropic-ai/sdk"
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod"
import OpenAI from "openai"
import { z } from "zod"
import { answer, type Contender, type Input, jsonSchema, type Setting, tool } from "../Contender.ts"
import { anthropicBodies, chatBodies, stubFetch } from "./stub.ts"

const Parameters = z.object({ n: z.int(), city: z.string().min(1) })

const executeOf = ({ kind, work }: Setting) => async (input: Input) =>
  JSON.stringify(kind === "sync" ? work.now(input) : await work.later(input))

/** `toolRunner` without a message thread, which sends the whole conversation as the others do. */
export const anthropicRunner: Contender = {
  title: "Anthropic SDK `toolRunner`",
  from: ["@anthropic-ai/sdk", "zod"],
  turns: 2,
  lacks: "time limits, a cap; repeated ids are mixed up when eager",
  can: { http: true, stream: "http" },
  make: (setting) => {
    const { calls, servers, streaming } = setting
    const client = new Anthropic({
      apiKey: "simulated",
      ...(servers === undefined ? { fetch: stubFetch(anthropicBodies(calls)) } : { baseURL: servers.anthropic })
    })
    const execute = executeOf(setting)
    const run = (input: Input) => execute(input)
    const look = betaZodTool({ ...tool, inputSchema: Parameters, run })
    const body = {
      model: "claude-opus-5-5",
      max_tokens: 1024,
      messages: [{ role: "user" as const, content: "Look." }],
      tools: [look],
      thread: false as const
    }
    return async () => {
      const runner = streaming === true
        ? client.beta.messages.toolRunner({ ...body, stream: true, runToolsEagerly: true })
        : client.beta.messages.toolRunner(body)
      await runner.runUntilDone()
      // The last message is the model's answer, where the runner keeps it.
      return Math.max(...runner.params.messages.slice(-2).map(({ content }) => countOf(content)))
    }
  }
}

const countOf = (content: unknown): number =>
  Array.isArray(content)
    ? content.filter((block) => block.type === "tool_result" && block.is_error !== true).length
    : 0

export const openAiRunTools: Contender = {
  title: "OpenAI SDK `runTools`",
  from: ["openai", "zod"],
  turns: 2,
  lacks: "time limits, a cap; a tool that throws ends the run; repeated ids",
  can: { http: true, stream: "http" },
  make: (setting) => {
    const { calls, servers, streaming } = setting
    const client = new OpenAI({
      apiKey: "simulated",
      ...(servers === undefined ? { fetch: stubFetch(chatBodies(calls)) } : { baseURL: servers.openai })
    })
    const execute = executeOf(setting)
    const look = {
      type: "function" as const,
      function: {
        ...tool,
        parameters: jsonSchema,
        parse: (text: string): Input => Parameters.parse(JSON.parse(text)),
        function: (input: Input) => execute(input)
      }
    }
    const body = { model: "gpt-4.1", messages: [{ role: "user" as const, content: "Look." }], tools: [look] }
    return async () => {
      const runner = streaming === true
        ? client.chat.completions.runTools({ ...body, stream: true })
        : client.chat.completions.runTools(body)
      const text = await runner.finalContent()
      const results = runner.messages.filter(({ role }) => role === "tool")
      return text === answer || servers !== undefined ? results.length : 0
    }
  }
}
