import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** One of some values; shrinks towards the first. */
export const oneOf = <const A>(...values: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.map(upTo(values.length - 1), (index) => values[index]!)

/** A whole number from 0 to `most`; shrinks towards 0. */
export const upTo = (most: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Literals(Array.from({ length: most + 1 }, (_, n) => n)), {
    shrink: (n) => [...new Set([0, Math.floor(n / 2), n - 1])].filter((smaller) => smaller >= 0 && smaller < n)
  })

/** A whole number up to `most` in so many percent of the cases, nothing in the others. */
export const sometimes = (percent: number, most: number): Arbitrary.Arbitrary<number | undefined> =>
  Arbitrary.map(Arbitrary.all([upTo(99), upTo(most)]), ([n, value]) => n >= 100 - percent ? value : undefined)
