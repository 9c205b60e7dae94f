/**
 * Sees what the SDK leaves out of the responses of the Gemini API: why a turn ended as it did, and errors that came with
 * status 200.
 */
import type { GenerateContentParameters } from "@google/genai"
import * as Json from "@volley/core/Json"
import * as Transport from "@volley/core/Transport"
import * as Result from "effect/Result"
import type { Client } from "./client.ts"
import * as Refusal from "./refusal.ts"

/** What was seen of the answers to one request. */
interface Seen {
  finishMessage?: string
  error?: unknown
}

/** The same client; what sends its requests, be it that of one request alone, goes through `limited`. */
export const watched = (
  { models, ...client }: Client,
  limited: (send?: Transport.Fetch) => Transport.Fetch
): Client => {
  const through = (params: GenerateContentParameters, seen: Seen): GenerateContentParameters => ({
    ...params,
    config: {
      ...params.config,
      httpOptions: { ...params.config?.httpOptions, fetch: watching(limited(params.config?.httpOptions?.fetch), seen) }
    }
  })
  return {
    ...client,
    models: {
      generateContent: async (params) => {
        const seen: Seen = {}
        return withMessage(await models.generateContent(through(params, seen)), seen)
      },
      generateContentStream: async (params) => {
        const seen: Seen = {}
        return withAll(await models.generateContentStream(through(params, seen)), seen)
      }
    }
  }
}

async function* withAll(chunks: AsyncIterable<unknown>, seen: Seen): AsyncGenerator<unknown> {
  for await (const chunk of chunks) yield withMessage(chunk, seen)
  if (seen.error !== undefined) yield seen.error
}

const withMessage = (response: unknown, { finishMessage }: Seen): unknown => {
  if (finishMessage === undefined || !Json.isObject(response)) return response
  const { candidates } = response
  return Array.isArray(candidates)
    ? { ...response, candidates: candidates.map((candidate) => ended(candidate, finishMessage)) }
    : response
}

const ended = (candidate: unknown, finishMessage: string): unknown =>
  Json.isObject(candidate) && candidate["finishReason"] ? { finishMessage, ...candidate } : candidate

/** An error that came with status 200 gets the status that it names, so that the SDK treats it like any other. */
const watching = (fetch: Transport.Fetch, seen: Seen): Transport.Fetch => async (input, init) => {
  const response = await fetch(input, init)
  const { body, headers, ok, status, statusText } = response
  if (body === null) return response
  const type = headers.get("content-type") ?? ""
  if (!ok) return /json/.test(type) ? refusing(response) : response
  if (/event-stream/.test(type) || (!/json/.test(type) && String(input).includes("alt=sse"))) {
    return Transport.changeEvents(response, (event) => plain(event, seen))
  }
  const read = await response.text().then(Result.succeed, Result.fail)
  if (Result.isFailure(read)) return new Response(breaking(read.failure), { status, statusText, headers })
  const text = read.success
  const json = parsed(text)
  const said = Refusal.saidIn(json)
  if (said !== undefined) return Response.json(Array.isArray(json) ? json[0] : json, { status: said.status })
  note(json, seen)
  return new Response(text, { status, statusText, headers })
}

/** The SDK forgets the status of a refusal that says it is JSON and is none. */
const refusing = async (response: Response): Promise<Response> => {
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  const text = await response.text()
  if (parsed(text) === undefined) headers.set("content-type", "text/plain")
  return new Response(text, { status, statusText, headers })
}

/** A body that breaks where it is read; the SDK would send again what breaks before. */
const breaking = (error: unknown): ReadableStream =>
  new ReadableStream({ pull: (controller) => controller.error(error) }, { highWaterMark: 0 })

/** Looks at an event, which then has no name: the SDK skips every one that does not begin with its data. */
const plain = (event: Transport.ServerEvent, seen: Seen): Transport.ServerEvent | undefined => {
  if (/"(finishMessage|error)"/.test(event.data)) note(parsed(event.data), seen)
  return event.isDone ? undefined : { ...event, name: undefined }
}

const note = (json: unknown, seen: Seen): void => {
  if (Refusal.saidIn(json) !== undefined) seen.error = json
  const candidates = Json.isObject(json) ? json["candidates"] : undefined
  const first: unknown = Array.isArray(candidates) ? candidates[0] : undefined
  if (Json.isObject(first) && typeof first["finishMessage"] === "string") seen.finishMessage = first["finishMessage"]
}

const parsed = (text: string): unknown => Result.getOrUndefined(Result.try(() => JSON.parse(text)))
