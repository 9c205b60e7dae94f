/**
 * Kills a program again and again while runs of it are on their way, and holds what they say against what was done.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { decideAll } from "./decide.ts"
import { faultsOf, Line } from "./judge.ts"
import { scenario } from "./scenario.ts"
import { Shown } from "./shown.ts"

/**
 * - `program`: `worker.ts` in one file, as which it starts four times as fast
 * - `store`: a file, or the url of a database; `ledger`: the file in which tools write down what they did
 * - `rounds`: how often the program is killed; each round begins two runs more
 * - `isControl`: with writes that are not recorded before they begin
 * - `told`: is given what became of each round
 */
export interface Options {
  readonly program: string
  readonly store: string
  readonly ledger: string
  readonly rounds: number
  readonly seed: number
  readonly isControl?: boolean
  readonly told?: (round: Round) => void
}

/** A life of the program; `after` is how long behind its start it was killed, and left out for the last one. */
export interface Round {
  readonly number: number
  readonly after: number | undefined
  readonly begun: number
  readonly ended: number
}

/** What a sweep found; `unknown` counts the writes whose outcome is said to be unknown, `undone` those of them that were not done. */
export interface Report {
  readonly kills: number
  readonly runs: number
  readonly unknown: number
  readonly undone: number
  readonly faults: ReadonlyArray<string>
}

/** The program ended, but was not killed. */
export class Crashed extends Data.TaggedError("Crashed")<{ readonly code: number | null }> {}

const Ended = Schema.fromJsonString(Schema.Struct({ seed: Schema.Int, shown: Schema.Array(Shown) }))
type Ended = typeof Ended.Type

const readEnded = Schema.decodeUnknownSync(Ended)
const readLine = Schema.decodeUnknownSync(Schema.fromJsonString(Line))

/** Kills, until all rounds are over and all runs have ended; another process decides meanwhile on what waits. */
export const sweep = (options: Options) =>
  Effect.gen(function*() {
    yield* life(options, [], undefined)
    return yield* Effect.raceFirst(lives(options), decideAll(options.store))
  }).pipe(Random.withSeed(options.seed))

const lives = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Report, Crashed> {
  const { rounds, seed, told } = options
  const ended = new Map<number, Ended>()
  const seeds = Array.from({ length: 2 * rounds }, (_, index) => seed * 10_000 + index)
  for (let number = 1; number <= rounds + 1; number++) {
    const left = seeds.slice(0, 2 * number).filter((one) => !ended.has(one))
    // What begins anew takes its time, and a life that is too short for that would bring none to its end.
    const after = number > rounds ? undefined : yield* Random.nextIntBetween(0, Math.max(700, 25 * left.length))
    for (const run of yield* life(options, left, after)) ended.set(run.seed, run)
    told?.({ number, after, begun: left.length, ended: ended.size })
  }
  return report(seeds, ended, options)
})

/** The runs that ended in one life of the program. */
const life = (options: Options, seeds: ReadonlyArray<number>, after: number | undefined) =>
  Effect.callback<ReadonlyArray<Ended>, Crashed>((resume) => {
    const { isControl, ledger, program, store } = options
    const args = [program, store, ledger, isControl ? "control" : "durable"]
    const child = spawn(process.execPath, [...args, ...seeds.map(String)], { stdio: ["ignore", "pipe", "inherit"] })
    const ended: Array<Ended> = []
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) ended.push(readEnded(line))
      else if (line !== "UP") process.stderr.write(`${line}\n`)
      else if (after !== undefined) setTimeout(() => child.kill("SIGKILL"), after)
    })
    child.on("close", (code, signal) => {
      resume(code === 0 || signal === "SIGKILL" ? Effect.succeed(ended) : Effect.fail(new Crashed({ code })))
    })
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

const report = (
  seeds: ReadonlyArray<number>,
  ended: ReadonlyMap<number, Ended>,
  { ledger, rounds }: Options
): Report => {
  const text = existsSync(ledger) ? readFileSync(ledger, "utf8") : ""
  const lines = Map.groupBy(
    text.split("\n").filter((line) => line !== "").map((line) => readLine(line)),
    ({ n }) => Math.floor(n / 1000)
  )
  const shown = seeds.flatMap((seed) => ended.get(seed)?.shown ?? [])
  const unknown = shown.filter(({ type }) => type === "Interrupted")
  const done = new Set([...lines.values()].flat().map(({ n }) => n))
  return {
    kills: rounds,
    runs: ended.size,
    unknown: unknown.length,
    undone: unknown.filter(({ n }) => !done.has(n)).length,
    faults: seeds.flatMap((seed) => faultsOf(scenario(seed), ended.get(seed)?.shown ?? [], lines.get(seed) ?? []))
  }
}
