/**
 * What a call touches, so that calls which touch the same thing run in call order and all others at once.
 */

/**
 * One access.
 *
 * - `key`: a path; `orders/42` lies under `orders`. `""` lies over everything that has a key
 * - `exclusive`: conflicts with every other call of the run, or of all runs of one `Batch.make`, whatever that declares
 */
export type Access =
  | { readonly mode: "read" | "write"; readonly key: string }
  | { readonly mode: "exclusive" }

/** Looks at what lies under a key. */
export const read = (key: string): Access => ({ mode: "read", key })

/** Changes something under a key. */
export const write = (key: string): Access => ({ mode: "write", key })

/** Wants to be alone. */
export const exclusive: Access = { mode: "exclusive" }

/** True when the two may not run at the same time: one lies under the other, and at least one of them writes. */
export const conflicts = (a: Access, b: Access): boolean => {
  if (a.mode === "exclusive" || b.mode === "exclusive") return true
  return (a.mode === "write" || b.mode === "write") && (isUnder(a.key, b.key) || isUnder(b.key, a.key))
}

const isUnder = (key: string, over: string): boolean =>
  over === "" || (key.startsWith(over) && (key.length === over.length || key[over.length] === "/"))
