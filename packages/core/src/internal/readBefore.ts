/** Arguments that came as text, and the value that a codec made of them. */
export interface Read {
  readonly text: string
  readonly value: unknown
}

/** By the calls of a turn, which are kept as long as anyone has them. */
const reads = new WeakMap<object, ReadonlyArray<Read | undefined>>()

/** Keeps what was read of the arguments of a turn's calls, one by one. */
export const keep = (calls: object, read: ReadonlyArray<Read | undefined>): void => {
  reads.set(calls, read)
}

/** Gives it to the first batch that is made of them: a tool may change what it is given, so no two share a value. */
export const take = (calls: object): ReadonlyArray<Read | undefined> => {
  const read = reads.get(calls)
  reads.delete(calls)
  return read ?? nothing
}

const nothing: ReadonlyArray<never> = []
