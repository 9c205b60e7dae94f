import type { Client } from "@modelcontextprotocol/client"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { Closed, type Reason } from "../McpError.ts"
import { patiently } from "./patience.ts"
import type { Options, State } from "./server.ts"
import * as Session from "./session.ts"

/**
 * A server, through all that becomes of it: where it is gone, the next request has it reached again.
 *
 * - `client`: as it was at first
 * - `ask`: sends a request again only where it is certain that the server had not taken it up
 * - `list`: lists the tools anew; fails where there is no session, which it does not wait for
 */
export interface Connection {
  readonly client: Client
  readonly state: Stream.Stream<State>
  readonly ask: <A>(request: Session.Request<A>) => Effect.Effect<A, Reason>
  readonly list: Effect.Effect<Session.Listed, Reason>
}

/** Connects, and stays connected until the scope closes; `onChange` hears that the tools may have become others. */
export const open = Effect.fnUntraced(function*(
  options: Options,
  start: Session.Start,
  onChange: () => void
): Effect.fn.Return<Connection, Reason, Scope.Scope> {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const opening = Scope.provide(Session.open(options, start, onChange), scope)
  const session = yield* opening
  const lives = yield* SubscriptionRef.make<Life>({ state: "ready", session })
  const link = { lives, scope, opening: Effect.tap(patiently(opening, options), () => Effect.sync(onChange)) }
  yield* watch(link, session)
  // Comes before the end of all that is in the scope of its own, so that nothing begins anew meanwhile.
  yield* Effect.addFinalizer(() => SubscriptionRef.set(lives, { state: "closed" }))
  return {
    client: session.client,
    state: SubscriptionRef.changes(lives).pipe(
      Stream.map(({ state }) => state),
      Stream.changes,
      Stream.takeUntil((state) => state === "closed")
    ),
    ask: (request) => ask(link, request),
    list: Effect.flatMap(
      SubscriptionRef.get(lives),
      (life) => life.state === "ready" ? life.session.list : Effect.fail(new Closed({ sent: false }))
    )
  }
})

/** How a connection is; all that becomes of it is a change from one of these to another. */
type Life =
  | { readonly state: "ready" | "lost"; readonly session: Session.Session }
  | { readonly state: "reconnecting"; readonly coming: Coming }
  | { readonly state: "closed" }

/** A session that all who wait for one share. */
type Coming = Deferred.Deferred<Session.Session, Reason>

interface Link {
  readonly lives: SubscriptionRef.SubscriptionRef<Life>
  readonly scope: Scope.Scope
  readonly opening: Effect.Effect<Session.Session, Reason>
}

/** How often a request is sent that the server never takes up. */
const most = 3

const ask = Effect.fnUntraced(function*<A>(link: Link, request: Session.Request<A>): Effect.fn.Return<A, Reason> {
  for (let sent = 1;; sent++) {
    const session = yield* present(link)
    const end = yield* Effect.result(session.ask(request))
    if (Result.isSuccess(end)) return end.success
    const { isUnheard, reason } = end.failure
    if (isUnheard) yield* lose(link, session)
    if (!isUnheard || sent === most) return yield* reason
  }
})

/** The session that there is; where there is none, the one that all wait for together. */
const present = (link: Link): Effect.Effect<Session.Session, Reason> =>
  Effect.suspend(() => {
    const life = SubscriptionRef.getUnsafe(link.lives)
    switch (life.state) {
      case "ready":
        return Effect.succeed(life.session)
      case "lost":
        return Effect.andThen(reconnect(link, life.session), present(link))
      case "reconnecting":
        return Deferred.await(life.coming)
      case "closed":
        return Effect.fail(new Closed({ sent: false }))
    }
  })

/** A session that is lost is so for all of its requests, and once. */
const lose = ({ lives }: Link, session: Session.Session): Effect.Effect<void> =>
  SubscriptionRef.update(
    lives,
    (life): Life => life.state === "ready" && life.session === session ? { state: "lost", session } : life
  )

/** Has the server reached again, once for all who ask for it at the same time; none of them can interrupt it. */
const reconnect = (link: Link, lost: Session.Session): Effect.Effect<void> => {
  const { lives, opening, scope } = link
  const coming: Coming = Deferred.makeUnsafe()
  const reconnecting: Life = { state: "reconnecting", coming }
  const become = (life: Life) => SubscriptionRef.update(lives, (now) => now === reconnecting ? life : now)
  const trying = Effect.andThen(lost.leave, opening).pipe(
    Effect.tap((session) => Effect.andThen(become({ state: "ready", session }), watch(link, session))),
    Effect.onError(() => become({ state: "lost", session: lost })),
    Effect.onInterrupt(() => Deferred.fail(coming, new Closed({ sent: false }))),
    Deferred.into(coming)
  )
  return Effect.uninterruptible(Effect.gen(function*() {
    const isFirst = yield* SubscriptionRef.modify(
      lives,
      (life): readonly [boolean, Life] =>
        life.state === "lost" && life.session === lost ? [true, reconnecting] : [false, life]
    )
    if (isFirst) yield* Effect.forkIn(Effect.interruptible(trying), scope)
  }))
}

/** Notices that a session has ended before the next request. */
const watch = (link: Link, session: Session.Session) =>
  Effect.forkIn(Effect.andThen(Deferred.await(session.gone), lose(link, session)), link.scope)
