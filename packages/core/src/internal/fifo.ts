/** First in, first out, at a cost that does not depend on how many wait; its memory is used again. */
export class Fifo<A> {
  #items: Array<A | undefined> = []
  #head = 0
  #tail = 0

  get size(): number {
    return this.#tail - this.#head
  }

  /** The item that came last. */
  get last(): A | undefined {
    return this.size === 0 ? undefined : this.#items[this.#tail - 1]
  }

  push(item: A): void {
    this.#items[this.#tail++] = item
  }

  /** The item that stands so many places behind the first. */
  peek(behind = 0): A | undefined {
    return this.#items[this.#head + behind]
  }

  shift(): A | undefined {
    if (this.#head === this.#tail) return undefined
    const first = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#tail) this.#head = this.#tail = 0
    else if (this.#head * 2 > this.#tail + 2048) this.#compact()
    return first
  }

  /** Forgets what does not pass, in place. */
  keep(passes: (item: A) => boolean): void {
    let tail = 0
    for (let at = this.#head; at < this.#tail; at++) {
      const item = this.#items[at]!
      if (passes(item)) this.#items[tail++] = item
    }
    this.#items.length = tail
    this.#head = 0
    this.#tail = tail
  }

  /** So much at the front is empty that it costs less to move the rest. */
  #compact(): void {
    this.#items = this.#items.slice(this.#head, this.#tail)
    this.#tail -= this.#head
    this.#head = 0
  }
}
