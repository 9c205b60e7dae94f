import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { type McpError, of as errorOf } from "../McpError.ts"
import * as Connection from "./connection.ts"
import * as Listing from "./listing.ts"
import { patienceOf } from "./patience.ts"
import type { Options, Server } from "./server.ts"
import type { Start, Way } from "./session.ts"

/** Connects to a server and lists its tools; `start` is how a program is started. */
export const connectBy = <O extends Options>(start: Start) =>
  Effect.fnUntraced(function*(
    options: O
  ): Effect.fn.Return<Server, McpError, Scope.Scope> {
    const { duration, late } = patienceOf(options)
    const scope = yield* Scope.fork(yield* Effect.scope)
    const latest: { way?: Way } = {}
    const starting: Start = (command) => Effect.tap(start(command), (way) => Effect.sync(() => void (latest.way = way)))
    return yield* open(options, starting).pipe(
      Effect.timeoutOrElse({ duration, orElse: () => Effect.fail(latest.way?.explain?.(late) ?? late) }),
      Effect.mapError((reason) => errorOf(options, reason)),
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
  })

const open = Effect.fnUntraced(function*(options: Options, start: Start) {
  const news: Listing.News = { isThere: false }
  const connection = yield* Connection.open(options, start, () => void (news.isThere = true))
  const first = yield* Listing.list(connection, options)
  const ask: Server["ask"] = (method, params) =>
    Effect.mapError(
      connection.ask((client, limits) => client.request({ method, params }, anything, limits)),
      (reason) => errorOf(options, reason)
    )
  return {
    name: options.name,
    ...first,
    latest: yield* Listing.latest(connection, options, news, first),
    state: connection.state,
    instructions: connection.client.getInstructions(),
    ask
  } satisfies Server
})

const anything = Schema.toStandardSchemaV1(Schema.Unknown)
