import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Rejection, tokens } from "../Wire.ts"
import { get } from "./json.ts"
import { historyOf } from "./memory.ts"
import { refusal } from "./openAiBody.ts"
import { streamFields } from "./openAiStreamRule.ts"

const Id = Schema.optionalKey(Schema.NullOr(Schema.String))

const inputParts = [
  Schema.Struct({ type: Schema.Literal("input_text"), text: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("input_image"),
    image_url: Id,
    file_id: Id,
    detail: Schema.optionalKey(Schema.NullOr(Schema.Literals(["low", "high", "auto", "original"])))
  }),
  Schema.Struct({
    type: Schema.Literal("input_file"),
    file_data: Id,
    file_id: Id,
    file_url: Id,
    filename: Id
  })
] as const

const InputPart = Schema.Union(inputParts)

const Part = Schema.Union([
  ...inputParts,
  Schema.Struct({ type: Schema.Literal("output_text"), text: Schema.String }),
  Schema.Struct({ type: Schema.Literal("refusal"), refusal: Schema.String })
])

const Content = Schema.Union([Schema.String, Schema.Array(Part)])

const Answer = Schema.Union([Schema.String, Schema.Array(InputPart)])

const Message = Schema.Struct({
  type: Schema.optionalKey(Schema.Literal("message")),
  role: Schema.Literals(["user", "assistant", "system", "developer"]),
  id: Id,
  content: Content
})

const Async = Schema.optionalKey(Schema.Boolean)

const FunctionCall = Schema.Struct({
  type: Schema.Literal("function_call"),
  id: Id,
  call_id: Schema.String,
  name: Schema.String,
  arguments: Schema.String,
  async: Async
})

const CustomCall = Schema.Struct({
  type: Schema.Literal("custom_tool_call"),
  id: Id,
  call_id: Schema.String,
  name: Schema.String,
  input: Schema.String,
  async: Async
})

const FunctionOutput = Schema.Struct({
  type: Schema.Literal("function_call_output"),
  id: Id,
  call_id: Id,
  output: Answer
})

const CustomOutput = Schema.Struct({
  type: Schema.Literal("custom_tool_call_output"),
  id: Id,
  call_id: Schema.String,
  output: Answer
})

const Reasoning = Schema.Struct({
  type: Schema.Literal("reasoning"),
  id: Schema.String,
  summary: Schema.Array(Schema.Json),
  encrypted_content: Id
})

const Reference = Schema.Struct({ type: Schema.Literal("item_reference"), id: Schema.String })

/** What OpenAI's own tools ask and answer; let through unread. */
const hosted = [
  "additional_tools",
  "apply_patch_call",
  "apply_patch_call_output",
  "code_interpreter_call",
  "compaction",
  "computer_call",
  "computer_call_output",
  "file_search_call",
  "image_generation_call",
  "local_shell_call",
  "local_shell_call_output",
  "mcp_approval_request",
  "mcp_approval_response",
  "mcp_call",
  "mcp_list_tools",
  "program",
  "program_output",
  "shell_call",
  "shell_call_output",
  "tool_search_call",
  "tool_search_output",
  "web_search_call"
] as const

const Item = Schema.Union([
  FunctionCall,
  CustomCall,
  FunctionOutput,
  CustomOutput,
  Reasoning,
  Reference,
  Schema.Struct({ type: Schema.Literals(hosted), id: Id }),
  Message
])

const FunctionTool = Schema.Struct({
  type: Schema.Literal("function"),
  name: Schema.String,
  description: Schema.optionalKey(Schema.NullOr(Schema.String)),
  parameters: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Json))),
  strict: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})

const CustomTool = Schema.Struct({ type: Schema.Literal("custom"), name: Schema.String })

const HostedTool = Schema.Struct({
  type: Schema.Literals([
    "apply_patch",
    "code_interpreter",
    "computer",
    "computer_use_preview",
    "file_search",
    "image_generation",
    "local_shell",
    "mcp",
    "namespace",
    "programmatic_tool_calling",
    "shell",
    "tool_search",
    "web_search",
    "web_search_preview"
  ])
})

const ToolChoice = Schema.Union([
  Schema.Literals(["none", "auto", "required"]),
  Schema.Struct({ type: Schema.Literals(["function", "custom"]), name: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("allowed_tools"),
    mode: Schema.Literals(["auto", "required"]),
    tools: Schema.Array(Schema.Record(Schema.String, Schema.Json))
  })
])

const Format = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("json_schema"),
    name: Schema.String,
    schema: Schema.Record(Schema.String, Schema.Json),
    strict: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
  }),
  Schema.Struct({ type: Schema.Literals(["text", "json_object"]) })
])

const Body = Schema.Struct({
  model: Schema.String,
  input: Schema.Union([Schema.String, Schema.Array(Item)]),
  instructions: Schema.optionalKey(Schema.NullOr(Schema.String)),
  tools: Schema.optionalKey(Schema.Array(Schema.Union([FunctionTool, CustomTool, HostedTool]))),
  tool_choice: Schema.optionalKey(ToolChoice),
  parallel_tool_calls: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  text: Schema.optionalKey(Schema.Struct({ format: Schema.optionalKey(Format) })),
  reasoning: Schema.optionalKey(Schema.NullOr(Schema.Struct({
    effort: Schema.optionalKey(Schema.NullOr(Schema.String)),
    summary: Schema.optionalKey(Schema.NullOr(Schema.String))
  }))),
  max_output_tokens: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  previous_response_id: Schema.optionalKey(Schema.NullOr(Schema.String)),
  store: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  truncation: Schema.optionalKey(Schema.NullOr(Schema.Literals(["auto", "disabled"]))),
  ...streamFields
})

/**
 * The part of a request that the rules and the model look at; other fields are let through unread.
 *
 * - `input`: a text alone counts as the message of a user
 * - `history`: the same, with the fields that are let through
 */
export interface Request extends Omit<Schema.Schema.Type<typeof Body>, "input"> {
  readonly input: ReadonlyArray<Item>
  readonly history: ReadonlyArray<unknown>
  readonly inputTokens: number
}

export type Item = typeof Item.Type
export type Call = typeof FunctionCall.Type | typeof CustomCall.Type
export type Output = typeof FunctionOutput.Type | typeof CustomOutput.Type
export type Part = typeof Part.Type
export type Reasoning = typeof Reasoning.Type
export type FunctionTool = typeof FunctionTool.Type

/** The type of an item, which messages need not say. */
export const typeOf = (item: Item): NonNullable<Item["type"]> => item.type ?? "message"

export const isCall = (item: Item): item is Call => item.type === "function_call" || item.type === "custom_tool_call"

export const isOutput = (item: Item): item is Output =>
  item.type === "function_call_output" || item.type === "custom_tool_call_output"

export const isReasoning = (item: Item): item is Reasoning => item.type === "reasoning"

/** True for what a model writes, its reasoning included. */
export const isModels = (item: Item): boolean =>
  "role" in item
    ? item.role === "assistant"
    : item.type !== "item_reference" && !/_(output|response)$/.test(typeOf(item))

/** True for an output of this very kind of call. */
export const answers = (output: Output, call: Call): boolean =>
  output.call_id === call.call_id && output.type === `${call.type}_output`

/** The text of a content, its text parts joined. */
export const text = (content: typeof Content.Type | undefined): string =>
  typeof content === "string" ? content : (content ?? []).map((part) => "text" in part ? part.text : "").join("")

/** The text of the first user message. */
export const prompt = ({ input }: Request): string => {
  for (const item of input) if ("role" in item && item.role === "user") return text(item.content)
  return ""
}

/** The function tools of a request and their places among all tools. */
export const functionTools = (
  { tools = [] }: Request
): ReadonlyArray<{ readonly path: string; readonly tool: FunctionTool }> =>
  tools.flatMap((tool, at) => tool.type === "function" ? [{ path: `tools[${at}]`, tool }] : [])

const decode = Schema.decodeUnknownResult(Body)

/** Reads a body of the right shape; says otherwise what is missing or wrong. */
export const read = (body: unknown): Result.Result<Request, Rejection> =>
  decode(body).pipe(
    Result.map(({ input, ...rest }) => {
      const items = typeof input === "string" ? [{ role: "user", content: input } as const] : input
      return {
        ...rest,
        input: items,
        history: typeof input === "string" ? items : historyOf(body, "input"),
        inputTokens: tokens(get(body, "input"), get(body, "instructions"), get(body, "tools"))
      }
    }),
    Result.mapError(refusal({ row: "R11", verified: false }))
  )
