/** First in, first out, at a cost that does not depend on how many wait. */
export class Fifo<A> {
  #items: Array<A> = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: A): void {
    this.#items.push(item)
  }

  /** The item that stands so many places behind the first. */
  peek(behind = 0): A | undefined {
    return this.#items[this.#head + behind]
  }

  shift(): A | undefined {
    const first = this.#items[this.#head++]
    if (this.#head >= this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return first
  }
}
