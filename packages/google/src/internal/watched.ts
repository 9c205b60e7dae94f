/**
 * Sees what the SDK leaves out of the responses of the Gemini API: why a turn ended as it did, and errors that came with
 * status 200.
 */
import type { GenerateContentParameters } from "@google/genai"
import * as Json from "@volley/core/Json"
import type { Fetch } from "@volley/core/Transport"
import * as Result from "effect/Result"
import type { Client } from "./client.ts"
import * as Refusal from "./refusal.ts"

/** What was seen of the answers to one request. */
interface Seen {
  finishMessage?: string
  error?: unknown
}

/** The same client; what sends its requests, be it that of one request alone, goes through `limited`. */
export const watched = ({ models, ...client }: Client, limited: (send?: Fetch) => Fetch): Client => {
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
const watching = (fetch: Fetch, seen: Seen): Fetch => async (input, init) => {
  const response = await fetch(input, init)
  const { body, headers, ok, status, statusText } = response
  if (body === null) return response
  const type = headers.get("content-type") ?? ""
  if (!ok) return /json/.test(type) ? refusing(response) : response
  if (/event-stream/.test(type) || (!/json/.test(type) && String(input).includes("alt=sse"))) {
    return new Response(body.pipeThrough(watchingEvents(seen)), { status, statusText, headers })
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

/**
 * Lets the bytes of a stream pass, and looks at its lines.
 *
 * - they pass when an event ends: the SDK looks through all that it has of one with each piece that comes
 */
const watchingEvents = (seen: Seen): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> => {
  const decoder = new TextDecoder()
  let rest = ""
  let held: Array<Uint8Array<ArrayBuffer>> = []
  const pass = async (controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    controller.enqueue(new Uint8Array(await new Blob(held).arrayBuffer()))
    held = []
  }
  return new TransformStream({
    transform: async (bytes, controller) => {
      held.push(bytes)
      let isEnd = false
      // A line of many chunks is put together as they come, and looked at once.
      const [more = "", ...lines] = decoder.decode(bytes, { stream: true }).split(/\r\n|\r|\n/)
      rest += more
      for (const line of lines) {
        isEnd ||= rest === ""
        if (/"(finishMessage|error)"/.test(rest)) note(parsed(rest.replace(/^data:/, "")), seen)
        rest = line
      }
      if (isEnd) await pass(controller)
    },
    flush: async (controller) => {
      if (held.length > 0) await pass(controller)
    }
  })
}

const note = (json: unknown, seen: Seen): void => {
  if (Refusal.saidIn(json) !== undefined) seen.error = json
  const candidates = Json.isObject(json) ? json["candidates"] : undefined
  const first: unknown = Array.isArray(candidates) ? candidates[0] : undefined
  if (Json.isObject(first) && typeof first["finishMessage"] === "string") seen.finishMessage = first["finishMessage"]
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
