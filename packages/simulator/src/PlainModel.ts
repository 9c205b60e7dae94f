/**
 * A model without a script: it calls each tool that seems to change nothing once, and quotes the results.
 */
import { sampleOf } from "./internal/sample.ts"
import { whyLeft } from "./internal/writing.ts"
import type { Offered, Reply, SeenCall, View } from "./Script.ts"

/**
 * Decides the next turn of any conversation; the same conversation always gets the same turn.
 *
 * - each tool is called once for each message of a user, with arguments that its JSON Schema allows
 * - no wire says which tools change something, so it does not call tools whose name or description begins with a verb
 *   such as `delete` or `send`; the answer names them
 * - if the answer must follow a JSON Schema, it is a value that does
 *
 * @example
 * ```ts
 * import { PlainModel } from "@volley/simulator"
 *
 * const reply = PlainModel.reply({
 *   model: "m",
 *   prompt: "Weather in Tokyo?",
 *   users: ["Weather in Tokyo?"],
 *   tools: ["get_weather"],
 *   offered: [{ name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } }],
 *   format: undefined,
 *   toolsOff: false,
 *   parallel: true,
 *   calls: []
 * })
 * if (reply._tag === "Calls") console.log(reply.calls[0]?.name) // => get_weather
 * ```
 */
export const reply = (view: View): Reply => {
  const missing = view.toolsOff ? [] : callable(view).filter(({ name }) => timesSeen(view, name) < rounds(view))
  if (missing.length === 0) return { _tag: "Answer", text: answer(view) }
  const calls = missing.map(({ name, parameters = {} }) => ({ name, arguments: sampleOf(parameters) }))
  return { _tag: "Calls", calls: view.parallel ? calls : calls.slice(0, 1) }
}

const rounds = ({ users }: View): number => Math.max(1, users.length)

const timesSeen = ({ calls }: View, name: string): number => calls.filter((call) => call.name === name).length

const callable = ({ offered }: View): ReadonlyArray<Offered> => offered.filter((tool) => whyLeft(tool) === undefined)

const answer = (view: View): string => {
  if (view.format !== undefined) return JSON.stringify(sampleOf(view.format))
  const left = view.offered.flatMap((tool) => whyLeft(tool) ?? [])
  return [
    `No script fits ${JSON.stringify(shorten(view.users.at(-1) ?? view.prompt, 200))}.`,
    ...said(view),
    ...left
  ].join("\n")
}

/** What the tools said since the last message of a user. */
const said = (view: View): ReadonlyArray<string> => {
  const tools = callable(view)
  if (view.calls.length === 0 || tools.length === 0) return ["I called no tool."]
  return view.calls.slice(-tools.length).map(quote)
}

const quote = ({ arguments: args, name, result }: SeenCall): string =>
  `${name} ${shorten(JSON.stringify(args), 200)} said: ${shorten(result, 500)}`

const shorten = (text: string, length: number): string => text.length <= length ? text : `${text.slice(0, length)}…`
