/**
 * What the simulated wires have in common: requests that are checked rule by rule, seen as a `View`, and answered.
 */
import * as Result from "effect/Result"
import type { Fault as ProviderFault } from "./Fault.ts"
import type * as Frame from "./Frame.ts"
import type { Spoiled } from "./internal/spoil.ts"
import type { Reply, View } from "./Script.ts"

/** Request headers, by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>

/**
 * What is wrong with a request.
 *
 * - `status`: 400 where it is absent
 * - `type`: `invalid_request_error` where it is absent
 * - `retryAfterSeconds`: when to come back, where that may help
 */
export interface Fault {
  readonly message: string
  readonly status?: number | undefined
  readonly type?: string | undefined
  readonly param?: string | undefined
  readonly code?: string | undefined
  readonly retryAfterSeconds?: number | undefined
}

/**
 * One rule of a wire.
 *
 * - `row`: its name in the catalogue of refusals: `C1` and on for OpenAI, `R1` and on for its Responses, `A1` and on for
 *   Anthropic, `G1` and on for Google; `1a` and the like are documented requirements whose refusal is not catalogued,
 *   and words are refusals of the transport or the simulator
 * - `verified`: false when the provider's text or refusal was never seen; rely on the status alone then
 */
export interface Rule<in Request> {
  readonly row: string
  readonly verified: boolean
  readonly check: (request: Request) => Fault | undefined
}

/** A request that a wire refuses, and the rule that it violates. */
export interface Rejection {
  readonly row: string
  readonly verified: boolean
  readonly status: number
  readonly type: string
  readonly message: string
  readonly param: string | null
  readonly code: string | null
  readonly retryAfterSeconds?: number | undefined
}

/**
 * A turn that a server keeps, for requests that go on from it.
 *
 * - `id`: of the response, by which they name it
 * - `from`: the id of the turn that it went on from itself
 * - `history`: the conversation with this turn at its end, as a client would send it where nothing is kept
 * - `fields`: other fields of the request that go on with it
 */
export interface Turn {
  readonly id: string
  readonly from: string | undefined
  readonly history: ReadonlyArray<unknown>
  readonly fields: Readonly<Record<string, unknown>>
}

/** What a server keeps, in the order in which it came about. */
export type Memory = ReadonlyArray<Turn>

/** A request as it was sent, before what is kept of the turn that it goes on from is put before it. */
export interface Continued<out Request> {
  readonly request: Request
  readonly memory: Memory
}

/**
 * An answer as it goes over the wire.
 *
 * - `calls`: the ids of the calls asked for, in call order
 */
export interface Rendered<out Body> {
  readonly body: Body
  readonly inputTokens: number
  readonly outputTokens: number
  readonly calls: ReadonlyArray<string>
}

/**
 * A provider's wire without its transport, all of it pure.
 *
 * - `path`: where requests go; a pattern where it names the model
 * - `check`: reads a parsed body and what it goes on from, or says which rule they violate first; a body of `undefined`
 *   was no JSON, and the rows in `except` are not looked at
 * - `streams`: how a request wants its answer streamed, where it does
 * - `render`: puts a reply to the request of this number into a body
 * - `frames`: cuts the body of an answer into the events of a stream
 * - `spoil`: what a fault makes of a body, and of its frames
 * - `keep`: what the server keeps of a turn with this body, where it keeps anything
 * - `refuse`: the body of a refusal
 */
export interface Wire<Request, Body extends object = never> {
  readonly name: "openai" | "openai-responses" | "anthropic" | "google"
  readonly path: string | RegExp
  readonly requestIdHeader: string
  readonly check: (
    body: unknown,
    headers: Headers,
    path: string,
    memory: Memory,
    except?: ReadonlySet<string>
  ) => Result.Result<Request, Rejection>
  readonly view: (request: Request) => View
  readonly streams: (request: Request) => Frame.Options | undefined
  readonly render: (request: Request, reply: Reply, number: number) => Rendered<Body>
  readonly frames: (body: Body, options: Frame.Options) => ReadonlyArray<Frame.Frame>
  readonly spoil: (fault: ProviderFault, body: Body, options: Frame.Options) => Spoiled<Body>
  readonly keep?: (request: Request, body: Body) => Turn | undefined
  readonly refuse: (rejection: Rejection, requestId: string) => object
}

/**
 * Makes a rejection of a fault.
 *
 * @example
 * ```ts
 * import { Wire } from "@volley/simulator"
 *
 * const refused = Wire.reject({ row: "C1", verified: true }, { message: "a model is needed", param: "model" })
 * console.log(refused.status, refused.type) // => 400 invalid_request_error
 * ```
 */
export const reject = (rule: Omit<Rule<never>, "check">, fault: Fault): Rejection => ({
  row: rule.row,
  verified: rule.verified,
  status: fault.status ?? 400,
  type: fault.type ?? "invalid_request_error",
  message: fault.message,
  param: fault.param ?? null,
  code: fault.code ?? null,
  ...(fault.retryAfterSeconds !== undefined && { retryAfterSeconds: fault.retryAfterSeconds })
})

/**
 * Gives the request back, or the first rule that it violates; those in `except` may be.
 *
 * @example
 * ```ts
 * import { Wire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const rule: Wire.Rule<{ readonly model: string }> = {
 *   row: "C1",
 *   verified: true,
 *   check: ({ model }) => model === "" ? { message: "a model is needed" } : undefined
 * }
 * const read = Wire.checkAll([rule], { model: "" })
 * console.log(Result.isFailure(read) && read.failure.row) // => C1
 * ```
 */
export const checkAll = <Request>(
  rules: ReadonlyArray<Rule<Request>>,
  request: Request,
  except?: ReadonlySet<string>
): Result.Result<Request, Rejection> => {
  for (const rule of rules) {
    const fault = except?.has(rule.row) === true ? undefined : rule.check(request)
    if (fault !== undefined) return Result.fail(reject(rule, fault))
  }
  return Result.succeed(request)
}

/**
 * Counts four characters of JSON as one token; parts that are absent count nothing.
 *
 * @example
 * ```ts
 * import { Wire } from "@volley/simulator"
 *
 * console.log(Wire.tokens("good morning", undefined)) // => 4
 * ```
 */
export const tokens = (...parts: ReadonlyArray<unknown>): number =>
  Math.ceil(parts.reduce<number>((sum, part) => sum + (part === undefined ? 0 : JSON.stringify(part).length), 0) / 4)
