import type * as Schema from "effect/Schema"
import type * as Frame from "../Frame.ts"
import type { Answered, Asked, Event, Exchange } from "../Recording.ts"
import { safeHeaders, safePath } from "../Recording.ts"
import type { Answer, Entry, Sent } from "./exchange.ts"
import { parse } from "./json.ts"
import { isPiecewise, piecesOf } from "./playback.ts"

/** What is recorded of a request. */
export const askedOf = ({ body, headers, route, search, text }: Sent): Asked => {
  const [method = "", ...path] = route.split(" ")
  return {
    method,
    path: safePath(path.join(" "), search),
    headers: safeHeaders(headers),
    ...(body !== undefined ? { body } : text !== "" && { text })
  }
}

/** What is recorded of an exchange that is over; `entry` is how it ended. */
export const exchangeOf = (sent: Sent, answer: Answer, entry: Entry): Exchange => {
  const { calls, fault, inputTokens, model, number, outputTokens, row, status, streamed, wire } = entry
  return {
    number,
    wire,
    status,
    streamed,
    ...(row !== undefined && { row }),
    ...(model !== undefined && { model }),
    inputTokens,
    outputTokens,
    calls,
    ...(fault !== undefined && { fault }),
    request: askedOf(sent),
    response: answeredOf(answer)
  }
}

const answeredOf = (answer: Answer): Answered => ({
  status: answer.entry.status,
  headers: answer.headers,
  ...(isPiecewise(answer) ? { events: piecesOf(answer).map(eventOf) } : { body: written(answer.body) })
})

const eventOf = ({ completes, text }: Frame.Piece): Event => ({ text, ...(completes !== undefined && { completes }) })

/** A body as it is read again. */
const written = (body: object): Schema.Json => parse(JSON.stringify(body)) ?? null
