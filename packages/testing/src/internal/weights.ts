import * as Predicate from "effect/Predicate"

/** Throws for weights of a fault that there is not: it would never come, and a test would not notice. */
export const refuseOdd = (where: string, weights: unknown, known: object): void => {
  if (!Predicate.isObject(weights)) {
    throw new TypeError(`${where}: the weights of the faults are no object: write { none: 1 }.`)
  }
  const odd = Object.keys(weights).find((name) => !Object.hasOwn(known, name))
  if (odd !== undefined) {
    throw new TypeError(`${where}: there is no fault \`${odd}\`: take some of ${Object.keys(known).join(", ")}.`)
  }
}
