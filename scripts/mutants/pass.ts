import { readFileSync } from "node:fs"
import { join } from "node:path"

/**
 * What test files are asked for at once.
 *
 * - `cases`: how many of each property
 * - `steps`: tests that do more are left out
 * - `mutants`: the numbers of those that are tried
 */
export interface Pass {
  readonly cases: number
  readonly steps: number
  readonly mutants: ReadonlyArray<number>
}

/** Where the pass has its files, as the script tells the processes that run tests. */
export const folder = process.env["MUTANTS"] ?? ""

export const journal = (folder: string): string => join(folder, "journal")

export const pass = (): Pass => JSON.parse(readFileSync(join(folder, "pass.json"), "utf8"))
