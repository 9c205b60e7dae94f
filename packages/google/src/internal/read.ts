/** What this codec reads of a response, whichever version of the SDK it is of. */
export interface Response {
  readonly candidates?: ReadonlyArray<Candidate> | undefined
  readonly promptFeedback?: { readonly blockReason?: string | undefined } | null | undefined
  readonly usageMetadata?: Tokens | null | undefined
  readonly modelVersion?: string | null | undefined
}

/** One of the turns that a response has; the first one counts. */
export interface Candidate {
  readonly content?: Content | undefined
  readonly finishReason?: string | undefined
  readonly finishMessage?: string | undefined
}

/** What a response says of its tokens. */
export interface Tokens {
  readonly promptTokenCount?: number | undefined
  readonly toolUsePromptTokenCount?: number | undefined
  readonly candidatesTokenCount?: number | undefined
  readonly thoughtsTokenCount?: number | undefined
  readonly cachedContentTokenCount?: number | undefined
}

/** A content of a conversation, as every version of the SDK takes it. */
export interface Content {
  role?: string
  parts?: Array<Part>
}

/** A part of a content; one that came from the model goes back with all that it has. */
export interface Part {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: FunctionCall
  functionResponse?: FunctionResponse
  inlineData?: Blob
}

/** A call. */
export interface FunctionCall {
  id?: string
  name?: string
  args?: Record<string, unknown>
}

/** The result of a call. */
export interface FunctionResponse {
  id?: string
  name?: string
  response?: Record<string, unknown>
  parts?: Array<{ inlineData?: Blob }>
}

/** Media. */
export interface Blob {
  mimeType?: string
  data?: string
}

/** The tools of a request. */
export interface ApiTool {
  functionDeclarations?: Array<{ name?: string; description?: string; parametersJsonSchema?: unknown }>
}
