import * as Stream from "effect/Stream"
import type { ToolCall } from "../../ToolCall.ts"
import { Heap } from "../heap.ts"
import { isCall } from "../refusals.ts"

/** Calls that came too early, by index and then as they came. */
class Held {
  readonly #calls = new Heap<{ readonly call: ToolCall; readonly came: number }>((a, b) =>
    a.call.index < b.call.index || (a.call.index === b.call.index && a.came < b.came)
  )
  #came = 0
  #next = 0

  /** Takes one more; gives those that may go. */
  next(call: ToolCall): ReadonlyArray<ToolCall> {
    this.#calls.push({ call, came: this.#came++ })
    return this.#take((index) => index <= this.#next)
  }

  rest(): ReadonlyArray<ToolCall> {
    return this.#take(() => true)
  }

  #take(mayGo: (index: number) => boolean): ReadonlyArray<ToolCall> {
    const going: Array<ToolCall> = []
    for (let first = this.#calls.peek(); first && mayGo(first.call.index); first = this.#calls.peek()) {
      this.#calls.pop()
      this.#next = Math.max(this.#next, first.call.index + 1)
      going.push(first.call)
    }
    return going
  }
}

/**
 * Puts calls that arrive in any order into call order.
 *
 * - a call is held back until those of a lower index have come; what is held back at the end comes then
 * - what is no call comes at once, for who takes them to refuse it
 */
export const inCallOrder = <E, R>(calls: Stream.Stream<ToolCall, E, R>): Stream.Stream<ToolCall, E, R> =>
  Stream.mapAccum(
    calls,
    () => new Held(),
    (held, call) => [held, isCall(call) ? held.next(call) : [call]] as const,
    { onHalt: (held) => held.rest() }
  )
