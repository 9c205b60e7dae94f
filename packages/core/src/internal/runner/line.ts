import { Heap } from "../heap.ts"

/** What can wait in line: for which run, and before which others of that run; in which line, if it still waits. */
export interface Waiting<in A> {
  readonly run: object
  readonly line: object | undefined
  readonly isBefore: (other: A) => boolean
}

/** A line that goes round between the runs that wait in it; within each, call order counts. */
export class Line<A extends Waiting<A>> {
  readonly #runs = new Map<object, Heap<A>>()
  #served: object | undefined

  get isEmpty(): boolean {
    return this.first() === undefined
  }

  push(waiting: A): void {
    const heap = this.#runs.get(waiting.run) ?? new Heap<A>((a, b) => a.isBefore(b))
    this.#runs.set(waiting.run, heap)
    heap.push(waiting)
  }

  /** Whose turn it is of those that can take it; the run that had the last turn comes after all others. */
  first(can: (waiting: A) => boolean = () => true): A | undefined {
    let last: A | undefined
    for (const [run, heap] of this.#runs) {
      const first = this.#firstOf(heap)
      if (first === undefined) this.#runs.delete(run)
      else if (run === this.#served) last = first
      else if (can(first)) return first
    }
    return last !== undefined && can(last) ? last : undefined
  }

  /** A run had a turn, in this line or past it. */
  took(run: object): void {
    this.#served = run
    const heap = this.#runs.get(run)
    if (heap !== undefined && this.#runs.delete(run)) this.#runs.set(run, heap)
  }

  /** Keeps a run in mind no longer that is over. */
  forget(run: object): void {
    if (this.#served === run) this.#served = undefined
    this.#runs.delete(run)
  }

  /** Those that wait no more are forgotten. */
  #firstOf(heap: Heap<A>): A | undefined {
    for (let first = heap.peek(); first !== undefined && first.line !== this; first = heap.peek()) heap.pop()
    return heap.peek()
  }
}
