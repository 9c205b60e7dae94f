/**
 * Runs a test file as vitest does, remembers which mutants each test comes by, and then runs it again for each of them.
 *
 * - a mutant is killed by the first test that fails or hangs; those that another file has killed are left out
 * - a mutant that only tests come by is tried in the modules as they are; who fails has to pass once more without it
 * - all modules are read anew for a mutant that is there from the beginning, and where the one before left something behind
 */
import { type RunnerTestCase, type RunnerTestFile, TestRunner, vi } from "vitest"
import { startTests } from "vitest/internal/browser"
import { note, read } from "./journal.ts"
import * as pass from "./pass.ts"

const journal = pass.journal(pass.folder)

/** Tests of the tests, and of sizes: mutants take long in them, and fall to others as well. */
const aside =
  /does not hold for|is found out that|10,?000|ten thousand|at a time$|starts nothing afterwards|at once are started/

/** How much a test may do before it counts as hanging, as a multiple of what it does without a mutant. */
const patience = 10

/** What one evaluation of the modules does: which mutants it comes by, and the one that is awake in it. */
class World {
  readonly seen = new Set<number>()
  steps = 0
  left = Infinity
  hasMet = false
  awake: number

  constructor(awake: number) {
    this.awake = awake
  }

  readonly isAwake = (id: number): boolean => {
    if (this.steps++ > this.left) throw new Error("This test goes on and on")
    if (this.awake === -1) this.seen.add(id)
    if (id !== this.awake) return false
    this.hasMet = true
    return true
  }

  /** Runs a test once more, for one mutant. */
  async play(test: RunnerTestCase, { steps, turns }: Measure, awake: number): Promise<"passed" | "failed" | "hung"> {
    this.awake = awake
    this.steps = 0
    this.hasMet = false
    this.left = patience * steps + 100_000
    try {
      await counted(() => TestRunner.getTestFn(test)(), patience * turns + 3000)
      return "passed"
    } catch (error) {
      return error instanceof Hang || this.steps > this.left ? "hung" : "failed"
    }
  }

  /** Whatever of it still goes on ends at its next step. */
  end(): void {
    this.left = -1
  }
}

const enter = (awake: number): World => {
  const world = new World(awake)
  Object.assign(globalThis, { isAwake: world.isAwake })
  return world
}

/** Vitest gives its traces to the one runner that it makes itself. */
const untraced = {
  $: (_: string, ...given: ReadonlyArray<unknown>) => Reflect.apply(Object(given.at(-1)), undefined, [])
}

/** What a test does without a mutant. */
interface Measure {
  readonly seen: ReadonlySet<number>
  readonly steps: number
  readonly turns: number
}

class Hang extends Error {}

/** Counts the turns of the event loop while something goes on, and gives up after so many of them. */
const counted = async (work: () => unknown, most: number): Promise<number> => {
  let turns = 0
  let isOver = false
  const began = performance.now()
  const tooLong = new Promise<never>((_, reject) => {
    const turn = (): void => {
      if (isOver) return
      if (++turns > most && performance.now() - began > 300) reject(new Hang("This test hangs"))
      else setImmediate(turn)
    }
    setImmediate(turn)
  })
  try {
    await Promise.race([work(), tooLong])
  } finally {
    isOver = true
  }
  return turns
}

/** Runs what a file's tests did in the first run once more, for one mutant, until one of them fails. */
class Trial extends TestRunner {
  killedBy: string | undefined
  readonly #world: World
  readonly #measures: ReadonlyMap<string, Measure>
  readonly #concerns: (measure: Measure) => boolean

  constructor(
    config: TestRunner["config"],
    world: World,
    measures: ReadonlyMap<string, Measure>,
    concerns: (measure: Measure) => boolean
  ) {
    super(config)
    this.#world = world
    this.#measures = measures
    this.#concerns = concerns
  }

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    const measure = this.#measures.get(test.id)
    if (this.killedBy !== undefined || measure === undefined || !this.#concerns(measure)) test.mode = "skip"
    await super.onBeforeRunTask(test)
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const came = await this.#world.play(test, this.#measures.get(test.id)!, this.#world.awake)
    if (came !== "passed") throw new Error(came)
  }

  override onAfterRunTask(test: RunnerTestCase): void {
    if (test.result?.state === "fail") this.killedBy ??= test.name
    super.onAfterRunTask(test)
  }

  override async onAfterRunSuite(): Promise<void> {}
}

/** Reads a file and its modules anew and keeps its tests, without running them. */
class Collector extends TestRunner {
  readonly tests = new Map<string, RunnerTestCase>()

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    this.tests.set(test.id, test)
    test.mode = "skip"
    await super.onBeforeRunTask(test)
  }

  override async onAfterRunSuite(): Promise<void> {}
}

export default class Mutants extends TestRunner {
  readonly #pass = pass.pass()
  readonly #asked = new Set(this.#pass.mutants)
  readonly #measures = new Map<string, Measure>()
  #tests = new Map<string, RunnerTestCase>()
  #world = enter(-1)
  #atImport: ReadonlySet<number> = new Set()

  override async importFile(filepath: string, source: "collect" | "setup"): Promise<unknown> {
    this.#world = enter(-1)
    const imported = await super.importFile(filepath, source)
    this.#atImport = new Set(this.#world.seen)
    return imported
  }

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    if (aside.test(test.fullName)) {
      test.mode = "skip"
      note(journal, { _tag: "Aside", test: test.fullName })
    }
    await super.onBeforeRunTask(test)
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    this.#world.seen.clear()
    this.#world.steps = 0
    const turns = await counted(() => TestRunner.getTestFn(test)(), Infinity)
    const { steps } = this.#world
    if (steps > this.#pass.steps) return note(journal, { _tag: "Long", test: test.fullName, steps })
    this.#tests.set(test.id, test)
    this.#measures.set(test.id, { seen: new Set(this.#world.seen), steps, turns })
  }

  override async onAfterRunFiles(files: Array<RunnerTestFile>): Promise<void> {
    super.onAfterRunFiles(files)
    const file = files[0]!
    const covered = new Set([...this.#measures.values()].flatMap(({ seen }) => [...seen]).concat([...this.#atImport]))
    console.log =
      console.error =
      console.warn =
      console.info =
        () => {}
    for (const id of [...covered].filter((id) => this.#asked.has(id)).sort((a, b) => a - b)) {
      const { killed, tried } = read(journal)
      if (!killed.has(id) && !tried.has(`${file.name} ${id}`)) await this.#try(file, id)
    }
    this.#world.end()
    note(journal, { _tag: "Done", file: file.name })
  }

  async #try(file: RunnerTestFile, id: number): Promise<void> {
    note(journal, { _tag: "Start", id, file: file.name, pid: process.pid })
    const inPlace = this.#atImport.has(id) ? "unclear" : await this.#inPlace(file, id)
    const killedBy = inPlace === "unclear" ? await this.#anew(file, id) : inPlace
    note(journal, { _tag: "End", id, file: file.name, killedBy })
  }

  /** The test that fails in the modules as they are; unclear where these remember something of another time. */
  async #inPlace(file: RunnerTestFile, id: number): Promise<string | undefined> {
    const concerned = [...this.#measures].filter(([, { seen }]) => seen.has(id)).sort(([, a], [, b]) =>
      a.steps - b.steps
    )
    let isClear = true
    for (const [key, measure] of concerned) {
      const test = this.#tests.get(key)!
      const came = await this.#world.play(test, measure, id)
      if (came === "hung") await this.#collect(file)
      if (came === "passed") isClear &&= this.#world.hasMet
      else if (await this.#world.play(this.#tests.get(key)!, measure, -2) === "passed") return test.name
      else {
        await this.#collect(file)
        isClear = false
      }
    }
    return isClear ? undefined : "unclear"
  }

  /** The test that fails when all modules are read anew with the mutant in them. */
  async #anew(file: RunnerTestFile, id: number): Promise<string | undefined> {
    const isStatic = this.#atImport.has(id)
    const world = enter(id)
    world.left = 1_000_000
    const trial = new Trial(this.config, world, this.#measures, ({ seen }) => isStatic || seen.has(id))
    const tried = await this.#start(file, trial)
    world.end()
    return tried?.result?.state === "fail" ? trial.killedBy ?? "the import" : trial.killedBy
  }

  async #collect(file: RunnerTestFile): Promise<void> {
    this.#world.end()
    this.#world = enter(-2)
    const collector = new Collector(this.config)
    await this.#start(file, collector)
    this.#tests = collector.tests
  }

  async #start(file: RunnerTestFile, runner: TestRunner): Promise<RunnerTestFile | undefined> {
    Object.assign(runner, { moduleRunner: Reflect.get(this, "moduleRunner"), _otel: untraced })
    vi.resetModules()
    return (await startTests([file.filepath], runner))[0]
  }
}
