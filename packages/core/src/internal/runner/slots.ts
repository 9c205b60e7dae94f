/** A number of calls that may run at once, under a key. */
export interface Slot {
  readonly key: string
  readonly limit: number
}

/** Counts the calls that run, by key; tells those who wait when one has ended. */
export class Slots {
  readonly #taken = new Map<string, number>()
  readonly #listeners = new Set<() => void>()

  /** Takes all of them, or none where one has no room. */
  take(slots: ReadonlyArray<Slot>): boolean {
    if (slots.some(({ key, limit }) => (this.#taken.get(key) ?? 0) >= limit)) return false
    for (const { key } of slots) this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1)
    return true
  }

  give(slots: ReadonlyArray<Slot>): void {
    for (const { key } of slots) {
      const left = (this.#taken.get(key) ?? 1) - 1
      if (left === 0) this.#taken.delete(key)
      else this.#taken.set(key, left)
    }
    for (const listener of this.#listeners) listener()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
