import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AgentError } from "../../AgentError.ts"
import { AgentWatcher, type Watch } from "../../AgentWatcher.ts"
import type { ChatModelError } from "../../ChatModelError.ts"
import type * as Tool from "../../Tool.ts"
import { apart, guarded } from "../guarded.ts"
import type { Outer, Tell } from "./agent.ts"
import type { Ended } from "./event.ts"

/** What watches an agent; an agent inside of another one is seen by what watches that. */
export const watchOf = (outer: Outer | undefined): Effect.Effect<Watch | undefined> =>
  outer === undefined
    ? Effect.flatMap(AgentWatcher, (watcher) => watcher === undefined ? Effect.undefined : begins(watcher))
    : Effect.undefined

/** A watcher that crashes before it watches sees nothing. */
const begins = ({ watch }: AgentWatcher): Effect.Effect<Watch | undefined> =>
  Effect.catchCause(apart(guarded(() => watch)), (cause) => Effect.as(crashed(cause), undefined))

/** Both are told, the watcher first; undefined where there is neither. */
export const toldTo = (watch: Watch | undefined, listener: Tell | undefined): Tell | undefined => {
  if (watch === undefined) return listener
  const tell: Tell = (event) => safely(() => watch.tell(event))
  return listener === undefined ? tell : (event) => Effect.andThen(tell(event), listener(event))
}

/** Has the watcher see how an agent ends. */
export const watched = <R>(
  watch: Watch,
  ending: Effect.Effect<Ended<Tool.Any, unknown>, AgentError | ChatModelError, R>,
  now: () => number
): Effect.Effect<Ended<Tool.Any, unknown>, AgentError | ChatModelError, R> =>
  Effect.onExit(ending, (exit) => {
    const at = now()
    const last = Exit.isSuccess(exit)
      ? safely(() => watch.tell({ _tag: "Answer", at, ended: exit.value }))
      : Effect.void
    return Effect.andThen(last, safely(() => watch.end(exit, at)))
  })

/** Has the watcher see that an agent never began. */
export const begun = <A>(
  watch: Watch | undefined,
  agent: Effect.Effect<A, never, unknown>
): Effect.Effect<A, never, unknown> =>
  watch === undefined ?
    agent :
    Effect.onError(agent, (cause) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => safely(() => watch.end(Exit.failCause(cause), at))))

/** A watcher cannot harm an agent. */
const safely = (see: () => Effect.Effect<void>): Effect.Effect<void> => Effect.catchCause(apart(guarded(see)), crashed)

const crashed = (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.logError("A watcher of agents crashed", cause)
