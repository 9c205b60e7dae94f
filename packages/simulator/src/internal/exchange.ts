import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as AnthropicMessagesWire from "../AnthropicMessagesWire.ts"
import * as Dialect from "../Dialect.ts"
import type { Fault, Faults } from "../Fault.ts"
import type * as Frame from "../Frame.ts"
import * as GeminiContentWire from "../GeminiContentWire.ts"
import * as OpenAiChatWire from "../OpenAiChatWire.ts"
import * as OpenAiResponsesWire from "../OpenAiResponsesWire.ts"
import type * as Script from "../Script.ts"
import * as Wire from "../Wire.ts"
import { refusalOf } from "./faultRefusals.ts"
import { get } from "./json.ts"
import * as Manner from "./manner.ts"
import { saidBy } from "./said.ts"

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
 * - `pieces`: what goes out in place of the body and the frames
 */
export interface Answer {
  readonly entry: Entry
  readonly body: object
  readonly frames: ReadonlyArray<Frame.Frame>
  readonly fault: Fault | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly turn?: Wire.Turn | undefined
  readonly pieces?: ReadonlyArray<Frame.Piece> | undefined
}

/**
 * One request, as it arrived.
 *
 * - `route`: its method and path
 * - `search`: what stands behind the path, from the question mark on
 * - `body`: `text` as JSON, where it is that
 */
export interface Sent {
  readonly number: number
  readonly route: string
  readonly search: string
  readonly headers: Wire.Headers
  readonly text: string
  readonly body: Schema.Json | undefined
}

/**
 * What an exchange needs to know of how its simulator plays.
 *
 * - `script`: what is played to a conversation
 * - `fallback`: what is said where no script is for a conversation; none means a refusal with status 400
 * - `acceptSignatures`: takes thinking, thought signatures and encrypted reasoning that this server did not write
 * - `fragment`: how streamed texts are cut
 * - `faults`: which requests fail on purpose, and how
 * - `dialect`: how it speaks otherwise than the strict wires
 */
export interface Play {
  readonly script: (view: Script.View) => Script.Script | undefined
  readonly fallback?: ((view: Script.View) => Script.Reply) | undefined
  readonly acceptSignatures?: boolean | undefined
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
  const wire = speaker(sent)
  return refusal(wire, sent, notFound(wire.name, sent.route))
}

/** Refuses a request in the words of the wire that its route belongs to, or else its headers. */
export const refuse = (sent: Sent, rejection: Wire.Rejection): Answer => {
  const path = pathOf(sent)
  const wire = [OpenAiChatWire, OpenAiResponsesWire, AnthropicMessagesWire].find((wire) => wire.path === path)
  return refusal(wire ?? (GeminiContentWire.path.test(path) ? GeminiContentWire : speaker(sent)), sent, rejection)
}

/** Whose client sends a request to a path that is of no wire. */
const speaker = ({ headers }: Sent) => {
  if (headers["x-goog-api-key"] !== undefined) return GeminiContentWire
  return headers["anthropic-version"] === undefined ? OpenAiChatWire : AnthropicMessagesWire
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
  const except = how.acceptSignatures === true ? signatureRows : undefined
  const checked = Manner.check(wire, manner, sent.body, sent.headers, `${pathOf(sent)}${sent.search}`, memory, except)
  if (Result.isFailure(checked)) return refusal(wire, sent, checked.failure)
  const view = wire.view(checked.success)
  const reply = replyTo(view, how)
  if (Result.isFailure(reply)) return refusal(wire, sent, unplayed(reply.failure))
  const streams = wire.streams(checked.success)
  const streamed = streams !== undefined
  const fault = how.faults?.({ number: sent.number, view, streamed })
  const refused = fault && refusalOf(fault, wire.name)
  if (refused) return refusal(wire, sent, refused, fault)
  const { body: rendered, ...facts } = wire.render(checked.success, reply.success, sent.number)
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

/** The rules that know a signature of this server's own from others. */
const signatureRows = new Set(["A19", "G12", "R9"])

/** What a script has to say, or why it says nothing; scripts are other people's. */
const replyTo = (view: Script.View, { fallback, script }: Play): Result.Result<Script.Reply, string> => {
  try {
    const played = script(view)
    if (played) return saidBy(played, view)
    const reply = fallback?.(view)
    return reply === undefined
      ? Result.fail(`No script fits the prompt ${JSON.stringify(view.prompt)}.`)
      : Result.succeed(reply)
  } catch (error) {
    return Result.fail(`The script throws ${thrown(error)}`)
  }
}

/** An error, and the place that it comes from. */
const thrown = (error: unknown): string =>
  error instanceof Error
    ? (error.stack ?? error.message).split("\n").slice(0, 2).map((line) => line.trim()).join(" ")
    : String(error)

const unplayed = (message: string): Wire.Rejection => Wire.reject({ row: "script", verified: false }, { message })

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
