/**
 * Finds out what memory still holds.
 */
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** Megabytes in use once all that nobody holds is gone. */
export const inUse = (): number => {
  collect()
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

/** Those that somebody still holds; what was just at work may hold them a moment longer. */
export const held = (refs: ReadonlyArray<WeakRef<object>>) =>
  Effect.promise(async () => {
    let left = refs
    for (let round = 0; round < 5 && left.length > 0; round++) {
      await new Promise((resolve) => setImmediate(resolve))
      collect()
      left = left.filter((ref) => ref.deref() !== undefined)
    }
    return left
  })
