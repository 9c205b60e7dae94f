/**
 * Google's `POST /v1/models/{model}:generateContent` and its `:streamGenerateContent`, as strict as its documented and reported refusals.
 */
import type { Part } from "@google/genai"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Frame from "./Frame.ts"
import type { Body } from "./internal/geminiBody.ts"
import { mediaRules, pairingRules, shapeRules, signatureRules } from "./internal/geminiContentRules.ts"
import {
  callsOf,
  type Content,
  declarations,
  type FunctionResponse,
  read,
  type Request,
  responsesOf,
  responseTo,
  signsCalls
} from "./internal/geminiRequest.ts"
import { sign } from "./internal/geminiSignature.ts"
import { keyRules, modelRules, toolRules } from "./internal/geminiToolRules.ts"
import { get, isObject } from "./internal/json.ts"
import type { Reply, SeenCall, View } from "./Script.ts"
import {
  checkAll,
  type Headers,
  type Memory,
  reject,
  type Rejection,
  type Rendered,
  type Rule,
  tokens
} from "./Wire.ts"

export type { Body } from "./internal/geminiBody.ts"
export { spoil } from "./internal/geminiFaults.ts"
export { frames } from "./internal/geminiFrames.ts"
export type { Request } from "./internal/geminiRequest.ts"

/** The name of this wire. */
export const name = "google"
/** Where requests go. */
export const path = /^\/(?:v1|v1beta)\/models\/([^/:]+):(generateContent|streamGenerateContent)(\?.*)?$/
/** The header that has the id of a request. */
export const requestIdHeader = "x-request-id"

/** The rules that a request of the right shape must keep, in the order in which they are looked at. */
export const rules: ReadonlyArray<Rule<Request>> = [
  ...modelRules,
  ...shapeRules,
  ...toolRules,
  ...pairingRules,
  ...mediaRules,
  ...signatureRules
]

/**
 * Reads a request to a path, or says which rule it violates first; a body of `undefined` was no JSON.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { contents: [{ role: "user", parts: [{ text: "Hello!" }] }] }
 * const path = "/v1beta/models/gemini-3-pro:generateContent"
 * const headers = { "x-goog-api-key": "key" }
 * console.log(Result.isSuccess(GeminiContentWire.check(body, headers, path))) // => true
 * const refused = GeminiContentWire.check({}, headers, path)
 * if (Result.isFailure(refused)) console.log(refused.failure.message)
 * // => * GenerateContentRequest.contents: required field is missing
 * ```
 */
export const check = (
  body: unknown,
  headers: Headers,
  to: string,
  _memory: Memory = [],
  except?: ReadonlySet<string>
): Result.Result<Request, Rejection> =>
  checkAll(keyRules, headers).pipe(
    Result.flatMap(() => body === undefined ? Result.fail(noJson) : read(body, modelOf(to) ?? "", streamsTo(to))),
    Result.flatMap((request) => checkAll(rules, request, except))
  )

const noJson = reject({ row: "JSON", verified: false }, { message: "Invalid JSON payload received." })

/**
 * The model that a path names.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 *
 * console.log(GeminiContentWire.modelOf("/v1beta/models/gemini-3-pro:generateContent")) // => gemini-3-pro
 * ```
 */
export const modelOf = (to: string): string | undefined => path.exec(to)?.[1]

const streamsTo = (to: string): Request["streams"] => {
  const [, , method, query] = path.exec(to) ?? []
  if (method !== "streamGenerateContent") return undefined
  return new URLSearchParams(query).get("alt") === "sse" ? "sse" : "array"
}

/**
 * Shows a model what stands in a request. There is no parallel switch.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { contents: [{ role: "user", parts: [{ text: "Hello!" }] }] }
 * const path = "/v1beta/models/gemini-3-pro:generateContent"
 * const headers = { "x-goog-api-key": "key" }
 * const request = Result.getOrThrow(GeminiContentWire.check(body, headers, path))
 * console.log(GeminiContentWire.view(request).prompt) // => Hello!
 * ```
 */
export const view = (request: Request): View => ({
  model: request.model,
  prompt: prompt(request),
  users: request.contents.filter(isUsers).map(textOf),
  tools: declarations(request).map(({ name }) => name),
  offered: declarations(request).map(({ description, name, parameters, parametersJsonSchema }) => ({
    name,
    description,
    parameters: isObject(parametersJsonSchema) ? parametersJsonSchema : parameters
  })),
  format: formatOf(request),
  toolsOff: declarations(request).length === 0 || request.toolConfig?.functionCallingConfig?.mode === "NONE",
  parallel: true,
  calls: seen(request)
})

const prompt = ({ contents }: Request): string => {
  const first = contents.find(({ role }) => role !== "model")
  return first ? textOf(first) : ""
}

const isUsers = ({ parts, role }: Content): boolean =>
  role !== "model" && parts.some(({ functionResponse }) => functionResponse === undefined)

const textOf = ({ parts }: Content): string => parts.map(({ text }) => text ?? "").join("")

const formatOf = ({ generationConfig }: Request): Schema.JsonObject | undefined =>
  ["responseJsonSchema", "responseSchema"].map((key) => get(generationConfig, key)).find(isObject)

const seen = ({ contents }: Request): ReadonlyArray<SeenCall> =>
  contents.flatMap((content, turn) =>
    callsOf(content).map((call, at) => {
      const response = responseTo(call, at, responsesOf(contents[turn + 1]))?.response ?? {}
      return {
        id: call.id ?? `${turn}.${at}`,
        name: call.name,
        arguments: call.args ?? {},
        result: resultText(response)
      }
    })
  )

/** What the caller put under `output`, or the texts of an MCP server's result, are seen as they are on other wires. */
const resultText = (response: FunctionResponse["response"]): string => {
  const { content, output } = response
  return Array.isArray(content) && output === undefined
    ? content.map((part) => get(part, "text") ?? "").join("")
    : JSON.stringify(output === undefined ? response : output)
}

/**
 * How a request wants its answer streamed, where it does.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { contents: [{ role: "user", parts: [{ text: "Hello!" }] }] }
 * const path = "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"
 * const headers = { "x-goog-api-key": "key" }
 * const request = Result.getOrThrow(GeminiContentWire.check(body, headers, path))
 * console.log(GeminiContentWire.streams(request) !== undefined) // => true
 * ```
 */
export const streams = (request: Request): Frame.Options | undefined => request.streams === undefined ? undefined : {}

/**
 * Puts a reply into a response body; ids count on from the calls and the turns that the request holds.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { contents: [{ role: "user", parts: [{ text: "Hello!" }] }] }
 * const path = "/v1beta/models/gemini-3-pro:generateContent"
 * const headers = { "x-goog-api-key": "key" }
 * const request = Result.getOrThrow(GeminiContentWire.check(body, headers, path))
 * const { body: answer } = GeminiContentWire.render(request, { _tag: "Answer", text: "Hello." })
 * console.log(JSON.stringify(answer.candidates?.[0]?.content)) // => {"role":"model","parts":[{"text":"Hello."}]}
 * ```
 */
export const render = (request: Request, reply: Reply): Rendered<Body> => {
  const parts = partsOf(request, reply)
  const thoughts = parts.flatMap(({ thoughtSignature }) => thoughtSignature === undefined ? [] : [thoughtSignature])
  const said = tokens({ role: "model", parts: parts.map((part) => ({ ...part, thoughtSignature: undefined })) })
  const thought = tokens(...thoughts)
  return {
    body: {
      candidates: [{ index: 0, content: { role: "model", parts }, finishReason: "STOP" }],
      usageMetadata: {
        promptTokenCount: request.inputTokens,
        candidatesTokenCount: said,
        ...(thought > 0 && { thoughtsTokenCount: thought }),
        totalTokenCount: request.inputTokens + said + thought
      },
      modelVersion: request.model,
      responseId: `response_${request.contents.filter(({ role }) => role === "model").length + 1}`
    },
    inputTokens: request.inputTokens,
    outputTokens: said + thought,
    calls: parts.flatMap(({ functionCall }) => functionCall?.id === undefined ? [] : [functionCall.id])
  }
}

/** Gemini 3 gives every call an id, and the first of a turn a signature; models before it give neither. */
const partsOf = (request: Request, reply: Reply): Array<Part> => {
  if (reply._tag === "Answer") return [{ text: reply.text }]
  const earlier = request.contents.flatMap(callsOf).length
  return reply.calls.map((call, at) => {
    const asked = { name: call.name, args: isObject(call.arguments) ? call.arguments : {} }
    if (!signsCalls(request)) return { functionCall: asked }
    return {
      functionCall: { id: `fc_${earlier + at + 1}`, ...asked },
      ...(at === 0 && { thoughtSignature: sign(asked) })
    }
  })
}

/**
 * The body of a refusal.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const path = "/v1beta/models/gemini-3-pro:generateContent"
 * const headers = { "x-goog-api-key": "key" }
 * const refused = GeminiContentWire.check({}, headers, path)
 * if (Result.isFailure(refused)) console.log(JSON.stringify(GeminiContentWire.refuse(refused.failure)))
 * // => {"error":{"code":400,"message":"* GenerateContentRequest.contents: required field is missing","status":"INVALID_ARGUMENT"}}
 * ```
 */
export const refuse = ({ code, message, retryAfterSeconds, status }: Rejection): object => {
  const details = [
    ...(code === null ? [] : [{ "@type": `${rpc}ErrorInfo`, reason: code, domain: "googleapis.com" }]),
    ...(retryAfterSeconds === undefined ? [] : [{ "@type": `${rpc}RetryInfo`, retryDelay: `${retryAfterSeconds}s` }])
  ]
  return {
    error: {
      code: status,
      message,
      status: statuses[status] ?? "INVALID_ARGUMENT",
      ...(details.length > 0 && { details })
    }
  }
}

const rpc = "type.googleapis.com/google.rpc."

const statuses: Readonly<Record<number, string>> = {
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE"
}
