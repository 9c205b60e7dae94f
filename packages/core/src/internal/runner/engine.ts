import type { RateLimiter } from "effect/persistence/RateLimiter"
import { Fifo } from "../fifo.ts"
import type { Waiting } from "./line.ts"
import type { Order } from "./order.ts"
import { type Rate, Rates } from "./rates.ts"
import { type Gate, Room } from "./room.ts"

/** The room that all runs of one runner have together, and the order of what their calls touch. */
export interface Shared<in out J extends Waiting<J>, R> {
  readonly engine: Engine<J, R>
  readonly gate: Gate<J>
  readonly order: Order
}

/** A run that has events to give, and gives them once it has begun. */
interface Telling {
  readonly begin: () => void
}

/**
 * One queue and one loop for the runs that share limits: whatever happens is put into the queue, and the loop alone acts. So
 * nothing recurses, and nothing acts while something else does.
 *
 * - `looked`: the lines in which a call may find room now; `wanting`: the runs that may admit more
 * - `turns`: how many jobs were started
 * - `working`: how many jobs run that wait for no run inside them; `lenders` are the others; `nested` are jobs of inner runs
 *   that wait for room
 */
export class Engine<in out J extends Waiting<J>, in out R> {
  readonly room = new Room<J>()
  readonly rates = new Rates<J>()
  readonly limiter: RateLimiter | undefined
  readonly looked = new Set<Gate<J> | Rate<J>>()
  readonly wanting = new Set<R>()
  readonly lenders = new Set<J>()
  readonly nested = new Set<J>()
  working = 0
  turns = 0
  readonly #start: (engine: Engine<J, R>) => boolean
  readonly #queue = new Fifo<() => void>()
  readonly #telling = new Fifo<Telling>()
  readonly #idle: Array<() => void> = []
  #isDraining = false

  /** - `start`: starts or admits one more job, and says whether there was one; asked when nothing else is left to do */
  constructor(start: (engine: Engine<J, R>) => boolean, limiter?: RateLimiter) {
    this.#start = start
    this.limiter = limiter
  }

  /** Has something done once all that was put here before is done. */
  post(task: () => void): void {
    if (this.#isDraining) this.#queue.push(task)
    else this.#drain(task)
  }

  /** Has something told before anything else starts. */
  tells(teller: Telling): void {
    if (this.#telling.last !== teller) this.#telling.push(teller)
  }

  /** Has what is to be told be told now, though nothing else happens. */
  wake(): void {
    if (!this.#isDraining) this.#drain()
  }

  /** True where nothing else is left to do but to start and to admit. */
  get isQuiet(): boolean {
    return this.#queue.size === 0 && this.#telling.size === 0
  }

  /** Has something done once nothing more can start. */
  whenIdle(task: () => void): void {
    this.#idle.push(task)
  }

  /** Has a line looked at: a call in it may find room now. */
  look(line: Gate<J> | Rate<J>): void {
    this.looked.add(line)
    if (!this.#isDraining) this.#drain()
  }

  #drain(first?: () => void): void {
    this.#isDraining = true
    try {
      first?.()
      do {
        for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) task()
      } while (this.#tell() || this.#start(this) || this.#rest())
    } finally {
      this.#isDraining = false
    }
  }

  /** True where that gave the loop something to do. */
  #tell(): boolean {
    if (this.#telling.size === 0) return false
    for (let teller = this.#telling.shift(); teller !== undefined; teller = this.#telling.shift()) teller.begin()
    return this.#queue.size > 0
  }

  #rest(): boolean {
    if (this.#idle.length === 0) return false
    for (const task of this.#idle.splice(0)) task()
    return !this.isQuiet
  }
}
