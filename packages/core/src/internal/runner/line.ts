import { Heap } from "./heap.ts"

/** What can wait in line: for which run, and before which others of that run; in which line, if it still waits. */
export interface Waiting<in A> {
  readonly run: object
  readonly line: object | undefined
  readonly isBefore: (other: A) => boolean
}

/** A line that goes round between the runs that wait in it; within each, call order counts. */
export class Line<A extends Waiting<A>> {
  readonly #runs = new Map<object, Heap<A>>()
  /** The run that had its turn when it was the only one: those that come later go before it. */
  #served: object | undefined

  get isEmpty(): boolean {
    return this.peek() === undefined
  }

  /** How many runs wait. */
  get runs(): number {
    return this.#runs.size
  }

  push(waiting: A): void {
    const heap = this.#runs.get(waiting.run) ?? new Heap<A>((a, b) => a.isBefore(b))
    if (heap.size === 0) this.#runs.set(waiting.run, heap)
    heap.push(waiting)
  }

  /** Whose turn it is; those that wait no more are forgotten. */
  peek(): A | undefined {
    if (this.#served !== undefined && this.#runs.size > 1) {
      const heap = this.#runs.get(this.#served)
      if (heap !== undefined && this.#runs.delete(this.#served)) this.#runs.set(this.#served, heap)
      this.#served = undefined
    }
    for (const [run, heap] of this.#runs) {
      for (let first = heap.peek(); first !== undefined && first.line !== this; first = heap.peek()) heap.pop()
      if (heap.size > 0) return heap.peek()
      this.#runs.delete(run)
    }
    return undefined
  }

  /** Takes out whose turn it is, and goes on to the next run. */
  shift(): A | undefined {
    const first = this.peek()
    if (first === undefined) return undefined
    this.#runs.get(first.run)?.pop()
    this.#served = this.#runs.size === 1 ? first.run : undefined
    this.pass()
    return first
  }

  /** Goes on to the next run: whose turn it is cannot take it now. */
  pass(): void {
    for (const [run, heap] of this.#runs) {
      this.#runs.delete(run)
      if (heap.size > 0) this.#runs.set(run, heap)
      return
    }
  }
}
