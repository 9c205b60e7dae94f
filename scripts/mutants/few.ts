import type { CheckOptions } from "effect/Arbitrary"

/** Few cases of a property, and the same ones each time: a mutant that is killed once is killed always. */
export const few = (options: CheckOptions = {}): CheckOptions => ({
  ...options,
  seed: 1,
  runs: Math.min(10, options.runs ?? 100)
})
