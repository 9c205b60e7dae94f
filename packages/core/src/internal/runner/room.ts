import { Line, type Waiting } from "./line.ts"

/**
 * How many jobs have started and not settled under a key.
 *
 * - `gates`: one for each number that they may be; those who wait at one of them do not hold up those at another
 */
export class Pool<A extends Waiting<A>> {
  readonly key: string | undefined
  readonly gates: Array<Gate<A>> = []
  taken = 0

  constructor(key?: string) {
    this.key = key
  }

  gate(limit: number): Gate<A> {
    const known = this.gates.find((gate) => gate.limit === limit)
    if (known !== undefined) return known
    const gate = new Gate(this, limit)
    this.gates.push(gate)
    return gate
  }
}

/** Where jobs wait of which so many may run under a key. */
export class Gate<A extends Waiting<A>> {
  readonly pool: Pool<A>
  readonly limit: number
  readonly line = new Line<A>()

  constructor(pool: Pool<A>, limit: number) {
    this.pool = pool
    this.limit = limit
  }
}

/** The room that jobs have, by key. */
export class Room<A extends Waiting<A>> {
  readonly #pools = new Map<string, Pool<A>>()

  of(key: string): Pool<A> {
    const known = this.#pools.get(key)
    if (known !== undefined) return known
    const pool = new Pool<A>(key)
    this.#pools.set(key, pool)
    return pool
  }

  /** Forgets a key under which no call runs or waits. */
  drop({ gates, key, taken }: Pool<A>): void {
    if (key !== undefined && taken === 0 && gates.every(({ line }) => line.isEmpty)) this.#pools.delete(key)
  }
}
