/**
 * What the tests of the codec and of the Layer arrange.
 */
import { Tool, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import type OpenAI from "openai"

const weather = Tool.make("weather", {
  description: "Current weather of a city.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.String,
  failure: Schema.String,
  readOnly: true,
  execute: ({ city }) => city === "Atlantis" ? Effect.fail(`no city ${city}`) : Effect.succeed(`fine in ${city}`)
})

const readFile = Tool.make("files.read", {
  description: "Reads a file.",
  parameters: Schema.Struct({ path: Schema.String, whole: Schema.optionalKey(Schema.Boolean) }),
  success: Schema.String,
  execute: ({ path }) => Effect.succeed(`contents of ${path}`)
})

const sql = Tool.make("sql", {
  description: "Runs a query.",
  parameters: Schema.Record(Schema.String, Schema.Json),
  success: Schema.String,
  execute: () => Effect.succeed("1 row")
})

/** Tools of which one fails for Atlantis, and one has a name that the wire does not take. */
export const toolkit = Toolkit.make(weather, readFile, sql)

/** A function call as the API sends it. */
export const call = (
  id: string,
  args = "{\"city\":\"Oslo\"}",
  name = "weather"
): OpenAI.ChatCompletionMessageFunctionToolCall => ({ id, type: "function", function: { name, arguments: args } })

/** A call of a custom tool, whose input is any text. */
export const customCall = (id: string, input: string): OpenAI.ChatCompletionMessageCustomToolCall => ({
  id,
  type: "custom",
  custom: { name: "sql", input }
})

/** An assistant message as the API sends it. */
export const said = (message: Partial<OpenAI.ChatCompletionMessage> = {}): OpenAI.ChatCompletionMessage => ({
  role: "assistant",
  content: null,
  refusal: null,
  ...message
})

/** A response with this one message. */
export const response = (
  message: OpenAI.ChatCompletionMessage,
  finish: OpenAI.ChatCompletion.Choice["finish_reason"] = message.tool_calls ? "tool_calls" : "stop"
): OpenAI.ChatCompletion => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_763_600_000,
  model: "gpt-4.1",
  choices: [{ index: 0, finish_reason: finish, logprobs: null, message }],
  usage: { prompt_tokens: 80, completion_tokens: 40, total_tokens: 120 }
})

/** A response with these calls. */
export const calling = (...calls: ReadonlyArray<OpenAI.ChatCompletionMessageToolCall>): OpenAI.ChatCompletion =>
  response(said({ tool_calls: [...calls] }))

/** What a server sends that does not keep to the API's types. */
export const unlike = <A>(body: unknown): A => body as A
