/** The shapes of runs whose calls are compared with those of a plain batch of as many calls. */

/**
 * A shape.
 *
 * - `atOnce`: how many of its calls are at work at the same time where nothing limits them; seen to before it is timed
 */
export interface About {
  readonly title: string
  readonly atOnce: "one" | "all"
}

export const shapes = {
  accesses: { title: "accesses on distinct keys", atOnce: "all" },
  writes: { title: "writes of one key", atOnce: "one" },
  exclusive: { title: "exclusive calls", atOnce: "one" },
  reads: { title: "reads of one key", atOnce: "all" },
  limited: { title: "`Limits.concurrency(1)`", atOnce: "one" },
  distinct: { title: "coalesced, distinct", atOnce: "all" },
  equal: { title: "coalesced, equal", atOnce: "one" },
  batches: { title: "ten batches on one `Batch.make`", atOnce: "all" },
  shared: { title: "a batch on `Batch.make`", atOnce: "all" },
  told: { title: "`onCall`", atOnce: "all" },
  retried: { title: "a retry schedule", atOnce: "all" },
  ordered: { title: "`undeclared: \"ordered\"`", atOnce: "one" },
  chain: { title: "a pipeline, a chain", atOnce: "one" },
  wide: { title: "a pipeline, side by side", atOnce: "all" },
  nested: { title: "100 calls that run batches", atOnce: "all" },
  failing: { title: "a typed failure", atOnce: "all" },
  zod: { title: "schemas of zod", atOnce: "all" },
  arriving: { title: "`dispatch`, in reverse", atOnce: "all" }
} as const satisfies Record<string, About>

export type Shape = keyof typeof shapes

export const names = Object.keys(shapes) as ReadonlyArray<Shape>

export const isShape = (name: string): name is Shape => names.some((one) => one === name)
