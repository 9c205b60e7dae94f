/**
 * An HTTP app around a decision: what is asked is read, answered in its time, and kept.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { Exchange } from "../Recording.ts"
import type { Answer, Entry, Sent } from "./exchange.ts"
import { parse } from "./json.ts"
import { isPiecewise, play, type Tempo, think, unsent } from "./playback.ts"
import { exchangeOf } from "./recorded.ts"

/**
 * What is kept of what happens.
 *
 * - `log`: how many of the last requests `requests` gives; all of them by default
 * - `record`: is given each exchange when it is over: before its last bytes go out, or when the client has gone away
 */
export interface Keeping {
  readonly log?: number | undefined
  readonly record?: ((exchange: Exchange) => Effect.Effect<void>) | undefined
}

/** An Effect HTTP app that answers whatever it is asked. */
export type App = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest | Scope.Scope
>

/**
 * A simulator without a transport.
 *
 * - `requests`: those that are over, in the order of arrival
 */
export interface Simulator {
  readonly app: App
  readonly requests: Effect.Effect<ReadonlyArray<Entry>>
}

/** Makes an app with an empty log. */
export const make = Effect.fnUntraced(function*(
  decide: (sent: Sent) => Effect.Effect<Answer>,
  options: Tempo & Keeping
): Effect.fn.Return<Simulator> {
  const arrivals = yield* Ref.make(0)
  const log = yield* Ref.make<ReadonlyArray<Entry>>([])
  const app = Effect.gen(function*() {
    const sent = yield* read(yield* Ref.updateAndGet(arrivals, (count) => count + 1))
    const answer = yield* decide(sent)
    const keep = once(Effect.fnUntraced(function*(entry) {
      yield* Ref.update(log, (entries) => last(options.log, [...entries, entry]))
      yield* options.record?.(exchangeOf(sent, answer, entry)) ?? Effect.void
    }))
    yield* think(answer, options).pipe(Effect.onInterrupt(() => keep(unsent(answer.entry))))
    if (isPiecewise(answer)) return play(answer, options, keep)
    yield* keep(answer.entry)
    return HttpServerResponse.jsonUnsafe(answer.body, { status: answer.entry.status, headers: answer.headers })
  })
  return { app, requests: Effect.map(Ref.get(log), (entries) => entries.toSorted((a, b) => a.number - b.number)) }
})

/** Reads the request that has this number. */
const read = Effect.fnUntraced(function*(number: number) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const text = yield* Effect.orElseSucceed(request.text, () => "")
  const { pathname, search } = URL.parse(request.url, "http://localhost") ?? { pathname: request.url, search: "" }
  return { number, route: `${request.method} ${pathname}`, search, headers: request.headers, text, body: parse(text) }
})

/** Keeps an entry the first time alone. */
const once = (keep: (entry: Entry) => Effect.Effect<void>): (entry: Entry) => Effect.Effect<void> => {
  let kept = false
  return (entry) =>
    Effect.suspend(() => {
      if (kept) return Effect.void
      kept = true
      return keep(entry)
    })
}

/** The last items of a list; all of them where no number is said. */
export const last = <A>(count: number | undefined, items: ReadonlyArray<A>): ReadonlyArray<A> =>
  count === undefined || items.length <= count ? items : items.slice(items.length - count)
