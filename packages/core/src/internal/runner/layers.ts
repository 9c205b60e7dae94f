import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { Provided } from "../tool/any.ts"

type Built = Exit.Exit<Context.Context<unknown>>

/** The layers that tools of a run were provided with, each built once, when the first call needs it. */
export class Layers {
  readonly #fork: <A, E>(effect: Effect.Effect<A, E, unknown>) => Fiber.Fiber<A, E>
  readonly #built = new Map<Provided, Built | Array<(built: Built) => void>>()
  readonly #building = new Set<Fiber.Fiber<Context.Context<unknown>>>()
  #scope: Scope.Closeable | undefined
  #closing: Fiber.Fiber<void> | undefined

  constructor(fork: <A, E>(effect: Effect.Effect<A, E, unknown>) => Fiber.Fiber<A, E>) {
    this.#fork = fork
  }

  /** Adds to a context what tools were provided with, innermost first; at once where all of it is built. */
  provide(provided: ReadonlyArray<Provided>, base: Context.Context<unknown>, use: (built: Built) => void): void {
    const step = (index: number, context: Context.Context<unknown>): void => {
      const one = provided[index]
      if (one === undefined) return use(Exit.succeed(context))
      this.#get(
        one,
        context,
        (built) => Exit.isSuccess(built) ? step(index - 1, Context.merge(context, built.value)) : use(built)
      )
    }
    step(provided.length - 1, base)
  }

  /** True where some are under way that do not stop at once. */
  get isBuilding(): boolean {
    return this.#building.size > 0
  }

  /**
   * Stops those that are under way, gives all back once they have stopped, and waits for that; nothing where none was built.
   *
   * - may be asked for twice: in Effect 4.1.0, to close a scope that is being closed does not wait for that
   */
  close(): Effect.Effect<void> | undefined {
    const scope = this.#scope
    if (scope === undefined) return undefined
    for (const fiber of this.#building) fiber.interruptUnsafe()
    this.#closing ??= this.#fork(
      Effect.andThen(
        Fiber.awaitAll(Array.from(this.#building)),
        Effect.catchCause(Scope.close(scope, Exit.void), crashed)
      )
    )
    return Effect.asVoid(Fiber.await(this.#closing))
  }

  #get(one: Provided, context: Context.Context<unknown>, use: (built: Built) => void): void {
    const known = this.#built.get(one)
    if (Array.isArray(known)) return void known.push(use)
    if (known !== undefined) return use(known)
    const waiting = [use]
    this.#built.set(one, waiting)
    const scope = this.#scope ??= Scope.makeUnsafe()
    // A run has its own: what one builds from the services around it is not what another would.
    const build = Effect.suspend(() => Layer.buildWithMemoMap(one.layer, Layer.makeMemoMapUnsafe(), scope))
    const fiber = this.#fork(Effect.provideContext(build, context))
    this.#building.add(fiber)
    fiber.addObserver((exit) => {
      this.#building.delete(fiber)
      const built = Exit.isSuccess(exit)
        ? Exit.succeed(exit.value)
        : Exit.failCause(Cause.die(Cause.squash(exit.cause)))
      this.#built.set(one, built)
      for (const then of waiting) then(built)
    })
  }
}

/** No call has part in that any more: it is for the host alone. */
const crashed = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Effect.logError("A layer of a tool crashed when it was given back", cause)
