import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { reject, type Rejection, tokens } from "../Wire.ts"
import { get } from "./json.ts"
import { Base64 } from "./media.ts"
import * as SchemaFault from "./schemaFault.ts"

const Unread = Schema.optionalKey(Schema.Json)

const Id = Schema.optionalKey(Schema.String)

const FunctionCall = Schema.Struct({
  id: Id,
  name: Schema.String,
  args: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
})

const Blob = Schema.Struct({ mimeType: Schema.String, data: Base64, displayName: Schema.optionalKey(Schema.String) })

const FunctionResponse = Schema.Struct({
  id: Id,
  name: Schema.String,
  response: Schema.Record(Schema.String, Schema.Json),
  parts: Schema.optionalKey(Schema.Array(Schema.Struct({ inlineData: Blob, mediaProcessing: Unread }))),
  scheduling: Unread,
  willContinue: Unread
})

const Part = Schema.Struct({
  text: Schema.optionalKey(Schema.String),
  thought: Schema.optionalKey(Schema.Boolean),
  thoughtSignature: Schema.optionalKey(Schema.String),
  functionCall: Schema.optionalKey(FunctionCall),
  functionResponse: Schema.optionalKey(FunctionResponse),
  inlineData: Schema.optionalKey(Blob),
  fileData: Unread,
  executableCode: Unread,
  codeExecutionResult: Unread,
  toolCall: Unread,
  toolResponse: Unread,
  videoMetadata: Unread,
  mediaResolution: Unread,
  partMetadata: Unread
})

const Content = Schema.Struct({ role: Schema.optionalKey(Schema.String), parts: Schema.Array(Part) })

const Declaration = Schema.Struct({
  name: Schema.String,
  description: Schema.optionalKey(Schema.String),
  parameters: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  parametersJsonSchema: Unread,
  response: Unread,
  responseJsonSchema: Unread,
  behavior: Unread
})

const Tool = Schema.Struct({
  functionDeclarations: Schema.optionalKey(Schema.Array(Declaration)),
  googleSearch: Unread,
  googleMaps: Unread,
  codeExecution: Unread,
  computerUse: Unread,
  fileSearch: Unread,
  urlContext: Unread
})

const ToolConfig = Schema.Struct({
  functionCallingConfig: Schema.optionalKey(Schema.Struct({
    mode: Schema.optionalKey(Schema.Literals(["AUTO", "ANY", "NONE", "VALIDATED"])),
    allowedFunctionNames: Schema.optionalKey(Schema.Array(Schema.String))
  })),
  retrievalConfig: Unread,
  includeServerSideToolInvocations: Unread
})

const Body = Schema.Struct({
  contents: Schema.Array(Content),
  systemInstruction: Schema.optionalKey(Content),
  tools: Schema.optionalKey(Schema.Array(Tool)),
  toolConfig: Schema.optionalKey(ToolConfig),
  generationConfig: Unread,
  safetySettings: Unread,
  cachedContent: Unread,
  serviceTier: Unread
})

/**
 * A request of the right shape, and the model that its path names.
 *
 * - `streams`: what its path wants streamed: server-sent events, or one array of JSON
 */
export interface Request extends Schema.Schema.Type<typeof Body> {
  readonly model: string
  readonly streams: "sse" | "array" | undefined
  readonly inputTokens: number
}

export type Content = typeof Content.Type
export type Part = typeof Part.Type
export type FunctionCall = typeof FunctionCall.Type
export type FunctionResponse = typeof FunctionResponse.Type
export type Declaration = typeof Declaration.Type

/** True for a model that gives its calls ids and thought signatures, and wants them back: Gemini 3 and later. */
export const signsCalls = ({ model }: Request): boolean => !/^gemini-[12]/.test(model)

/** The functions that a request declares, in order. */
export const declarations = ({ tools = [] }: Request): ReadonlyArray<Declaration> =>
  tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations)

/** The calls of a content, in call order. */
export const callsOf = (content: Content | undefined): ReadonlyArray<FunctionCall> =>
  (content?.parts ?? []).flatMap(({ functionCall }) => functionCall ? [functionCall] : [])

/** The results in a content of the user. */
export const responsesOf = (content: Content | undefined): ReadonlyArray<FunctionResponse> =>
  content?.role === "model" ? [] : allResponses(content)

/** The results in a content, of any role. */
export const allResponses = (content: Content | undefined): ReadonlyArray<FunctionResponse> =>
  (content?.parts ?? []).flatMap(({ functionResponse }) => functionResponse ? [functionResponse] : [])

/** The result of a call: by its id, or by its place where it has none. */
export const responseTo = (
  { id }: FunctionCall,
  at: number,
  responses: ReadonlyArray<FunctionResponse>
): FunctionResponse | undefined =>
  id === undefined ? responses[at] : responses.find((response) => response.id === id) ?? responses[at]

const decode = Schema.decodeUnknownResult(Body, { onExcessProperty: "error" })

/** Reads a body of the right shape; says otherwise what it lacks, has too much of, or has wrong. */
export const read = (
  body: unknown,
  model: string,
  streams: Request["streams"]
): Result.Result<Request, Rejection> =>
  decode(body).pipe(
    Result.map((read) => ({
      ...read,
      model,
      streams,
      inputTokens: tokens(get(body, "contents"), get(body, "systemInstruction"), get(body, "tools"))
    })),
    Result.mapError((error) => rejection(SchemaFault.fromError(error)))
  )

const rejection = ({ kind, message, path }: SchemaFault.SchemaFault): Rejection => {
  const at = pathOf(kind === "extra" ? path.slice(0, -1) : path)
  return reject({ row: "shape", verified: false }, {
    message: kind === "extra"
      ? unknownName(String(path.at(-1)), at)
      : `* GenerateContentRequest.${at}: ${kind === "missing" ? "required field is missing" : message}`
  })
}

/** What the provider says of a name that it does not know. */
export const unknownName = (name: string, path: string): string =>
  `Invalid JSON payload received. Unknown name "${name}"${path === "" ? "" : ` at '${path}'`}: Cannot find field.`

/** Indexes in brackets, names in the provider's own spelling. */
export const pathOf = (path: ReadonlyArray<string | number>): string =>
  path.map((key, at) => typeof key === "number" ? `[${key}]` : `${at === 0 ? "" : "."}${snake(key)}`).join("")

const snake = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
