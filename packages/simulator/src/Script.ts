/**
 * A scripted model: a pure function of the conversation in the request, and of nothing else.
 */
import * as Json from "@volley/core/Json"
import type * as Schema from "effect/Schema"

/** A call of the conversation, with the text of its result as the model was sent it. */
export interface SeenCall {
  readonly id: string
  readonly name: string
  readonly arguments: Schema.Json
  readonly result: string
}

/** A tool that a request lists, as it tells of it. */
export interface Offered {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters?: Schema.JsonObject | undefined
}

/**
 * What a model sees of a request, the same on every wire.
 *
 * - `prompt`: the text of the first user message
 * - `users`: the text of every user message; a message that has only results does not count
 * - `offered`: the tools with what is said of them; their names alone are `tools`
 * - `format`: the JSON Schema that the answer must follow, if the request has one
 * - `calls`: every call of the conversation so far, in call order
 * - `toolsOff`: no tools were listed, or the request forbids their use
 */
export interface View {
  readonly model: string
  readonly prompt: string
  readonly users: ReadonlyArray<string>
  readonly tools: ReadonlyArray<string>
  readonly offered: ReadonlyArray<Offered>
  readonly format: Schema.JsonObject | undefined
  readonly toolsOff: boolean
  readonly parallel: boolean
  readonly calls: ReadonlyArray<SeenCall>
}

/**
 * A call that the model wants.
 *
 * - `malformed`: the text in place of the arguments, on wires that carry them as text; on other wires `arguments`,
 *   which fit no tool
 */
export interface Wanted {
  readonly name: string
  readonly arguments: Schema.Json
  readonly malformed?: string | undefined
}

/** What the model does next: it answers, or asks for calls. */
export type Reply =
  | { readonly _tag: "Answer"; readonly text: string }
  | { readonly _tag: "Calls"; readonly calls: ReadonlyArray<Wanted> }

/**
 * How a model plays a scenario.
 *
 * - `wants`: every call that it wants, given the results so far; calls that were made already are left out
 * - `answer`: what it says once all these calls have results, or it may not call any more
 */
export interface Script {
  readonly wants: (seen: ReadonlyArray<SeenCall>) => ReadonlyArray<Wanted>
  readonly answer: (seen: ReadonlyArray<SeenCall>) => string
}

/**
 * Decides the next turn: all missing calls at once, one if parallel calls are switched off, none if tools are off.
 *
 * @example
 * ```ts
 * import { Script } from "@volley/simulator"
 *
 * const script = { wants: () => [{ name: "ping", arguments: {} }], answer: () => "It answers." }
 * const view: Script.View = {
 *   model: "m",
 *   prompt: "Is it there?",
 *   users: ["Is it there?"],
 *   tools: ["ping"],
 *   offered: [{ name: "ping" }],
 *   format: undefined,
 *   toolsOff: false,
 *   parallel: true,
 *   calls: []
 * }
 * console.log(Script.reply(script, view)._tag) // => Calls
 * const seen = [{ id: "call_1", name: "ping", arguments: {}, result: "pong" }]
 * console.log(Script.reply(script, { ...view, calls: seen })) // => { _tag: 'Answer', text: 'It answers.' }
 * ```
 */
export const reply = (script: Script, view: View): Reply => {
  const missing = view.toolsOff ? [] : unseen(script.wants(view.calls), view.calls)
  if (missing.length === 0) return { _tag: "Answer", text: script.answer(view.calls) }
  return { _tag: "Calls", calls: view.parallel ? missing : missing.slice(0, 1) }
}

/** Each call seen takes away one equal wish; a call whose arguments were malformed is known by its name. */
const unseen = (wants: ReadonlyArray<Wanted>, seen: ReadonlyArray<SeenCall>): ReadonlyArray<Wanted> => {
  const left = seen.map((call) => ({ name: call.name, arguments: Json.canonical(call.arguments) }))
  return wants.filter((want) => {
    const wanted = Json.canonical(want.arguments)
    const at = left.findIndex((call) =>
      call.name === want.name && (want.malformed !== undefined || call.arguments === wanted)
    )
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

/** A script for conversations that begin with a prompt, or for all of them where it has none. */
export interface Part {
  readonly prompt?: string | undefined
  readonly script: Script
}

/**
 * The script for a prompt: the first one that names it, or else the first that names none.
 *
 * @example
 * ```ts
 * import { Script } from "@volley/simulator"
 *
 * const says = (text: string) => ({ wants: () => [], answer: () => text })
 * const parts = [{ prompt: "Hello!", script: says("Hello.") }, { script: says("I do not know.") }]
 * console.log(Script.pick(parts, "Hello!")?.answer([]), Script.pick(parts, "Why?")?.answer([]))
 * // => Hello. I do not know.
 * ```
 */
export const pick = (parts: ReadonlyArray<Part>, prompt: string): Script | undefined =>
  (parts.find((part) => part.prompt === prompt) ?? parts.find((part) => part.prompt === undefined))?.script
