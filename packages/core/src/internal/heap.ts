/** Has at its top what comes before all others that are in it. */
export class Heap<A> {
  readonly #before: (a: A, b: A) => boolean
  readonly #items: Array<A> = []

  constructor(before: (a: A, b: A) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): A | undefined {
    return this.#items[0]
  }

  push(item: A): void {
    const items = this.#items
    let at = items.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#before(item, items[above]!)) break
      items[at] = items[above]!
      at = above
    }
    items[at] = item
  }

  /** Takes out what is at its top. */
  pop(): void {
    const items = this.#items
    const last = items.pop()
    if (last !== undefined && items.length > 0) this.#sink(last, 0)
  }

  /** Forgets what does not pass; in place, since what is left of a list in V8's old generation keeps alive what was in it. */
  keep(passes: (item: A) => boolean): void {
    const items = this.#items
    let size = 0
    for (const item of items) if (passes(item)) items[size++] = item
    items.length = size
    for (let at = (size >> 1) - 1; at >= 0; at--) this.#sink(items[at]!, at)
  }

  #sink(item: A, from: number): void {
    const items = this.#items
    let at = from
    for (let below = 2 * at + 1; below < items.length; below = 2 * at + 1) {
      const other = below + 1
      if (other < items.length && this.#before(items[other]!, items[below]!)) below = other
      if (!this.#before(items[below]!, item)) break
      items[at] = items[below]!
      at = below
    }
    items[at] = item
  }
}
