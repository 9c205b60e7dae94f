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
