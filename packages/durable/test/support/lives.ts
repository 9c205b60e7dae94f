/**
 * A life of a process, from its start to its end or its death.
 */
import type { Durable } from "@volley/durable"
import { Effect, Layer, Option, type Scope } from "effect"
import { type Fate, inTime, start, type Stored } from "./world.ts"

/** What a process came to: nothing where it died before that. */
export interface Life<A> {
  readonly ended: A | undefined
  readonly statements: number
}

/** What a process serves. */
export type Serving<E = never> = Layer.Layer<never, E, Durable.Services>

/** Has a process of its own run something, which is killed then, or dies where it is said. */
export const lifeOf = Effect.fnUntraced(function*<A, E, E2 = never>(
  stored: Stored,
  running: Effect.Effect<A, E, Durable.Services>,
  { fate, layer = Layer.empty }: { readonly fate?: Fate | undefined; readonly layer?: Serving<E2> } = {}
): Effect.fn.Return<Life<A>, E | E2, Scope.Scope> {
  const starting = start(stored, layer, fate)
  // One that dies while it starts never gets that far.
  const process = fate === undefined
    ? yield* inTime(Effect.asSome(starting))
    : yield* inTime(Effect.timeoutOption(starting, "1 second"))
  if (Option.isNone(process)) return { ended: undefined, statements: typeof fate?.at === "number" ? fate.at : 0 }
  const { context, died, kill, statements } = process.value
  const ended = yield* inTime(Effect.raceFirst(Effect.provideContext(running, context), Effect.as(died, undefined)))
  yield* kill
  return { ended, statements: statements() }
})
