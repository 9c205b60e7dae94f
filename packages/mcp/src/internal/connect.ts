import * as Toolkit from "@volley/core/Toolkit"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type McpError, NamesTaken, NotReady, of as errorOf } from "../McpError.ts"
import * as Connection from "./connection.ts"
import type { Options, Server } from "./server.ts"
import * as Tools from "./tools.ts"

/** Connects to a server and lists its tools; `start` is how a program is started. */
export const connectBy = <O extends Options>(start: Connection.Start) =>
  Effect.fnUntraced(function*(
    options: O
  ): Effect.fn.Return<Server, McpError, Scope.Scope> {
    const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
    const scope = yield* Scope.fork(yield* Effect.scope)
    return yield* open(options, start).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => Effect.fail(new NotReady({ millis: Duration.toMillis(timeout) }))
      }),
      Effect.mapError((reason) => errorOf(options, reason)),
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
  })

const open = Effect.fnUntraced(function*(options: Options, start: Connection.Start) {
  const connection = yield* Connection.open(options, start)
  const { leftOut, tools } = Tools.make(connection, options)
  const names = Tools.repeated(tools)
  if (names.length > 0) return yield* new NamesTaken({ names })
  const { instructions } = connection
  const ask: Server["ask"] = (method, params) =>
    Effect.mapError(connection.ask(method, params), (reason) => errorOf(options, reason))
  return { name: options.name, toolkit: Toolkit.make(...tools), instructions, leftOut, ask } satisfies Server
})
