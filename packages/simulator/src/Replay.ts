/**
 * A server that plays a recording again, and holds its clients to their side of it.
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { type Keeping, make as appOf, type Simulator } from "./internal/app.ts"
import { differenceOf } from "./internal/difference.ts"
import { type Answer, refuse, type Sent } from "./internal/exchange.ts"
import { isObject } from "./internal/json.ts"
import type { Tempo } from "./internal/playback.ts"
import { askedOf } from "./internal/recorded.ts"
import type { Answered, Exchange } from "./Recording.ts"
import * as Wire from "./Wire.ts"

/**
 * Makes what answers as it was recorded, one request after the other, in the order in which they arrived then.
 *
 * - the next request has to have the method, the path and the body that were recorded; otherwise it is refused with status
 *   400, which says what differs, and its turn is still to come. Headers may differ
 * - a connection that broke off breaks off again; where a client went away, the whole answer goes out
 */
export const make = Effect.fnUntraced(function*(
  exchanges: ReadonlyArray<Exchange>,
  options: Tempo & Keeping = {}
): Effect.fn.Return<Simulator> {
  const played = yield* Ref.make(0)
  return yield* appOf((sent) =>
    Ref.modify(played, (count) => {
      const next = exchanges[count]
      const problem = next === undefined ? tooMany(exchanges.length) : problemOf(next, sent, count + 1)
      return next === undefined || problem !== undefined
        ? [refuse(sent, Wire.reject({ row: "replay", verified: false }, problem ?? tooMany(count))), count]
        : [answerOf(next, sent), count + 1]
    }), options)
})

const tooMany = (count: number): Wire.Fault => ({
  message: `The recording has ${count} ${count === 1 ? "request" : "requests"}, and all of it was played.`
})

const problemOf = ({ request }: Exchange, sent: Sent, number: number): Wire.Fault | undefined => {
  const { headers: _, ...recorded } = request
  const { headers: __, ...asked } = askedOf(sent)
  const difference = differenceOf(recorded, asked)
  if (difference === undefined) return undefined
  const { at, is, was } = difference
  return { message: `Request ${number} is not the one recorded: ${at} was ${was} and is ${is}.`, param: at }
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
  body: isObject(body) ? body : {},
  pieces: events
})
