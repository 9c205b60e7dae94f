/**
 * A server that plays a recording again, and refuses requests that differ from it.
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { type Keeping, make as appOf, type Simulator } from "./internal/app.ts"
import { type Difference, differenceOf } from "./internal/difference.ts"
import { type Answer, refuse, type Sent } from "./internal/exchange.ts"
import { get } from "./internal/json.ts"
import type { Tempo } from "./internal/playback.ts"
import { askedOf } from "./internal/recorded.ts"
import type { Answered, Exchange } from "./Recording.ts"
import * as Wire from "./Wire.ts"

/**
 * Makes an app that answers as recorded.
 *
 * - a request must equal a recorded one in method, path and body, and must come after those that it goes on from;
 *   requests of separate conversations may come in any order
 * - any other request is refused with status 400 and a text that says what differs; the recorded request may still come
 * - if the recorded connection broke off, it breaks off again; if the recorded client went away, the whole answer is
 *   sent
 *
 * @example
 * ```ts
 * import { type Recording, Replay, Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * const request = { model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] }
 * const recorded: ReadonlyArray<Recording.Exchange> = [{ // what `Recording.parse` gives of a file
 *   number: 1,
 *   wire: "openai",
 *   status: 200,
 *   streamed: false,
 *   inputTokens: 3,
 *   outputTokens: 2,
 *   calls: [],
 *   request: { method: "POST", path: "/v1/chat/completions", headers: {}, body: request },
 *   response: { status: 200, headers: {}, body: { recorded: true } }
 * }]
 * const program = Effect.gen(function*() {
 *   const simulator = yield* Replay.make(recorded)
 *   const fetch = yield* Simulator.fetch(simulator.app)
 *   const body = JSON.stringify(request)
 *   const asked = () => fetch("http://localhost/v1/chat/completions", { method: "POST", body })
 *   return yield* Effect.promise(() => asked().then((response) => response.text()))
 * })
 * console.log(await Effect.runPromise(program)) // => {"recorded":true}
 * ```
 */
export const make = Effect.fnUntraced(function*(
  exchanges: ReadonlyArray<Exchange>,
  options: Tempo & Keeping = {}
): Effect.fn.Return<Simulator> {
  const before = new Map(exchanges.map((one) => [one, nearestBefore(one, exchanges)]))
  const left = yield* Ref.make(exchanges.toSorted((a, b) => a.number - b.number))
  return yield* appOf((sent) =>
    Ref.modify(left, (left) => {
      const due = left.filter((one) => isDue(before.get(one) ?? [], left))
      const found = due.find((exchange) => differenceFrom(exchange, sent) === undefined)
      return found === undefined
        ? [refuse(sent, refusal(due[0], sent, exchanges.length)), left]
        : [answerOf(found, sent), left.filter((exchange) => exchange !== found)]
    }), options)
})

/** True where there is nothing that a request goes on from, or one of that was played. */
const isDue = (before: ReadonlyArray<Exchange>, left: ReadonlyArray<Exchange>): boolean =>
  before.length === 0 || before.some((other) => !left.includes(other))

/** What a request goes on from: the one whose response it names, or the latest of those whose messages it begins with. */
const nearestBefore = (one: Exchange, exchanges: ReadonlyArray<Exchange>): ReadonlyArray<Exchange> => {
  const earlier = exchanges.filter(({ number }) => number < one.number)
  const id = get(one.request.body, "previous_response_id")
  if (typeof id === "string") return earlier.filter(({ response }) => JSON.stringify(response).includes(id))
  const messages = messagesOf(one)
  const begun = earlier.filter((other) => {
    const { length } = messagesOf(other)
    return length > 0 && length < messages.length
      && differenceOf(messagesOf(other), messages.slice(0, length)) === undefined
  })
  const most = Math.max(...begun.map((other) => messagesOf(other).length))
  return begun.filter((other) => messagesOf(other).length === most)
}

/** The conversation of a request, as its wire calls it. */
const messagesOf = ({ request: { body } }: Exchange): ReadonlyArray<unknown> =>
  ["messages", "input", "contents"].map((key) => get(body, key)).find(Array.isArray) ?? []

const differenceFrom = ({ request }: Exchange, sent: Sent): Difference | undefined => {
  const { headers: _, ...recorded } = request
  const { headers: __, ...asked } = askedOf(sent)
  return differenceOf(recorded, asked)
}

const refusal = (next: Exchange | undefined, sent: Sent, count: number): Wire.Rejection => {
  const difference = next && differenceFrom(next, sent)
  const message = next === undefined || difference === undefined
    ? `The recording has ${count} ${count === 1 ? "request" : "requests"}, and all of it was played.`
    : `Request ${next.number} is not the one recorded: ${difference.at} was ${difference.was} and is ${difference.is}.`
  return Wire.reject({ row: "replay", verified: false }, { message, param: difference?.at })
}

const answerOf = (exchange: Exchange, { body, number }: Sent): Answer => {
  const { calls, inputTokens, model, outputTokens, response, row, streamed, wire } = exchange
  const fault = exchange.fault === "Reset" ? { _tag: exchange.fault } as const : undefined
  return {
    entry: {
      number,
      wire,
      status: response.status,
      streamed,
      row,
      model,
      inputTokens,
      outputTokens,
      body,
      calls,
      fault: fault?._tag
    },
    fault,
    headers: response.headers,
    frames: [],
    ...sides(response)
  }
}

const sides = ({ body, events }: Answered): Pick<Answer, "body" | "pieces"> => ({
  body: typeof body === "object" && body !== null ? body : {},
  pieces: events
})
