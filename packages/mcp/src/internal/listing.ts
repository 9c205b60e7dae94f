import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Semaphore from "effect/Semaphore"
import { NamesTaken, of as errorOf, type Reason } from "../McpError.ts"
import { calling } from "./call.ts"
import type { Connection } from "./connection.ts"
import { patienceOf } from "./patience.ts"
import type { LeftOut, McpTool, Options } from "./server.ts"
import * as Tools from "./tools.ts"

/** The tools of a server, as they were listed once. */
export interface Listing {
  readonly toolkit: Toolkit.Toolkit<McpTool>
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** Whether the tools may have become others since they were listed. */
export interface News {
  isThere: boolean
}

/** Lists the tools of a server. */
export const list = Effect.fnUntraced(function*(
  connection: Connection,
  options: Options
): Effect.fn.Return<Listing, Reason> {
  const { leftOut, tools } = Tools.make(calling(connection, options), yield* connection.list, options)
  const names = Tools.repeated(tools)
  if (names.length > 0) return yield* new NamesTaken({ names })
  return { toolkit: Toolkit.make(...tools), leftOut }
})

/** The tools as they are now: listed again where there are news, once for all who ask meanwhile. */
export const latest = (
  connection: Connection,
  options: Options,
  news: News,
  first: Listing
): Effect.Effect<Effect.Effect<Listing["toolkit"]>> =>
  Effect.zipWith(Ref.make(first.toolkit), Semaphore.make(1), (known, oneByOne) => {
    const renewed = Effect.flatMap(
      list(connection, options),
      ({ leftOut, toolkit }) => Effect.andThen(Ref.set(known, toolkit), warn(options, leftOut))
    )
    const renew = Effect.suspend(() => {
      if (!news.isThere) return Effect.void
      news.isThere = false
      const { duration, late } = patienceOf(options)
      return renewed.pipe(
        Effect.timeoutOrElse({ duration, orElse: () => Effect.fail(late) }),
        Effect.onError(() => Effect.sync(() => void (news.isThere = true))),
        Effect.catch((reason) => notListed(options, reason))
      )
    })
    return Effect.andThen(oneByOne.withPermit(renew), Ref.get(known))
  })

const warn = ({ name: server }: Options, leftOut: ReadonlyArray<LeftOut>): Effect.Effect<void> =>
  leftOut.length === 0 ? Effect.void : Effect.logWarning("Tools of a server are left out", { server, leftOut })

/** Where the server is gone, the calls say so. */
const notListed = (options: Options, reason: Reason): Effect.Effect<void> =>
  reason._tag === "Closed"
    ? Effect.void
    : Effect.logWarning("The tools of a server could not be listed again", errorOf(options, reason).message)
