/** Small statistics on samples. */

/** The value below which a part of the samples lies, between neighbours where it has to be. */
export const quantile = (samples: ReadonlyArray<number>, part: number): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  const place = (sorted.length - 1) * part
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? low
  return low + (high - low) * (place - Math.floor(place))
}

export const median = (samples: ReadonlyArray<number>): number => quantile(samples, 0.5)

/** A figure of several rounds: their median, their quartiles as a part of it, and the least. */
export interface Figure {
  readonly median: number
  readonly spread: number
  readonly least: number
}

/** Sums rounds up; the spread is half of the distance between the quartiles, as a part of the median. */
export const figure = (samples: ReadonlyArray<number>): Figure => {
  const middle = median(samples)
  return {
    median: middle,
    spread: (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2 / Math.abs(middle),
    least: Math.min(...samples)
  }
}

/** What one more call costs, in microseconds: a turn of many less a turn of one, in milliseconds both, by the calls between. */
export const perCall = (millis: number, millisOfOne: number, size: number): number =>
  size === 1 ? millis * 1000 : ((millis - millisOfOne) * 1000) / (size - 1)

/**
 * Whether a figure has changed, given how both spread; the ratio where it has.
 *
 * - less than a tenth is noise, whatever the spreads say
 */
export const change = (before: Figure, now: Figure): number | undefined => {
  const ratio = now.median / before.median
  const noise = Math.max(0.1, 3 * Math.hypot(before.spread, now.spread))
  return Math.abs(Math.log(ratio)) > Math.log1p(noise) ? ratio : undefined
}
