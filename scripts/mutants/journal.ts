import { appendFileSync, closeSync, fstatSync, openSync, readSync } from "node:fs"

/** What test files write down as they try mutants, so that another process can go on where one broke off. */
export type Entry =
  | { readonly _tag: "Start"; readonly id: number; readonly file: string; readonly pid: number }
  | { readonly _tag: "End"; readonly id: number; readonly file: string; readonly killedBy?: string | undefined }
  | { readonly _tag: "Done"; readonly file: string }
  | { readonly _tag: "Aside"; readonly test: string }
  | { readonly _tag: "Long"; readonly test: string; readonly steps: number }

/**
 * What the entries come to.
 *
 * - `killed`: mutants, with the test that failed
 * - `tried`: mutants that a file was run for, as `file id`
 * - `done`: files that have tried all they had to
 * - `aside`: tests that are left out on purpose
 * - `long`: tests that are left out for what they do, in steps
 */
class Summary {
  size = 0
  trials = 0
  readonly killed = new Map<number, string>()
  readonly covered = new Set<number>()
  readonly tried = new Set<string>()
  readonly done = new Set<string>()
  readonly aside = new Set<string>()
  readonly long = new Map<string, number>()
  readonly running = new Map<string, Extract<Entry, { readonly _tag: "Start" }>>()

  add(entry: Entry): void {
    if (entry._tag === "Aside") return void this.aside.add(entry.test)
    if (entry._tag === "Long") return void this.long.set(entry.test, entry.steps)
    if (entry._tag === "Done") return void this.done.add(entry.file)
    if (entry._tag === "Start") return void this.running.set(entry.file, entry)
    const { file, id, killedBy } = entry
    this.trials += 1
    this.running.delete(file)
    this.covered.add(id)
    this.tried.add(`${file} ${id}`)
    if (killedBy !== undefined) this.killed.set(id, `${file}: ${killedBy}`)
  }
}

const summaries = new Map<string, Summary>()

/** All that is written so far; what was read before is not read again. */
export const read = (journal: string): Summary => {
  const summary = summaries.get(journal) ?? new Summary()
  summaries.set(journal, summary)
  const file = openSync(journal, "a+")
  const bytes = Buffer.alloc(fstatSync(file).size - summary.size)
  readSync(file, bytes, 0, bytes.length, summary.size)
  closeSync(file)
  const end = bytes.lastIndexOf("\n") + 1
  for (const line of bytes.toString("utf8", 0, end).split("\n")) if (line !== "") summary.add(JSON.parse(line))
  summary.size += end
  return summary
}

export const note = (journal: string, entry: Entry): void => appendFileSync(journal, `${JSON.stringify(entry)}\n`)
