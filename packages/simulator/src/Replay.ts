/**
 * A server that plays a recording again, and holds its clients to their side of it.
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { type Keeping, make as appOf, type Simulator } from "./internal/app.ts"
import { type Difference, differenceOf } from "./internal/difference.ts"
import { type Answer, refuse, type Sent } from "./internal/exchange.ts"
import type { Tempo } from "./internal/playback.ts"
import { askedOf } from "./internal/recorded.ts"
import type { Answered, Exchange } from "./Recording.ts"
import * as Wire from "./Wire.ts"

/**
 * Makes what answers as it was recorded.
 *
 * - requests have to come in the order in which they came then, each with the method, the path and the body that it had;
 *   those that went on at the same time, in any order. Headers may differ
 * - another request is refused with status 400, which says what differs, and the recorded one is still to come
 * - a connection that broke off breaks off again; where a client went away, the whole answer goes out
 */
export const make = Effect.fnUntraced(function*(
  exchanges: ReadonlyArray<Exchange>,
  options: Tempo & Keeping = {}
): Effect.fn.Return<Simulator> {
  const left = yield* Ref.make(phasesOf(exchanges))
  return yield* appOf((sent) =>
    Ref.modify(left, (phases) => {
      const [phase = [], ...later] = phases
      const found = phase.find((exchange) => differenceFrom(exchange, sent) === undefined)
      if (found === undefined) return [refuse(sent, refusal(phase[0], sent, exchanges.length)), phases]
      const others = phase.filter((exchange) => exchange !== found)
      return [answerOf(found, sent), others.length === 0 ? later : [others, ...later]]
    }), options)
})

type Phase = ReadonlyArray<Exchange>

/** What went on at the same time belongs together; a phase begins where nothing goes on any more. */
const phasesOf = (exchanges: ReadonlyArray<Exchange>): ReadonlyArray<Phase> => {
  const phases: Array<Array<Exchange>> = []
  for (const exchange of exchanges.toSorted((a, b) => a.number - b.number)) {
    const phase = phases.at(-1)
    if (phase === undefined || exchange.after === exchange.number - 1) phases.push([exchange])
    else phase.push(exchange)
  }
  return phases
}

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
