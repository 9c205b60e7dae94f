import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** An effect that needs no running any more. */
export const isOver = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> => Exit.isExit(effect)
