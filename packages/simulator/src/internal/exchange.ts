import * as Result from "effect/Result"
import * as AnthropicMessagesWire from "../AnthropicMessagesWire.ts"
import * as Dialect from "../Dialect.ts"
import type { Fault, Faults } from "../Fault.ts"
import type * as Frame from "../Frame.ts"
import * as GeminiContentWire from "../GeminiContentWire.ts"
import * as OpenAiChatWire from "../OpenAiChatWire.ts"
import * as OpenAiResponsesWire from "../OpenAiResponsesWire.ts"
import * as Script from "../Script.ts"
import * as Wire from "../Wire.ts"
import { refusalOf } from "./faultRefusals.ts"
import { get } from "./json.ts"
import * as Manner from "./manner.ts"

/**
 * One request that a simulator got.
 *
 * - `number`: in the order of arrival, from 1
 * - `status`: 499 when the client went away before the answer, which then counts no output tokens
 * - `streamed`: whether it was answered as a stream
 * - `row`: the rule that a refused request violates
 * - `body`: as it was sent; `undefined` when it was no JSON
 * - `calls`: the ids of the calls that the model asked for
 * - `fault`: how the provider failed on purpose
 */
export interface Entry {
  readonly number: number
  readonly wire: Wire.Wire<never>["name"]
  readonly status: number
  readonly streamed: boolean
  readonly row: string | undefined
  readonly model: string | undefined
  readonly inputTokens: number
  readonly outputTokens: number
  readonly body: unknown
  readonly calls: ReadonlyArray<string>
  readonly fault: Fault["_tag"] | undefined
}

/**
 * What goes back for one request, and what is logged of it.
 *
 * - `fault`: what struck the body and the frames already, or is left to the transport
 * - `frames`: the body cut into events, which go back in its place where the entry is `streamed`; none of a refusal
 * - `turn`: what the server keeps of it
 */
export interface Answer {
  readonly entry: Entry
  readonly body: object
  readonly frames: ReadonlyArray<Frame.Frame>
  readonly fault: Fault | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly turn?: Wire.Turn | undefined
}

/**
 * One request, as it arrived.
 *
 * - `route`: its method and path
 * - `search`: what stands behind the path, from the question mark on
 */
export interface Sent {
  readonly number: number
  readonly route: string
  readonly search: string
  readonly headers: Wire.Headers
  readonly body: unknown
}

/**
 * What an exchange needs to know of how its simulator plays.
 *
 * - `script`: what is played to a conversation
 * - `fragment`: how streamed texts are cut
 * - `faults`: which requests fail on purpose, and how
 * - `dialect`: how it speaks otherwise than the strict wires
 */
export interface Play {
  readonly script: (view: Script.View) => Script.Script | undefined
  readonly fragment?: Frame.Fragment | undefined
  readonly faults?: Faults | undefined
  readonly dialect?: Dialect.Name | Dialect.Dialect | undefined
}

/** Decides what a request is answered, by the wire that its route belongs to and the turns that are kept. */
export const exchange = (sent: Sent, how: Play, memory: Wire.Memory): Answer => {
  const { anthropic, google, openai, "openai-responses": responses } = Dialect.of(how.dialect)
  if (sent.route === `POST ${OpenAiChatWire.path}`) return play(OpenAiChatWire, sent, how, memory, openai)
  if (sent.route === `POST ${OpenAiResponsesWire.path}`) return play(OpenAiResponsesWire, sent, how, memory, responses)
  if (sent.route === `POST ${AnthropicMessagesWire.path}`) {
    return play(AnthropicMessagesWire, sent, how, memory, anthropic)
  }
  if (sent.route.startsWith("POST ") && GeminiContentWire.path.test(pathOf(sent))) {
    return play(GeminiContentWire, sent, how, memory, google)
  }
  if (sent.headers["x-goog-api-key"] !== undefined) {
    return refusal(GeminiContentWire, sent, notFound(GeminiContentWire.name, sent.route))
  }
  const wire = sent.headers["anthropic-version"] === undefined ? OpenAiChatWire : AnthropicMessagesWire
  return refusal(wire, sent, notFound(wire.name, sent.route))
}

const pathOf = ({ route }: Sent): string => route.slice(route.indexOf(" ") + 1)

const notFound = (wire: Entry["wire"], route: string): Wire.Rejection =>
  Wire.reject(
    { row: "404", verified: false },
    wire === "openai"
      ? { message: `Unknown request URL: ${route}.`, status: 404, code: "unknown_url" }
      : { message: `Not found: ${route}`, status: 404, type: "not_found_error" }
  )

const play = <Request, Body extends object>(
  wire: Wire.Wire<Request, Body>,
  sent: Sent,
  how: Play,
  memory: Wire.Memory,
  manner: Manner.Manner<Body> = {}
): Answer => {
  const checked = Manner.check(wire, manner, sent.body, sent.headers, `${pathOf(sent)}${sent.search}`, memory)
  if (Result.isFailure(checked)) return refusal(wire, sent, checked.failure)
  const view = wire.view(checked.success)
  const script = how.script(view)
  if (script === undefined) return refusal(wire, sent, unscripted(view))
  const streams = wire.streams(checked.success)
  const streamed = streams !== undefined
  const fault = how.faults?.({ number: sent.number, view, streamed })
  const refused = fault && refusalOf(fault, wire.name)
  if (refused) return refusal(wire, sent, refused, fault)
  const { body: rendered, ...facts } = wire.render(checked.success, Script.reply(script, view), sent.number)
  const body = manner.turn?.(rendered) ?? rendered
  const options = { ...streams, fragment: how.fragment }
  const played = fault ? wire.spoil(fault, body, options) : { body, frames: wire.frames(body, options) }
  const written = Manner.write(manner, played)
  return {
    ...answer(wire, sent, { status: 200, streamed, row: undefined, ...facts }, written.body, fault),
    frames: written.frames,
    turn: wire.keep?.(checked.success, played.body)
  }
}

const unscripted = ({ prompt }: Script.View): Wire.Rejection =>
  Wire.reject({ row: "script", verified: false }, { message: `No script fits the prompt ${JSON.stringify(prompt)}.` })

const refusal = (
  wire: Pick<Wire.Wire<never>, "name" | "requestIdHeader" | "refuse">,
  sent: Sent,
  rejection: Wire.Rejection,
  fault?: Fault
): Answer => {
  const { retryAfterSeconds: seconds } = rejection
  const { headers, ...rest } = answer(
    wire,
    sent,
    { status: rejection.status, streamed: false, row: rejection.row, inputTokens: 0, outputTokens: 0, calls: [] },
    wire.refuse(rejection, requestId(sent.number)),
    fault
  )
  return { ...rest, headers: { ...headers, ...(seconds !== undefined && { "retry-after": String(seconds) }) } }
}

const answer = (
  wire: Pick<Wire.Wire<never>, "name" | "requestIdHeader">,
  sent: Sent,
  facts: Pick<Entry, "status" | "streamed" | "row" | "inputTokens" | "outputTokens" | "calls">,
  answered: object,
  fault: Fault | undefined
): Answer => {
  const { body, number } = sent
  const model = get(body, "model") ?? GeminiContentWire.modelOf(pathOf(sent))
  return {
    entry: {
      number,
      wire: wire.name,
      model: typeof model === "string" ? model : undefined,
      body,
      fault: fault?._tag,
      ...facts
    },
    fault,
    body: answered,
    frames: [],
    headers: { [wire.requestIdHeader]: requestId(number) }
  }
}

const requestId = (number: number): string => `req_${number}`
