import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Broken } from "./broken.ts"

/** Lets a day pass, and gives what an effect came to in it. */
export const aDayOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Broken, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    if (fiber.pollUnsafe() === undefined) return yield* new Broken({ message: "The batch never ended." })
    return yield* Fiber.join(fiber)
  })
