/**
 * Lengths of time, in steps.
 *
 * No two instants meet by chance: every length has a number of its own in it, so that sums of some tell which they are.
 */

/** Milliseconds. */
export const step = 2 ** 16

/** A number of milliseconds below a step that nothing else has. */
export const own = (number: number): number => 1 + (number * 25_717 + 9_137) % 65_521

export const millis = (steps: number, number: number): number => steps * step + own(number)

/** Numbers that no call has. */
export const numbers = {
  timeout: 9_001,
  deadline: 9_002,
  retry: 9_003,
  listener: 9_004,
  later: 9_005,
  brisk: 9_006
} as const
