import { Heap } from "../heap.ts"

/** What can wait in line: for which run, and before which others of that run; in which line, if it still waits. */
export interface Waiting<in A> {
  readonly run: object
  readonly line: object | undefined
  readonly isBefore: (other: A) => boolean
}

/** Those of a run that wait in a line, by call order; `count` are those that have not left it. */
class Waiters<A extends Waiting<A>> extends Heap<A> {
  count = 0

  constructor() {
    super((a, b) => a.isBefore(b))
  }
}

/**
 * A line that goes round between the runs that wait in it; within each, call order counts.
 *
 * - `borrowers`: of those, the runs that may start where there is no room for others
 */
export class Line<A extends Waiting<A>> {
  readonly #runs = new Map<object, Waiters<A>>()
  #borrowers: Map<object, Waiters<A>> | undefined
  #served: object | undefined

  get isEmpty(): boolean {
    return this.first() === undefined
  }

  push(waiting: A, mayBorrow: boolean): void {
    const { run } = waiting
    let waiters = this.#runs.get(run)
    if (waiters === undefined) {
      this.#runs.set(run, waiters = new Waiters<A>())
      if (mayBorrow) (this.#borrowers ??= new Map()).set(run, waiters)
    }
    waiters.count += 1
    waiters.push(waiting)
  }

  /** One of a run has left the line; a run of which none is left there is kept in mind no longer. */
  left(run: object): void {
    const waiters = this.#runs.get(run)
    if (waiters === undefined) return
    waiters.count -= 1
    if (waiters.count === 0) this.#drop(run)
  }

  /** Whose turn it is of those that can take it; the run that had the last turn comes after all others. */
  first(can: (waiting: A) => boolean = () => true): A | undefined {
    return this.#firstOf(this.#runs, can)
  }

  /** The same among those that may start where there is no room. */
  firstOfBorrowers(can: (waiting: A) => boolean): A | undefined {
    return this.#borrowers && this.#firstOf(this.#borrowers, can)
  }

  /** A run had a turn, in this line or past it. */
  took(run: object): void {
    this.#served = run
    const waiters = this.#runs.get(run)
    if (waiters === undefined) return
    this.#runs.delete(run)
    this.#runs.set(run, waiters)
    if (this.#borrowers?.delete(run)) this.#borrowers.set(run, waiters)
  }

  /** Keeps a run in mind no longer that is over. */
  forget(run: object): void {
    if (this.#served === run) this.#served = undefined
    this.#drop(run)
  }

  #firstOf(runs: Map<object, Waiters<A>>, can: (waiting: A) => boolean): A | undefined {
    let last: A | undefined
    for (const [run, waiters] of runs) {
      const first = this.#next(waiters)
      if (first === undefined) this.#drop(run)
      else if (run === this.#served) last = first
      else if (can(first)) return first
    }
    return last !== undefined && can(last) ? last : undefined
  }

  #drop(run: object): void {
    this.#runs.delete(run)
    this.#borrowers?.delete(run)
  }

  /** Those that wait no more are forgotten. */
  #next(waiters: Heap<A>): A | undefined {
    for (let first = waiters.peek(); first !== undefined && first.line !== this; first = waiters.peek()) waiters.pop()
    return waiters.peek()
  }
}
