/**
 * How other servers that speak a provider's wire differ from the provider; `docs/field.md` says what a caller gets.
 */
import type { Message } from "@anthropic-ai/sdk/resources/messages"
import type { ChatCompletion } from "openai/resources/chat/completions"
import { anthropic } from "./internal/dialects/anthropic.ts"
import { gemini } from "./internal/dialects/gemini.ts"
import { openAiChat } from "./internal/dialects/openAiChat.ts"
import { openAiResponses } from "./internal/dialects/openAiResponses.ts"
import type { Body as GeminiBody } from "./internal/geminiBody.ts"
import type { Manner } from "./internal/manner.ts"
import type { Body as ResponsesBody } from "./internal/openAiResponsesBody.ts"

export type { Change, Manner } from "./internal/manner.ts"

/**
 * How a server speaks, for each wire on which this occurs; other wires stay strict.
 *
 * - a change that only a turn with calls can have is not made to an answer
 */
export interface Dialect {
  readonly openai?: Manner<ChatCompletion> | undefined
  readonly "openai-responses"?: Manner<ResponsesBody> | undefined
  readonly anthropic?: Manner<Message> | undefined
  readonly google?: Manner<GeminiBody> | undefined
}

/** The manners of a name, by the wires that have one. */
const met = (name: string): Dialect => ({
  openai: find(openAiChat, name),
  "openai-responses": find(openAiResponses, name),
  anthropic: find(anthropic, name),
  google: find(gemini, name)
})

const find = <M>(manners: Readonly<Record<string, M>>, name: string): M | undefined =>
  Object.hasOwn(manners, name) ? manners[name] : undefined

/** The dialects of `docs/field.md`. */
export const named = {
  "shared-index": met("shared-index"),
  "no-index": met("no-index"),
  "index-by-id": met("index-by-id"),
  "blocked-after-calls": met("blocked-after-calls"),
  "cut-after-calls": met("cut-after-calls"),
  "broken-arguments": met("broken-arguments"),
  "invented-name": met("invented-name"),
  "several-in-one": met("several-in-one"),
  "no-type": met("no-type"),
  "null-type": met("null-type"),
  "arguments-as-value": met("arguments-as-value"),
  "arguments-as-text": met("arguments-as-text"),
  "arguments-null": met("arguments-null"),
  "arguments-missing": met("arguments-missing"),
  "empty-call": met("empty-call"),
  "content-in-parts": met("content-in-parts"),
  "empty-choices": met("empty-choices"),
  "finish-again": met("finish-again"),
  "finish-everywhere": met("finish-everywhere"),
  "error-as-answer": met("error-as-answer"),
  "error-in-a-list": met("error-in-a-list"),
  "unknown-finish": met("unknown-finish"),
  "error-finish": met("error-finish"),
  "malformed-call": met("malformed-call"),
  "unexpected-call": met("unexpected-call"),
  "empty-texts": met("empty-texts"),
  "own-reasoning": met("own-reasoning"),
  "nine-letter-ids": met("nine-letter-ids"),
  "own-signatures": met("own-signatures"),
  "ids-of-events": met("ids-of-events"),
  "start-twice": met("start-twice"),
  "ends-twice": met("ends-twice"),
  "unknown-deltas": met("unknown-deltas"),
  "no-finish": met("no-finish"),
  "no-end": met("no-end")
} satisfies Record<string, Dialect>

/** The name of a dialect. */
export type Name = keyof typeof named

/**
 * True for the name of a dialect.
 *
 * @example
 * ```ts
 * import { Dialect } from "@volley/simulator"
 *
 * console.log(Dialect.isName("no-index"), Dialect.isName("klingon")) // => true false
 * ```
 */
export const isName = (name: string): name is Name => Object.hasOwn(named, name)

/** All names, in the order of the table. */
export const names: ReadonlyArray<Name> = Object.keys(named).filter(isName)

/**
 * Gives a dialect by its name, or the given dialect itself.
 *
 * @example
 * ```ts
 * import { Dialect, Simulator } from "@volley/simulator"
 *
 * const script = () => ({ wants: () => [], answer: () => "Hello." })
 * await using simulator = await Simulator.start({ script, dialect: "no-index" }) // by its name, or as data
 * console.log(simulator.port > 0, Object.keys(Dialect.of("no-index")))
 * // => true [ 'openai', 'openai-responses', 'anthropic', 'google' ]
 * ```
 */
export const of = (dialect: Name | Dialect = {}): Dialect => typeof dialect === "string" ? named[dialect] : dialect
