/**
 * The benchmark:
 *
 *     npm run bench                 all of it: about twenty minutes; writes results.json, the README and the charts
 *     npm run bench -- --quick      under a minute; says what changed against results.json, and writes nothing
 *     npm run bench -- --against HEAD~1   beside the sources of that commit, and not of d716ffe
 *     npm run bench -- --no-install only who is there already
 *     npm run bench -- --only volley,aiSdk
 *
 * Installs the peers on its first run, into a folder of its own.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { isThen, type Name, names as everybody, placeOf } from "./contenders.ts"
import { enter, type Entrant } from "./Contest.ts"
import * as Copy from "./Copy.ts"
import { headline } from "./headline.ts"
import * as measures from "./measures.ts"
import * as Report from "./Report.ts"
import { changes, type Results } from "./Results.ts"
import { bundles, imports } from "./size.ts"

const folder = join(import.meta.dirname, "..")
const root = join(folder, "../..")
const file = (name: string) => join(folder, name)

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    "no-install": { type: "boolean", default: false },
    against: { type: "string" },
    only: { type: "string" }
  }
})

const full: measures.Plan = {
  rounds: 5,
  sizes: { promise: [1, 10, 100, 1000, 10_000, 100_000], sync: [100, 10_000], sleep: [100, 10_000] },
  millis: 150,
  warm: 150,
  longest: 15_000,
  caps: [1, 8, 64],
  waves: 8,
  waveMillis: 250,
  spans: 3,
  streams: 5,
  warmStreams: 2,
  endToEndRuns: 20,
  memoryRounds: 5
}

const quick: measures.Plan = {
  ...full,
  rounds: 3,
  sizes: { promise: [1, 100, 1000] },
  millis: 100,
  warm: 200,
  longest: 3000,
  caps: [8],
  waves: 4,
  waveMillis: 100,
  spans: 1,
  streams: 1,
  warmStreams: 1,
  endToEndRuns: 5,
  memoryRounds: 2
}

/** Those that change with the sources here, and what they are compared with. */
const quickNames: ReadonlyArray<Name> = [
  "floor",
  "volley",
  "volleyFunction",
  "volleyAccess",
  "volleyAgent",
  "volleyAnthropic"
]

const began = performance.now()

const tell = (what: string): void => {
  console.error(`${String(Math.round((performance.now() - began) / 1000)).padStart(4)} s  ${what}`)
}

/** The peers are heavy, and nobody but the benchmark needs them: they come on its first run. */
const install = (): void => {
  if (flags.quick || flags["no-install"] || existsSync(file("node_modules/.package-lock.json"))) return
  tell("installing the peers into packages/benchmark/node_modules, once (npm ci)")
  const { status } = spawnSync("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"]
  })
  if (status !== 0) tell(`npm ci ended with ${status}: going on with who is there`)
}

/** What the committed figures are compared with. */
const against = flags.against ?? (flags.quick ? undefined : "d716ffe")

const copyOf = (commit: string): Copy.Copy | undefined => {
  tell(`copying the sources at ${commit}`)
  try {
    const copy = Copy.make(commit)
    process.once("exit", copy.remove)
    process.once("SIGINT", () => process.exit(130))
    return copy
  } catch (error) {
    tell(`there are no sources at ${commit}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** Starts them, two at a time; who cannot start is missing. */
const enterAll = async (names: ReadonlyArray<Name>, copy: Copy.Copy | undefined) => {
  const entrants = new Map<Name, Entrant>()
  const missing: { [N in Name]?: string } = {}
  const left = [...names]
  const loop = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      try {
        entrants.set(name, await enter(name, copy))
      } catch (error) {
        missing[name] = reasonOf(error instanceof Error ? error.message : String(error))
        tell(`${name} is missing: ${missing[name]}`)
      }
    }
  }
  tell(`starting ${names.length} processes`)
  await Promise.all([loop(), loop()])
  return { entrants: names.flatMap((name) => entrants.get(name) ?? []), missing }
}

const reasonOf = (message: string): string => {
  const absent = /Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1]
  return absent === undefined ? message : `${absent} is not installed`
}

const machine = (): string => {
  const [first] = cpus()
  return `${first?.model.trim() ?? "unknown"}, ${cpus().length} cores, Node ${process.versions.node}`
}

const run = async (plan: measures.Plan, names: ReadonlyArray<Name>): Promise<Results> => {
  const copy = against === undefined ? undefined : copyOf(against)
  const { entrants, missing } = await enterAll(names, copy)
  const about: Results["about"] = Object.fromEntries(entrants.map(({ about, name }) => [name, about]))
  // These two speak HTTP alone.
  const inProcess = entrants.filter(({ name }) => name !== "volleyResponses" && name !== "volleyGoogle")
  const { calls, stopped } = await measures.measureCalls(inProcess, plan, tell)
  const memory = await measures.measureMemory(inProcess, calls, plan, tell)
  const makespan = await measures.measureMakespan(entrants, plan, tell)
  const stream = await measures.measureStreams(entrants, plan, tell)
  const endToEnd = await measures.measureEndToEnd(entrants, plan, tell)
  for (const { leave } of entrants) leave()
  const results = {
    machine: machine(),
    against: copy?.commit,
    about,
    missing,
    stopped,
    calls,
    memory,
    makespan,
    stream,
    endToEnd
  }
  if (flags.quick) return { ...results, headline: [], size: { bundles: [], imports: imports(3, ["@volley/core"]) } }
  tell("the headline: volley demo at a second a model turn")
  const played = await headline(["cities", "ten"])
  tell("imports and bundles")
  const bundled = await bundles().catch((error: Error) => {
    tell(`no bundles: ${error.message}`)
    return []
  })
  return { ...results, headline: played, size: { imports: imports(7), bundles: bundled } }
}

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value

const write = (results: Results): void => {
  writeFileSync(file("results.json"), `${JSON.stringify(results, rounded, 2)}\n`)
  const page = readFileSync(file("README.md"), "utf8")
  writeFileSync(file("README.md"), Report.into(page, Report.markdown(results)))
  for (const [name, svg] of Object.entries(Report.charts(results))) writeFileSync(file(name), svg)
}

const isName = (name: string): name is Name => everybody.some((one) => one === name)

install()
const chosen = flags.only?.split(",").filter(isName)
const names = flags.quick ? everybody.filter((name) => quickNames.some((one) => one === placeOf(name))) : everybody
const comparable = names.filter((name) => against !== undefined || !isThen(name))
const results = await run(flags.quick ? quick : full, chosen ?? comparable)
console.log(Report.markdown(results))
if (flags.quick && existsSync(file("results.json"))) {
  const committed: Results = JSON.parse(readFileSync(file("results.json"), "utf8"))
  console.log(Report.changed(changes(committed, results, everybody), committed, results))
} else if (!flags.quick && chosen === undefined) {
  write(results)
  spawnSync("npx", ["dprint", "fmt", "packages/benchmark/**"], { cwd: root, stdio: "ignore" })
  tell("wrote results.json, README.md and the charts")
}
tell("done")
process.exit()
