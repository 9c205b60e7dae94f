import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { isOver } from "../exit.ts"
import { Fifo } from "../fifo.ts"
import { guarded } from "../guarded.ts"
import type { CallEvent } from "./events.ts"
import type { Options } from "./options.ts"

/** Something else that is told in its turn; `over` is called when it is told, or never will be. */
interface InTurn {
  readonly telling: Effect.Effect<void>
  readonly over: () => void
}

type OnCall = (event: CallEvent) => Effect.Effect<void>

type Fork = (effect: Effect.Effect<void>) => Fiber.Fiber<void>

/** Tells listeners what happens: each gets one event after the other, and no call waits for that. */
export interface Teller {
  readonly isIdle: boolean
  readonly tell: (event: CallEvent) => void
  /**
   * Tells a listener something else in its turn, behind all that there is, and waits until it is told or the telling is
   * stopped; one that is told nothing here gets it at once.
   */
  readonly tellInTurn: (listener: OnCall, telling: Effect.Effect<void>) => Effect.Effect<void>
  /** Begins to tell what there is, unless that is under way. */
  readonly begin: () => void
  /** Tells no more; gives what is still at it. */
  readonly stop: () => ReadonlyArray<Fiber.Fiber<void>>
}

/** Makes what tells a listener, or several; `told` is called when all is told that there was. */
export const tellerOf = (onCall: OnCall, fork: Fork, told: () => void): Teller =>
  isBoth(onCall) ? new Several(onCall[parts], fork, told) : new One(onCall, fork, told)

/** Several listeners, none of which waits for another: who is slow has a queue of its own. */
class Several implements Teller {
  readonly #tellers: ReadonlyArray<Teller>
  readonly #events = new Fifo<CallEvent>()

  constructor(listeners: ReadonlyArray<OnCall>, fork: Fork, told: () => void) {
    this.#tellers = listeners.map((one) => new One(one, fork, told))
  }

  get isIdle(): boolean {
    return this.#events.size === 0 && this.#tellers.every(({ isIdle }) => isIdle)
  }

  tell(event: CallEvent): void {
    this.#events.push(event)
  }

  tellInTurn(listener: OnCall, telling: Effect.Effect<void>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.begin()
      return this.#tellers.reduceRight((rest, teller) => teller.tellInTurn(listener, rest), telling)
    })
  }

  /** One event after the other, so that each is told to all who listen before the next is told to any. */
  begin(): void {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      for (const teller of this.#tellers) teller.tell(event)
      for (const teller of this.#tellers) teller.begin()
    }
  }

  stop(): ReadonlyArray<Fiber.Fiber<void>> {
    return this.#tellers.flatMap((teller) => teller.stop())
  }
}

class One implements Teller {
  readonly #onCall: OnCall
  readonly #fork: Fork
  readonly #told: () => void
  readonly #events = new Fifo<CallEvent | InTurn>()
  #telling: Fiber.Fiber<void> | undefined
  #isTelling = false

  constructor(onCall: OnCall, fork: Fork, told: () => void) {
    this.#onCall = onCall
    this.#fork = fork
    this.#told = told
  }

  get isIdle(): boolean {
    return !this.#isTelling && this.#events.size === 0
  }

  tell(event: CallEvent): void {
    this.#events.push(event)
  }

  tellInTurn(listener: OnCall, telling: Effect.Effect<void>): Effect.Effect<void> {
    return listener !== this.#onCall ? telling : Effect.callback((resume) => {
      this.#events.push({ telling, over: () => resume(Effect.void) })
      this.begin()
    })
  }

  /** A fiber is there only for what takes one, and ends early at what is no effect. */
  begin(): void {
    if (this.isIdle || this.#isTelling) return
    this.#isTelling = true
    const rest = this.#tellNow()
    if (rest === undefined) return this.#end()
    const fiber = this.#fork(Effect.flatMap(rest, () => this.#tellAll))
    this.#telling = fiber
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit) && !Cause.hasInterrupts(exit.cause)) this.#fork(crashed(exit.cause))
      this.#end()
    })
  }

  stop(): ReadonlyArray<Fiber.Fiber<void>> {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) if ("over" in event) event.over()
    this.#telling?.interruptUnsafe()
    return this.#telling === undefined ? [] : [this.#telling]
  }

  /** Tells as long as that takes no fiber; gives what does. */
  #tellNow(): Effect.Effect<void> | undefined {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      const telling = this.#safely(event)
      if (!isOver(telling)) return telling
    }
    return undefined
  }

  readonly #tellAll: Effect.Effect<void> = Effect.whileLoop({
    while: () => this.#events.size > 0,
    body: () => this.#tellNow() ?? Effect.void,
    step: () => undefined
  })

  #end(): void {
    this.#isTelling = false
    this.#telling = undefined
    if (this.#events.size === 0) this.#told()
    else this.begin()
  }

  /** A listener cannot harm the calls. */
  #safely(event: CallEvent | InTurn): Effect.Effect<void> {
    const telling = "over" in event
      ? Effect.ensuring(event.telling, Effect.sync(event.over))
      : guarded(() => this.#onCall(event))
    return uncrashed(telling)
  }
}

/**
 * Makes one `onCall` of two; either may be left out. Both get every event, the first one before the other.
 *
 * - neither waits for the other: if one is slow or hangs, the other gets its events all the same
 * - if one crashes, that is logged
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Console, Effect } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const onCall = Batch.both(({ _tag }) => Console.log("one:", _tag), ({ _tag }) => Console.log("other:", _tag))
 * const call = ToolCall.make({ id: "call_1", name: "ping" })
 * await Effect.runPromise(Batch.run(Toolkit.make(ping), [call], { onCall }))
 * // => one: CallStarted
 * // => other: CallStarted
 * // => one: CallSettled
 * // => other: CallSettled
 * ```
 */
export const both = (one: Options["onCall"], other: Options["onCall"]): Options["onCall"] => {
  if (one === undefined || other === undefined) return one ?? other
  const inTurn: OnCall = (event) =>
    Effect.andThen(uncrashed(guarded(() => one(event))), Effect.suspend(() => other(event)))
  return Object.assign(inTurn, { [parts]: [one, other].flatMap((onCall) => isBoth(onCall) ? onCall[parts] : [onCall]) })
}

/** A runner tells each of those of which one `onCall` was made for itself. */
const parts: unique symbol = Symbol("@volley/core/Batch/both")

interface Both extends OnCall {
  readonly [parts]: ReadonlyArray<OnCall>
}

const isBoth = (onCall: OnCall): onCall is Both => parts in onCall

/** A listener that crashes is logged, and harms nothing else. */
const uncrashed = (telling: Effect.Effect<void>): Effect.Effect<void> =>
  isOver(telling) && Exit.isSuccess(telling) ? telling : Effect.catchCause(telling, crashed)

const crashed = (cause: Cause.Cause<unknown>): Effect.Effect<void> => Effect.logError("`onCall` crashed", cause)
