/**
 * Changes the runner in thousands of small ways, one at a time and in memory alone, and finds out which of them neither
 * the compiler nor a test notices:
 *
 *     npm run mutants -- [--file internal/text.ts]... [--test limits]... [--sample 10] [--cases 100] [--known] [--resume FOLDER]
 *
 * - `--file`: changes these sources of the core in place of the runner, `internal/runner/`, which takes about twenty
 *   minutes; a folder means all that is in it, and `""` the whole core
 * - `--test`: only by test files whose path has this text in it
 * - `--sample`: that many percent of the mutants
 * - `--cases`: how many cases of each property the second pass tries
 * - `--known`: also those that the list of survivors has, to see whether they still survive
 * - `--resume`: goes on with a run that was interrupted; its folder is the last thing that a run prints
 *
 * A mutant that does not compile is killed. Of the others, the first pass tries ten cases of each property, and no tests
 * that take long. The second one tries what survived the first, with more cases and all but the longest tests. A mutant
 * that either of them kills is killed. What tests were left out, and why, is printed at the end.
 *
 * Fails where a mutant survives that `packages/core/test/mutants.md` does not list, where that lists one that does not
 * exist, and where fewer than 95 % are killed.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { BaseSequencer, createVitest, type TestSpecification } from "vitest/node"
import { refused } from "./mutants/compiler.ts"
import { note, read } from "./mutants/journal.ts"
import { type Mutant, mutate } from "./mutants/mutate.ts"
import { journal, type Pass } from "./mutants/pass.ts"

const core = join(dirname(import.meta.dirname), "packages/core")
const list = join(core, "test/mutants.md")
const {
  values: {
    cases = "100",
    file: files = ["internal/runner/"],
    known: again = false,
    resume,
    sample = "100",
    test: tests
  }
} = parseArgs(
  {
    options: {
      cases: { type: "string" },
      file: { type: "string", multiple: true },
      test: { type: "string", multiple: true },
      known: { type: "boolean" },
      resume: { type: "string" },
      sample: { type: "string" }
    }
  }
)

/** Every source with all its mutants in it, by path, and the mutants. */
const sources = (): { readonly codes: ReadonlyMap<string, string>; readonly mutants: ReadonlyArray<Mutant> } => {
  const codes = new Map<string, string>()
  const mutants: Array<Mutant> = []
  for (const file of globSync("**/*.ts", { cwd: join(core, "src") }).sort()) {
    const path = join(core, "src", file)
    const mutated = mutate(file, readFileSync(path, "utf8"), mutants.length)
    codes.set(path, `const __m = globalThis.isAwake ?? (() => false)\n${mutated.code}`)
    mutants.push(...mutated.mutants)
  }
  return { codes, mutants }
}

/** A sample is spread over all files, and is the same each time. */
const isAsked = ({ file, id }: Mutant): boolean =>
  files.some((start) => file.startsWith(start)) && (id * 7919) % 1000 < Number(sample) * 10

/** Tests that find much in little time go first, those that draw many batches late, and those that clear memory last. */
const order = (path: string): string => {
  const rank = /\/(lettingGo|memory)\./.test(path)
    ? 3
    : /\/(Batch|lines)\.|\/(oracle|driver)\//.test(path)
    ? 0
    : /\/test\/(laws|order|graphs)\/|\/(drive|names|lint)\.test/.test(path)
    ? 2
    : 1
  return `${rank}${basename(path)}`
}

class FactsFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return files.toSorted((a, b) => order(a.moduleId).localeCompare(order(b.moduleId)))
  }
}

/** What draws the cases of properties, and stands in for it. */
const fewer: Readonly<Record<string, string>> = {
  "@effect/vitest": join(import.meta.dirname, "mutants/effectVitest.ts"),
  "effect/Arbitrary": join(import.meta.dirname, "mutants/arbitrary.ts")
}

/** Runs test files; gives the names of tests that fail without any mutant. */
const run = async (
  testFiles: ReadonlyArray<string>,
  codes: ReadonlyMap<string, string>
): Promise<ReadonlyArray<string>> => {
  const broken: Array<string> = []
  // `startVitest` would end this process a while after the run, whatever came behind.
  const vitest = await createVitest("test", {
    config: false,
    root: core,
    watch: false,
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // What is kept on disk knows nothing of mutants.
    fsModuleCache: false,
    testTimeout: 0,
    // A worker in which a mutant left something behind ends at once.
    teardownTimeout: 500,
    runner: join(import.meta.dirname, "mutants/runner.ts"),
    sequence: { sequencer: FactsFirst },
    dangerouslyIgnoreUnhandledErrors: true,
    disableConsoleIntercept: true,
    reporters: [{
      onTestCaseResult: (test) => {
        if (test.result().state === "failed") broken.push(`${test.module.relativeModuleId}: ${test.fullName}`)
      }
    }]
  }, {
    plugins: [{
      name: "mutants",
      enforce: "pre",
      resolveId: (id, importer = "") => importer.includes("/scripts/") ? undefined : fewer[id],
      transform: (_, id) => codes.get(id)
    }]
  })
  await vitest.start([...testFiles])
  await vitest.close()
  return broken
}

/** Ends test files that stand still, for the next round to go on with the mutants behind; says how far it is. */
const watch = (journal: string, asked: number) => {
  let [seen, since] = [0, performance.now()]
  // What was broken off before is no process of this run.
  const earlier = new Set(read(journal).running.values())
  return setInterval(() => {
    const { killed, running, size, trials } = read(journal)
    if (size > seen) [seen, since] = [size, performance.now()]
    if (process.stderr.isTTY) process.stderr.write(`\r${trials} trials, ${killed.size} of ${asked} mutants killed `)
    if (performance.now() - since < 120_000) return
    for (const entry of running.values()) {
      if (earlier.has(entry)) continue
      const { file, id, pid } = entry
      note(journal, { _tag: "End", id, file, killedBy: "it hangs" })
      process.kill(pid, "SIGKILL")
    }
  }, 1000)
}

/** The mutants that are known to survive. */
const listed = (): ReadonlyArray<string> =>
  readFileSync(list, "utf8").match(/(?<=```text\n)[^]*?(?=```)/g)?.flatMap((block) => block.match(/.+/g) ?? []) ?? []

const print = (title: string, lines: ReadonlyArray<string>): void => {
  if (lines.length > 0) console.log([`\n${title}:`, ...lines].join("\n"))
}

const folder = resume ?? mkdtempSync(join(tmpdir(), "mutants-"))
const { codes, mutants } = sources()
const asked = mutants.filter(isAsked)
const known = new Set(listed())
const testFiles = globSync("test/**/*.test.ts", { cwd: core }).filter((path) =>
  tests?.some((part) => path.includes(part)) ?? true
)

/** Has the tests try mutants, in as many rounds as it takes; another process may have begun with that. */
const go = async (name: string, pass: Pass) => {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, "pass.json"), JSON.stringify(pass))
  process.env["MUTANTS"] = place
  const summary = () => read(journal(place))
  const leftOf = () => testFiles.filter((path) => !summary().done.has(path))
  const watching = watch(journal(place), pass.mutants.length)
  let broken: ReadonlyArray<string> = []
  for (let round = 0; leftOf().length > 0 && broken.length === 0 && round < 20; round++) {
    broken = await run(leftOf(), codes)
  }
  clearInterval(watching)
  return { broken, left: leftOf(), ...summary() }
}

const unsound = refused(core, asked)
const tried = asked.filter(({ id, key }) => !unsound.has(id) && (again || !known.has(key))).map(({ id }) => id)
const first = await go("first", { cases: 10, steps: 2_000_000, mutants: tried })
const doubtful = tried.filter((id) => !first.killed.has(id))
const isSettled = doubtful.length === 0 || first.broken.length > 0
const last = isSettled ? first : await go("second", { cases: Number(cases), steps: 15_000_000, mutants: doubtful })

const killed = new Set([...unsound, ...first.killed.keys(), ...last.killed.keys()])
const covered = new Set([...first.covered, ...last.covered])
const survivors = asked.filter(({ id }) => !killed.has(id))
const every = new Set(mutants.map(({ key }) => key))
const unlisted = survivors.filter(({ key }) => !known.has(key))
const gone = [...known].filter((key) => !every.has(key))
print("Tests left out on purpose, for they are about the tests, or about sizes", [...last.aside].sort())
print(
  "Tests left out because they do too much",
  [...last.long].sort().map(([test, steps]) => `${test} (${steps} steps)`)
)
print("Fail without any mutant", last.broken)
print("Never came to an end", last.left)
print(
  "Survived, and not listed",
  unlisted.map(({ id, key, line }) => `${covered.has(id) ? "" : "(untested) "}${key} (line ${line})`)
)
print("Listed, but there is no such mutant", gone)
print("Listed, but killed", asked.filter(({ id, key }) => killed.has(id) && known.has(key)).map(({ key }) => key))
const noticed = asked.length - survivors.length
const share = noticed / asked.length
console.log(
  `\n${noticed} of ${asked.length} mutants killed: ${
    (share * 100).toFixed(1)
  } %; ${unsound.size} by the compiler (${folder})`
)
process.exitCode = last.broken.length + last.left.length + unlisted.length + gone.length > 0 || share < 0.95 ? 1 : 0
