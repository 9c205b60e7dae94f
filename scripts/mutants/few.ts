import type { CheckOptions } from "effect/Arbitrary"
import { pass } from "./pass.ts"

const { cases } = pass()

/** Few cases of a property, and the same ones each time: a mutant that is killed once is killed always. */
export const few = (options: CheckOptions = {}): CheckOptions => ({
  ...options,
  seed: 1,
  // Nobody reads which case it was.
  maxShrinks: 0,
  runs: Math.min(cases, options.runs ?? 100)
})
