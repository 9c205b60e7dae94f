import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/**
 * One of some values; shrinks towards the first.
 *
 * @example
 * ```ts
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const colour = Generate.oneOf("red", "green")
 * const drawn = await Effect.runPromise(Arbitrary.sampleEffect(colour, { count: 50, seed: 1 }))
 * console.log([...new Set(drawn)].toSorted()) // => [ 'green', 'red' ]
 * ```
 */
export const oneOf = <const A>(...values: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.map(upTo(values.length - 1), (index) => values[index]!)

/**
 * A whole number from 0 to `most`; shrinks towards 0.
 *
 * @example
 * ```ts
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const drawn = await Effect.runPromise(Arbitrary.sampleEffect(Generate.upTo(2), { count: 50, seed: 1 }))
 * console.log([...new Set(drawn)].toSorted()) // => [ 0, 1, 2 ]
 * ```
 */
export const upTo = (most: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Literals(Array.from({ length: most + 1 }, (_, n) => n)), {
    shrink: (n) => [...new Set([0, Math.floor(n / 2), n - 1])].filter((smaller) => smaller >= 0 && smaller < n)
  })

/**
 * A whole number up to `most` in so many percent of the cases, nothing in the others.
 *
 * @example
 * ```ts
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const limit = Generate.sometimes(100, 0) // in all cases, and nothing but 0
 * console.log(await Effect.runPromise(Arbitrary.sampleEffect(limit, { count: 2, seed: 1 }))) // => [ 0, 0 ]
 * ```
 */
export const sometimes = (percent: number, most: number): Arbitrary.Arbitrary<number | undefined> =>
  Arbitrary.map(Arbitrary.all([upTo(99), upTo(most)]), ([n, value]) => n >= 100 - percent ? value : undefined)
