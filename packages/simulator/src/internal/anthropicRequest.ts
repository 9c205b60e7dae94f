import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Headers, reject, type Rejection, tokens } from "../Wire.ts"
import { get, isObject } from "./json.ts"
import { Base64 } from "./media.ts"
import { historyOf } from "./memory.ts"
import * as SchemaFault from "./schemaFault.ts"

const CacheControl = Schema.optionalKey(Schema.Json)

const TextBlock = Schema.Struct({
  type: Schema.Literal("text"),
  text: Schema.String,
  citations: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Json))),
  cache_control: CacheControl
})

const ToolUseBlock = Schema.Struct({
  type: Schema.Literal("tool_use"),
  id: Schema.String,
  name: Schema.String,
  input: Schema.Record(Schema.String, Schema.Json),
  caller: Schema.optionalKey(Schema.Json),
  toolset_name: Schema.optionalKey(Schema.NullOr(Schema.String)),
  cache_control: CacheControl
})

const UrlSource = Schema.Struct({ type: Schema.Literal("url"), url: Schema.String })

const FileSource = Schema.Struct({ type: Schema.Literal("file"), file_id: Schema.String })

const ImageBlock = Schema.Struct({
  type: Schema.Literal("image"),
  source: Schema.Union([
    Schema.Struct({
      type: Schema.Literal("base64"),
      media_type: Schema.Literals(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      data: Base64
    }),
    UrlSource,
    FileSource
  ]),
  transformations: Schema.optionalKey(Schema.Json),
  cache_control: CacheControl
})

const DocumentBlock = Schema.Struct({
  type: Schema.Literal("document"),
  source: Schema.Union([
    Schema.Struct({ type: Schema.Literal("base64"), media_type: Schema.Literal("application/pdf"), data: Base64 }),
    Schema.Struct({ type: Schema.Literal("text"), media_type: Schema.Literal("text/plain"), data: Schema.String }),
    Schema.Struct({ type: Schema.Literal("content"), content: Schema.Json }),
    UrlSource,
    FileSource
  ]),
  title: Schema.optionalKey(Schema.NullOr(Schema.String)),
  context: Schema.optionalKey(Schema.NullOr(Schema.String)),
  citations: Schema.optionalKey(Schema.Json),
  cache_control: CacheControl
})

const openBlock = <const T extends ReadonlyArray<string>>(types: T) =>
  Schema.StructWithRest(Schema.Struct({ type: Schema.Literals(types) }), [Schema.Record(Schema.String, Schema.Json)])

const ToolResultBlock = Schema.Struct({
  type: Schema.Literal("tool_result"),
  tool_use_id: Schema.String,
  content: Schema.optionalKey(Schema.Union([
    Schema.String,
    Schema.Array(Schema.Union([
      TextBlock,
      ImageBlock,
      DocumentBlock,
      openBlock(["search_result", "tool_reference", "browser_state"])
    ]))
  ])),
  is_error: Schema.optionalKey(Schema.Boolean),
  toolset_name: Schema.optionalKey(Schema.NullOr(Schema.String)),
  cache_control: CacheControl
})

const ThinkingBlock = Schema.Struct({
  type: Schema.Literal("thinking"),
  thinking: Schema.String,
  signature: Schema.String
})

const RedactedThinkingBlock = Schema.Struct({ type: Schema.Literal("redacted_thinking"), data: Schema.String })

const Block = Schema.Union([
  TextBlock,
  ToolUseBlock,
  ToolResultBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
  ImageBlock,
  DocumentBlock,
  openBlock(["search_result"])
])

const Message = Schema.Struct({
  role: Schema.Literals(["user", "assistant"]),
  content: Schema.Union([Schema.String, Schema.Array(Block)])
})

const CustomTool = Schema.Struct({
  type: Schema.optionalKey(Schema.NullOr(Schema.Literal("custom"))),
  name: Schema.String,
  description: Schema.optionalKey(Schema.String),
  input_schema: Schema.StructWithRest(Schema.Struct({ type: Schema.Literal("object") }), [
    Schema.Record(Schema.String, Schema.Json)
  ]),
  strict: Schema.optionalKey(Schema.Boolean),
  input_examples: Schema.optionalKey(Schema.Array(Schema.Json)),
  eager_input_streaming: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  defer_loading: Schema.optionalKey(Schema.Boolean),
  allowed_callers: Schema.optionalKey(Schema.Array(Schema.String)),
  cache_control: CacheControl
})

const ProviderTool = Schema.StructWithRest(
  Schema.Struct({ type: Schema.String.check(Schema.isPattern(/_\d{8}$/)), name: Schema.String }),
  [Schema.Record(Schema.String, Schema.Json)]
)

const OneAtATime = Schema.optionalKey(Schema.Boolean)

const ToolChoice = Schema.Union([
  Schema.Struct({ type: Schema.Literal("auto"), disable_parallel_tool_use: OneAtATime }),
  Schema.Struct({ type: Schema.Literal("any"), disable_parallel_tool_use: OneAtATime }),
  Schema.Struct({ type: Schema.Literal("tool"), name: Schema.String, disable_parallel_tool_use: OneAtATime }),
  Schema.Struct({ type: Schema.Literal("none") })
])

const Thinking = Schema.StructWithRest(
  Schema.Struct({ type: Schema.Literals(["enabled", "disabled", "adaptive", "between_tools"]) }),
  [Schema.Record(Schema.String, Schema.Json)]
)

const Thread = Schema.Union([
  Schema.Struct({ type: Schema.Literal("create") }),
  Schema.Struct({ type: Schema.Literal("continue"), previous_message_id: Schema.String })
])

const Unread = Schema.optionalKey(Schema.Json)

const OutputConfig = Schema.Struct({
  effort: Unread,
  format: Schema.optionalKey(Schema.NullOr(Schema.Struct({
    type: Schema.Literal("json_schema"),
    schema: Schema.Record(Schema.String, Schema.Json)
  })))
})

const Body = Schema.Struct({
  model: Schema.String,
  max_tokens: Schema.Int,
  messages: Schema.Array(Message),
  system: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(TextBlock)])),
  tools: Schema.optionalKey(Schema.Array(Schema.Union([CustomTool, ProviderTool]))),
  tool_choice: Schema.optionalKey(ToolChoice),
  thinking: Schema.optionalKey(Thinking),
  thread: Schema.optionalKey(Schema.NullOr(Thread)),
  stream: Schema.optionalKey(Schema.Boolean),
  temperature: Unread,
  top_p: Unread,
  top_k: Unread,
  cache_control: Unread,
  container: Unread,
  diagnostics: Unread,
  inference_geo: Unread,
  metadata: Unread,
  output_config: Schema.optionalKey(OutputConfig),
  service_tier: Unread,
  speed: Unread,
  stop_sequences: Unread,
  user_profile_id: Unread,
  workspace_id: Unread
})

/**
 * A request of the right shape.
 *
 * - `version`, `betas`: the API version and the betas that its headers name
 * - `history`: its messages as they were sent
 */
export interface Request extends Schema.Schema.Type<typeof Body> {
  readonly version: string
  readonly betas: ReadonlyArray<string>
  readonly history: ReadonlyArray<unknown>
  readonly inputTokens: number
}

export type Message = typeof Message.Type
export type Block = typeof Block.Type
export type ToolResult = typeof ToolResultBlock.Type
export type Thinking = typeof ThinkingBlock.Type
export type CustomTool = typeof CustomTool.Type

/** A block and its place. */
export interface Placed<out B = Block> {
  readonly message: number
  readonly at: number
  readonly block: B
}

/** The blocks of a message; text alone counts as one block. */
export const blocks = ({ content }: Message): ReadonlyArray<Block> =>
  typeof content === "string" ? [{ type: "text", text: content }] : content

/** Every block of one type and its place, in the order of the conversation. */
export const placed = <T extends Block["type"]>(
  messages: ReadonlyArray<Message>,
  type: T
): ReadonlyArray<Placed<Extract<Block, { readonly type: T }>>> =>
  messages.flatMap((message, index) =>
    blocks(message).flatMap((block, at) => isOf(block, type) ? [{ message: index, at, block }] : [])
  )

const isOf = <T extends Block["type"]>(block: Block, type: T): block is Extract<Block, { readonly type: T }> =>
  block.type === type

/** The tools that the caller runs, and their places among all tools. */
export const customTools = (
  { tools = [] }: Request
): ReadonlyArray<{ readonly at: number; readonly tool: CustomTool }> =>
  tools.flatMap((tool, at) => isCustom(tool) ? [{ at, tool }] : [])

const isCustom = (tool: NonNullable<Request["tools"]>[number]): tool is CustomTool =>
  tool.type === undefined || tool.type === null || tool.type === "custom"

/** The text of what a tool answered, its text blocks joined. */
export const resultText = ({ content = "" }: ToolResult): string =>
  typeof content === "string" ? content : content.map((block) => block.type === "text" ? block.text : "").join("")

const decode = Schema.decodeUnknownResult(Body, { onExcessProperty: "error" })

/** Reads a body of the right shape; says otherwise what it lacks, has too much of, or has wrong. */
export const read = (body: unknown, headers: Headers): Result.Result<Request, Rejection> =>
  decode(body).pipe(
    Result.map((read) => ({
      ...read,
      version: headers["anthropic-version"] ?? "",
      betas: (headers["anthropic-beta"] ?? "").split(",").map((beta) => beta.trim()),
      history: historyOf(body, "messages"),
      inputTokens: tokens(get(body, "messages"), get(body, "system"), get(body, "tools"))
    })),
    Result.mapError((error) => rejection(SchemaFault.fromError(error), body))
  )

const rejection = (fault: SchemaFault.SchemaFault, body: unknown): Rejection =>
  reject({ row: "A24", verified: fault.kind !== "wrong" }, {
    message: `${pathOf(fault.path, body)}: ${
      fault.kind === "missing"
        ? "Field required"
        : fault.kind === "extra"
        ? "Extra inputs are not permitted"
        : fault.message
    }`
  })

/** Names the kind of a block or a tool behind its index, as the provider does. */
const pathOf = (path: SchemaFault.SchemaFault["path"], body: unknown): string => {
  let value = body
  let list: string | number = ""
  return path.flatMap((key) => {
    const kind = typeof key === "number" ? kindOf(list, value, key) : undefined
    value = Array.isArray(value) ? value[Number(key)] : get(value, String(key))
    list = key
    return kind === undefined ? [key] : [key, kind]
  }).join(".")
}

const kindOf = (list: string | number, value: unknown, index: number): string | undefined => {
  const item: unknown = Array.isArray(value) ? value[index] : undefined
  const type = isObject(item) ? item["type"] : undefined
  return typeof type === "string" ? type : list === "tools" ? "custom" : undefined
}
