import * as Result from "effect/Result"
import * as AnthropicMessagesWire from "../AnthropicMessagesWire.ts"
import * as GeminiContentWire from "../GeminiContentWire.ts"
import * as OpenAiChatWire from "../OpenAiChatWire.ts"
import * as OpenAiResponsesWire from "../OpenAiResponsesWire.ts"
import * as Script from "../Script.ts"
import * as Wire from "../Wire.ts"
import { get } from "./json.ts"

/**
 * One request that a simulator got.
 *
 * - `number`: in the order of arrival, from 1
 * - `status`: 499 when the client went away before the answer, which then counts no output tokens
 * - `row`: the rule that a refused request violates
 * - `body`: as it was sent; `undefined` when it was no JSON
 * - `calls`: the ids of the calls that the answer asks for
 */
export interface Entry {
  readonly number: number
  readonly wire: Wire.Wire<never>["name"]
  readonly status: number
  readonly row: string | undefined
  readonly model: string | undefined
  readonly inputTokens: number
  readonly outputTokens: number
  readonly body: unknown
  readonly calls: ReadonlyArray<string>
}

/** What goes back for one request, and what is logged of it. */
export interface Answer {
  readonly entry: Entry
  readonly body: object
  readonly headers: Readonly<Record<string, string>>
}

/** One request, as it arrived. */
export interface Sent {
  readonly number: number
  readonly route: string
  readonly headers: Wire.Headers
  readonly body: unknown
}

/** Decides what a request is answered, by the wire that its route belongs to. */
export const exchange = (sent: Sent, pick: (view: Script.View) => Script.Script | undefined): Answer => {
  if (sent.route === `POST ${OpenAiChatWire.path}`) return play(OpenAiChatWire, sent, pick)
  if (sent.route === `POST ${OpenAiResponsesWire.path}`) return play(OpenAiResponsesWire, sent, pick)
  if (sent.route === `POST ${AnthropicMessagesWire.path}`) return play(AnthropicMessagesWire, sent, pick)
  if (sent.route.startsWith("POST ") && GeminiContentWire.path.test(pathOf(sent))) {
    return play(GeminiContentWire, sent, pick)
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

const play = <Request>(
  wire: Wire.Wire<Request>,
  sent: Sent,
  pick: (view: Script.View) => Script.Script | undefined
): Answer => {
  const checked = wire.check(sent.body, sent.headers, pathOf(sent))
  if (Result.isFailure(checked)) return refusal(wire, sent, checked.failure)
  const view = wire.view(checked.success)
  const script = pick(view)
  if (script === undefined) return refusal(wire, sent, unscripted(view))
  const { body, ...facts } = wire.render(checked.success, Script.reply(script, view))
  return answer(wire, sent, { status: 200, row: undefined, ...facts }, body)
}

const unscripted = ({ prompt }: Script.View): Wire.Rejection =>
  Wire.reject({ row: "script", verified: false }, { message: `No script fits the prompt ${JSON.stringify(prompt)}.` })

const refusal = (
  wire: Pick<Wire.Wire<never>, "name" | "requestIdHeader" | "refuse">,
  sent: Sent,
  rejection: Wire.Rejection
): Answer =>
  answer(
    wire,
    sent,
    { status: rejection.status, row: rejection.row, inputTokens: 0, outputTokens: 0, calls: [] },
    wire.refuse(rejection, requestId(sent.number))
  )

const answer = (
  wire: Pick<Wire.Wire<never>, "name" | "requestIdHeader">,
  sent: Sent,
  facts: Pick<Entry, "status" | "row" | "inputTokens" | "outputTokens" | "calls">,
  answered: object
): Answer => {
  const { body, number } = sent
  const model = get(body, "model") ?? GeminiContentWire.modelOf(pathOf(sent))
  return {
    entry: { number, wire: wire.name, model: typeof model === "string" ? model : undefined, body, ...facts },
    body: answered,
    headers: { [wire.requestIdHeader]: requestId(number) }
  }
}

const requestId = (number: number): string => `req_${number}`
