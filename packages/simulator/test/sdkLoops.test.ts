/**
 * The loops that the SDKs bring along, with nothing of Volley's between them and the simulator but the socket.
 */
import Anthropic from "@anthropic-ai/sdk"
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema"
import { assert, describe, it } from "@effect/vitest"
import { type CallableTool, GoogleGenAI, mcpToTool } from "@google/genai"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import * as Effect from "effect/Effect"
import OpenAI from "openai"
import { ResponsesToolRunner } from "openai/helpers/responses-tool-runner"
import { get } from "../src/internal/json.ts"
import { compare } from "../src/scenarios/weather.ts"
import * as Simulator from "../src/Simulator.ts"

const reports: Record<string, readonly [celsius: number, fahrenheit: number, sky: string]> = {
  Tokyo: [18, 64, "clear"],
  Paris: [14, 57, "cloudy"]
}
const people: Record<string, number> = { Tokyo: 13_960_000, Paris: 2_102_000 }

type Arguments = { readonly [key: string]: unknown }

const getWeather = ({ city, units = "celsius" }: Arguments) => {
  const [celsius, fahrenheit, sky] = reports[String(city)] ?? []
  return { city, degrees: units === "celsius" ? celsius : fahrenheit, units, sky }
}
const getPopulation = ({ city }: Arguments) => ({ city, people: people[String(city)] })

interface Property {
  readonly type: "string"
  enum?: Array<string>
}

const schemaOf = (properties: Record<string, Property>) => ({ type: "object" as const, properties, required: ["city"] })

const city: Property = { type: "string" }
const units: Property = { type: "string", enum: ["celsius", "fahrenheit"] }

const functions = [
  { name: "get_weather", description: "Weather of a city.", schema: schemaOf({ city, units }), run: getWeather },
  { name: "get_population", description: "People in a city.", schema: schemaOf({ city }), run: getPopulation }
]

const answer = "Tokyo 64 °F, clear; Paris 14 °C, cloudy; Tokyo has 13960000 people; Paris has 2102000 people."

/** Serves `compare`, and gives the functions, which note that they were called. */
const arrange = Effect.gen(function*() {
  const calls: Array<{ readonly name: string; readonly arguments: Arguments }> = []
  const served = yield* Simulator.serve({ script: () => compare.script })
  const noting = functions.map(({ name, run, ...rest }) => ({
    ...rest,
    name,
    run: (args: Arguments) => {
      calls.push({ name, arguments: args })
      return run(args)
    }
  }))
  const assertPlayed = Effect.fnUntraced(function*(said: unknown) {
    assert.strictEqual(said, answer)
    assert.deepStrictEqual<unknown>(calls, compare.script.wants([]))
    assert.deepStrictEqual((yield* served.requests).map(({ status }) => status), [200, 200])
  })
  return { served, functions: noting, assertPlayed }
})

describe("OpenAI", () => {
  it.live.each([false, true])("chat.completions.runTools, streamed: %s", (stream) =>
    Effect.gen(function*() {
      const { assertPlayed, functions, served } = yield* arrange
      const client = new OpenAI({ apiKey: "key", baseURL: served.openai, maxRetries: 0 })
      const { completions } = client.chat
      const request = {
        model: "gpt-4.1",
        messages: [{ role: "user" as const, content: compare.prompt }],
        tools: functions.map(({ description, name, run, schema }) => ({
          type: "function" as const,
          function: {
            name,
            description,
            parameters: schema,
            parse: (text: string): Arguments => JSON.parse(text),
            function: run
          }
        }))
      }
      const runner = stream ? completions.runTools({ ...request, stream }) : completions.runTools(request)
      yield* assertPlayed(yield* Effect.promise(() => runner.finalContent()))
    }))

  it.live.each([false, true])("the tool runner of Responses, streamed: %s", (stream) =>
    Effect.gen(function*() {
      const { assertPlayed, functions, served } = yield* arrange
      const client = new OpenAI({ apiKey: "key", baseURL: served.openai, maxRetries: 0 })
      const runner = new ResponsesToolRunner({
        functions: functions.map(({ description, name, run, schema }) => ({
          tool: { type: "function" as const, name, description, parameters: schema, strict: false },
          execute: (args) => JSON.stringify(run(args))
        }))
      })
      const response = yield* Effect.promise(() =>
        runner.run(client, { model: "gpt-5.4", reasoning: { effort: "low" }, input: compare.prompt }, { stream })
      )
      yield* assertPlayed(response.output_text)
    }))
})

describe("Anthropic", () => {
  it.live.each(
    [
      ["a thread", undefined, false],
      ["a thread, streamed", undefined, true],
      ["the whole history", false, false],
      ["the whole history, streamed", false, true]
    ] as const
  )(
    "beta.messages.toolRunner over %s",
    ([, thread, stream]) =>
      Effect.gen(function*() {
        const { assertPlayed, functions, served } = yield* arrange
        const client = new Anthropic({ apiKey: "key", baseURL: served.anthropic, maxRetries: 0 })
        const message = yield* Effect.promise(async () =>
          client.beta.messages.toolRunner({
            model: "claude-opus-5-5",
            stream,
            max_tokens: 1024,
            system: "Be brief.",
            thinking: { type: "adaptive" },
            messages: [{ role: "user", content: compare.prompt }],
            tools: functions.map(({ description, name, run, schema }) =>
              betaTool({ name, description, inputSchema: schema, run: async (args) => JSON.stringify(run(args)) })
            ),
            ...(thread === false && { thread })
          })
        )
        const threads = (yield* served.requests).map(({ body }) => get(get(body, "thread"), "type"))
        assert.deepStrictEqual(threads, thread === false ? [undefined, undefined] : ["create", "continue"])
        yield* assertPlayed(message.content.map((block) => block.type === "text" ? block.text : "").join(""))
      })
  )
})

describe("Google", () => {
  type Functions = Effect.Success<typeof arrange>["functions"]
  const run = (functions: Functions, name: unknown, args: Arguments = {}) =>
    functions.find((known) => known.name === name)?.run(args)

  const callable = (functions: Functions): CallableTool => ({
    tool: async () => ({
      functionDeclarations: functions.map(({ description, name, schema }) => ({
        name,
        description,
        parametersJsonSchema: schema
      }))
    }),
    callTool: async (calls) =>
      calls.map(({ args, id, name = "" }) => ({
        functionResponse: { ...(id !== undefined && { id }), name, response: { output: run(functions, name, args) } }
      }))
  })

  /** The functions behind a server of MCP, and a client of it. */
  const ofMcp = async (functions: Functions): Promise<CallableTool> => {
    const server = new Server({ name: "weather", version: "1.0.0" }, { capabilities: { tools: {} } })
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: functions.map(({ description, name, schema }) => ({ name, description, inputSchema: schema }))
    }))
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
      content: [{ type: "text", text: JSON.stringify(run(functions, params.name, params.arguments)) }]
    }))
    const client = new Client({ name: "test", version: "1.0.0" })
    const [here, there] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(there), client.connect(here)])
    return mcpToTool(client)
  }

  it.live.each(
    [
      ["a CallableTool", "gemini-3.8-flash", callable],
      ["a CallableTool", "gemini-2.5-flash", callable],
      ["mcpToTool", "gemini-3.8-flash", ofMcp],
      ["mcpToTool", "gemini-2.5-flash", ofMcp]
    ] as const
  )("automatic function calling of %s by %s", ([, model, toolOf]) =>
    Effect.gen(function*() {
      const { assertPlayed, functions, served } = yield* arrange
      const client = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: served.google } })
      const tool = yield* Effect.promise(async () => toolOf(functions))
      const response = yield* Effect.promise(() =>
        client.models.generateContent({ model, contents: compare.prompt, config: { tools: [tool] } })
      )
      yield* assertPlayed(response.text)
    }))
})
