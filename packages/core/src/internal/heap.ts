import { Fifo } from "./fifo.ts"

/**
 * Has at its top what comes before all others that are in it.
 *
 * - what is put in by its order, as most is, waits in a queue, at a cost that does not depend on how much waits; the rest is a
 *   binary heap
 */
export class Heap<A> {
  readonly #before: (a: A, b: A) => boolean
  readonly #inOrder = new Fifo<A>()
  readonly #others: Array<A> = []

  constructor(before: (a: A, b: A) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#inOrder.size + this.#others.length
  }

  peek(): A | undefined {
    return this.#isOther() ? this.#others[0] : this.#inOrder.peek()
  }

  push(item: A): void {
    const last = this.#inOrder.last
    if (last === undefined || !this.#before(item, last)) this.#inOrder.push(item)
    else this.#rise(item)
  }

  /** Takes out what is at its top. */
  pop(): void {
    if (!this.#isOther()) return void this.#inOrder.shift()
    const others = this.#others
    const last = others.pop()!
    if (others.length > 0) this.#sink(last, 0)
  }

  /** Forgets what does not pass; in place, since what is left of a list in V8's old generation keeps alive what was in it. */
  keep(passes: (item: A) => boolean): void {
    this.#inOrder.keep(passes)
    const others = this.#others
    let size = 0
    for (const item of others) if (passes(item)) others[size++] = item
    others.length = size
    for (let at = (size >> 1) - 1; at >= 0; at--) this.#sink(others[at]!, at)
  }

  /** True where the first is one of those that were not put in by their order. */
  #isOther(): boolean {
    if (this.#others.length === 0) return false
    const first = this.#inOrder.peek()
    return first === undefined || this.#before(this.#others[0]!, first)
  }

  #rise(item: A): void {
    const others = this.#others
    let at = others.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#before(item, others[above]!)) break
      others[at] = others[above]!
      at = above
    }
    others[at] = item
  }

  #sink(item: A, from: number): void {
    const others = this.#others
    let at = from
    for (let below = 2 * at + 1; below < others.length; below = 2 * at + 1) {
      const other = below + 1
      if (other < others.length && this.#before(others[other]!, others[below]!)) below = other
      if (!this.#before(others[below]!, item)) break
      others[at] = others[below]!
      at = below
    }
    others[at] = item
  }
}
