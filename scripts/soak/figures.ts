/**
 * What a soak measures: ratios within one run, so that a slow or a busy machine changes none of them.
 */

/** One of them; more than `most` fails the soak. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly most: number
  /** The amounts that it comes of. */
  readonly seen: string
}

/** Tells how much of a soak is done, from 0 to 1. */
export type Tell = (done: number) => void

/** Does something very often, `scale` times as often as in ten minutes. */
export type Soak = (scale: number, tell: Tell) => Promise<ReadonlyArray<Figure>>

/** Heap after a forced collection and processor time, of one part of the work. */
interface Part {
  readonly heap: number
  readonly micros: number
}

/**
 * Does the same `count` times, in ten parts.
 *
 * - memory: what is held after the last part, by what is held after the second
 * - time: what the three last parts took, by what the second to the fourth took; of the processor, not of the clock
 * - handles: what keeps the process alive afterwards and did not before
 */
export const steady = async (
  { each, name, tell, total }: {
    readonly name: string
    readonly total: number
    readonly each: number
    readonly tell: Tell
  },
  work: (times: number) => Promise<unknown>
): Promise<ReadonlyArray<Figure>> => {
  const before = handles()
  const parts: Array<Part> = []
  const times = Math.max(1, Math.round(total / each / 10))
  for (let part = 1; part <= 10; part++) {
    const start = process.cpuUsage()
    await work(times)
    const { system, user } = process.cpuUsage(start)
    parts.push({ micros: system + user, heap: await held() })
    tell(part / 10)
  }
  return [...flat(`${amount(times * each * 10)} ${name}`, parts, times * each), left(before)]
}

const flat = (name: string, parts: ReadonlyArray<Part>, each: number): ReadonlyArray<Figure> => {
  const [early, late] = [
    median(parts.slice(1, 4).map(({ micros }) => micros)),
    median(parts.slice(-3).map(({ micros }) => micros))
  ]
  const [first, last] = [parts[1]!.heap, parts.at(-1)!.heap]
  return [
    { what: `${name}: memory`, value: last / first, most: 1.1, seen: `${megabytes(first)}, then ${megabytes(last)}` },
    {
      what: `${name}: time of one`,
      value: late / early,
      most: 1.5,
      seen: `${micros(early / each)}, then ${micros(late / each)}`
    }
  ]
}

/** What is left of a process's handles. */
export const left = (before: ReadonlyArray<string>): Figure => {
  const rest = [...handles()]
  for (const one of before) {
    const at = rest.indexOf(one)
    if (at >= 0) rest.splice(at, 1)
  }
  return { what: "handles left", value: rest.length, most: 0, seen: rest.length === 0 ? "none" : rest.join(", ") }
}

/** What keeps this process alive. */
export const handles = (): ReadonlyArray<string> => process.getActiveResourcesInfo()

/** Bytes of the heap that are in use once all garbage is gone. */
export const held = async (): Promise<number> => {
  for (let again = 0; again < 3; again++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export const amount = (value: number): string => value.toLocaleString("en-US")

export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

export const micros = (value: number): string =>
  value >= 1000 ? `${(value / 1000).toFixed(2)} ms` : `${value.toFixed(1)} µs`

/** Of so many, how many were otherwise than they should be; none may be. */
export const wrong = (what: string, count: number, of: number): Figure => ({
  what,
  value: count / of,
  most: 0,
  seen: `${amount(count)} of ${amount(of)}`
})
