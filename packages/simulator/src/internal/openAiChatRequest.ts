import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Rejection, tokens } from "../Wire.ts"
import { get } from "./json.ts"
import { refusal } from "./openAiBody.ts"
import { streamFields } from "./openAiStreamRule.ts"

const Part = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
  Schema.Struct({ type: Schema.Literal("refusal"), refusal: Schema.String }),
  Schema.Struct({ type: Schema.Literal("image_url"), image_url: Schema.Struct({ url: Schema.String }) }),
  Schema.Struct({
    type: Schema.Literal("file"),
    file: Schema.Struct({
      file_data: Schema.optionalKey(Schema.String),
      file_id: Schema.optionalKey(Schema.String),
      filename: Schema.optionalKey(Schema.String)
    })
  }),
  Schema.Struct({ type: Schema.Literal("input_audio"), input_audio: Schema.Json })
])

const Content = Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Part)]))

const FunctionCall = Schema.Struct({
  id: Schema.String,
  type: Schema.Literal("function"),
  function: Schema.Struct({ name: Schema.String, arguments: Schema.String })
})

const CustomCall = Schema.Struct({
  id: Schema.String,
  type: Schema.Literal("custom"),
  custom: Schema.Struct({ name: Schema.String, input: Schema.String })
})

const Call = Schema.Union([FunctionCall, CustomCall])

const ToolMessage = Schema.Struct({ role: Schema.Literal("tool"), tool_call_id: Schema.String, content: Content })

const AssistantMessage = Schema.Struct({
  role: Schema.Literal("assistant"),
  content: Schema.optionalKey(Content),
  tool_calls: Schema.optionalKey(Schema.NullOr(Schema.Array(Call))),
  function_call: Schema.optionalKey(Schema.Json)
})

const Message = Schema.Union([
  Schema.Struct({ role: Schema.Literal("system"), content: Content }),
  Schema.Struct({ role: Schema.Literal("developer"), content: Content }),
  Schema.Struct({ role: Schema.Literal("user"), content: Content }),
  AssistantMessage,
  ToolMessage,
  Schema.Struct({ role: Schema.Literal("function"), content: Content, name: Schema.String })
])

const FunctionTool = Schema.Struct({
  type: Schema.Literal("function"),
  function: Schema.Struct({
    name: Schema.String,
    description: Schema.optionalKey(Schema.String),
    parameters: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
    strict: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
  })
})

const CustomTool = Schema.Struct({ type: Schema.Literal("custom"), custom: Schema.Struct({ name: Schema.String }) })

const Named = Schema.Struct({ name: Schema.String })

const ToolChoice = Schema.Union([
  Schema.Literals(["none", "auto", "required"]),
  Schema.Struct({ type: Schema.Literal("function"), function: Named }),
  Schema.Struct({ type: Schema.Literal("custom"), custom: Named }),
  Schema.Struct({
    type: Schema.Literal("allowed_tools"),
    allowed_tools: Schema.Struct({
      mode: Schema.Literals(["auto", "required"]),
      tools: Schema.Array(Schema.Record(Schema.String, Schema.Json))
    })
  })
])

const ResponseFormat = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("json_schema"),
    json_schema: Schema.Struct({
      name: Schema.String,
      schema: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
      strict: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
    })
  }),
  Schema.Struct({ type: Schema.Literals(["text", "json_object"]) })
])

const Body = Schema.Struct({
  model: Schema.String,
  messages: Schema.Array(Message),
  tools: Schema.optionalKey(Schema.Array(Schema.Union([FunctionTool, CustomTool]))),
  tool_choice: Schema.optionalKey(ToolChoice),
  parallel_tool_calls: Schema.optionalKey(Schema.Boolean),
  response_format: Schema.optionalKey(ResponseFormat),
  reasoning_effort: Schema.optionalKey(Schema.NullOr(Schema.String)),
  max_tokens: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  max_completion_tokens: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  ...streamFields
})

/** The part of a request that the rules and the model look at; other fields are let through unread. */
export interface Request extends Schema.Schema.Type<typeof Body> {
  readonly inputTokens: number
}

export type Message = Request["messages"][number]
export type Content = typeof Content.Type
export type Part = typeof Part.Type
export type Call = typeof Call.Type
export type FunctionTool = typeof FunctionTool.Type

/** An assistant message that asks for calls, and the tool messages right behind it. */
export interface Turn {
  readonly at: number
  readonly calls: ReadonlyArray<Call>
  readonly results: ReadonlyArray<{ readonly at: number; readonly message: typeof ToolMessage.Type }>
}

/** Every turn of a conversation that asks for calls. */
export const turns = (messages: ReadonlyArray<Message>): ReadonlyArray<Turn> =>
  messages.flatMap((message, at) =>
    message.role === "assistant" && message.tool_calls
      ? [{ at, calls: message.tool_calls, results: resultsAfter(messages, at) }]
      : []
  )

const resultsAfter = (messages: ReadonlyArray<Message>, at: number): Turn["results"] => {
  const results: Array<Turn["results"][number]> = []
  for (const [offset, message] of messages.slice(at + 1).entries()) {
    if (message.role !== "tool") break
    results.push({ at: at + 1 + offset, message })
  }
  return results
}

/** The text of a message's content, its text parts joined. */
export const text = (content: Content | undefined): string =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.type === "text" ? part.text : "").join("")

/** The text of the first user message. */
export const prompt = (messages: ReadonlyArray<Message>): string =>
  text(messages.find((message) => message.role === "user")?.content)

/** The function tools of a request and their places among all tools. */
export const functionTools = (
  request: Request
): ReadonlyArray<{ readonly path: string; readonly tool: FunctionTool["function"] }> =>
  (request.tools ?? []).flatMap((tool, at) =>
    tool.type === "function" ? [{ path: `tools[${at}].function`, tool: tool.function }] : []
  )

const decode = Schema.decodeUnknownResult(Body)

/** Reads a body of the right shape; says otherwise what is missing or wrong. */
export const read = (body: unknown): Result.Result<Request, Rejection> =>
  decode(body).pipe(
    Result.map((read) => ({ ...read, inputTokens: tokens(get(body, "messages"), get(body, "tools")) })),
    Result.mapError(refusal({ row: "C18", verified: true }))
  )
