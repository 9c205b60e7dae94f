/**
 * The benchmark:
 *
 *     npm run bench                      all of it; writes results.json, the README and the charts
 *     npm run bench -- --quick           about a minute; says what changed against results.json, and writes nothing
 *     npm run bench -- --against HEAD~1  beside the sources of that commit, and not of d716ffe
 *     npm run bench -- --only NAMES      some contenders, `shapes` or some of them; prints, and writes nothing
 *     npm run bench -- --only shapes --keep  writes them too, beside what was measured before on the same machine
 *     npm run bench -- --draw            measures nothing; draws the README and the charts anew from results.json
 *     npm run bench -- --no-install      only who is there already
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
import { measureShapes } from "./measureShapes.ts"
import { full, quick, quickNames } from "./plans.ts"
import * as Progress from "./Progress.ts"
import * as Report from "./Report.ts"
import { changes, type Results } from "./Results.ts"
import { isShape } from "./shapes.ts"
import { bundles, imports } from "./size.ts"

const folder = join(import.meta.dirname, "..")
const root = join(folder, "../..")
const file = (name: string) => join(folder, name)

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    "no-install": { type: "boolean", default: false },
    against: { type: "string" },
    draw: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    only: { type: "string" }
  }
})

const began = performance.now()

const tell = (what: string): void => {
  console.error(`${String(Math.round((performance.now() - began) / 1000)).padStart(4)} s  ${what}`)
}

/** The peers are heavy, and only the benchmark needs them: its first run installs them. */
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

/** Starts them, two at a time; one that cannot start is listed as missing. */
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

/** What has nothing to do with who takes part. */
const measureRest = async (): Promise<Pick<Results, "headline" | "size">> => {
  if (flags.quick) return { headline: [], size: { bundles: [], imports: imports(3, ["@volley/core"]) } }
  tell("the headline: volley demo at a second a model turn")
  const played = await headline(["cities", "ten"])
  tell("imports and bundles")
  const bundled = await bundles().catch((error: Error) => {
    tell(`no bundles: ${error.message}`)
    return []
  })
  return { headline: played, size: { imports: imports(7), bundles: bundled } }
}

const measureContenders = async (plan: measures.Plan, names: ReadonlyArray<Name>, copy: Copy.Copy | undefined) => {
  const { entrants, missing } = await enterAll(names, copy)
  const about: Results["about"] = Object.fromEntries(entrants.map(({ about, name }) => [name, about]))
  // These two speak HTTP alone.
  const inProcess = entrants.filter(({ name }) => name !== "volleyResponses" && name !== "volleyGoogle")
  const { calls, stopped } = await measures.measureCalls(inProcess, plan, tell)
  const memory = await measures.measureMemory(inProcess, calls, plan, tell)
  // What waits for a clock or a server is not what two builds are told apart by.
  const today = entrants.filter(({ name }) => !isThen(name))
  const makespan = await measures.measureMakespan(today, plan, tell)
  const stream = await measures.measureStreams(today, plan, tell)
  const endToEnd = await measures.measureEndToEnd(today, plan, tell)
  for (const { leave } of entrants) leave()
  return { about, missing, stopped, calls, memory, makespan, stream, endToEnd }
}

/** What is measured of contenders, where there are none. */
const unmeasured: Awaited<ReturnType<typeof measureContenders>> = {
  about: {},
  missing: {},
  stopped: {},
  calls: {},
  memory: {},
  makespan: { bound: 0, took: {} },
  stream: { ideal: 0, took: {} },
  endToEnd: {}
}

const shapeNames: ReadonlyArray<Name> = ["volley", "volleyThen"]

const run = async (plan: measures.Plan, names: ReadonlyArray<Name>): Promise<Results> => {
  const copy = against === undefined ? undefined : copyOf(against)
  const isPart = names.length === 0
  const measured = isPart ? unmeasured : await measureContenders(plan, names, copy)
  const able = shapeNames.filter((name) => copy !== undefined || !isThen(name))
  const shapes = await measureShapes(able, plan, copy, tell)
  const rest = isPart ? { headline: [], size: undefined } : await measureRest()
  return { machine: machine(), against: copy?.commit, ...measured, shapes, ...rest }
}

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value

const committed = (): Results => JSON.parse(readFileSync(file("results.json"), "utf8"))

const write = (results: Results): void => {
  writeFileSync(file("results.json"), `${JSON.stringify(results, rounded, 2)}\n`)
  draw(committed())
}

/** Each shape is measured beside plain calls of its own, so those of one run may stand beside the contenders of another. */
const keep = (results: Results): void => {
  const known = committed()
  if (known.machine !== results.machine || known.against !== results.against) {
    throw new Error(`the other figures were measured on ${known.machine}, against ${known.against}`)
  }
  write({ ...known, shapes: { ...known.shapes, ...results.shapes } })
}

/** Writes the page and the charts; every figure on them is one of the committed ones. */
const draw = (results: Results): void => {
  const page = readFileSync(file("README.md"), "utf8")
  writeFileSync(file("README.md"), Report.into(page, Report.markdown(results)))
  for (const [name, svg] of Object.entries(Report.charts(results))) writeFileSync(file(name), svg)
  spawnSync("npx", ["dprint", "fmt", "packages/benchmark/**"], { cwd: root, stdio: "ignore" })
  tell("wrote README.md and the charts")
}

const isName = (name: string): name is Name => everybody.some((one) => one === name)

/** Who takes part, and in which shapes. */
const choose = (plan: measures.Plan): readonly [measures.Plan, ReadonlyArray<Name>] => {
  if (flags.keep && (flags.quick || only?.some(isName) !== false)) {
    throw new Error("--keep is for shapes alone: add --only shapes, or some of them")
  }
  const names = flags.quick ? everybody.filter((name) => quickNames.some((one) => one === placeOf(name))) : everybody
  if (only === undefined) return [plan, names.filter((name) => against !== undefined || !isThen(name))]
  const unknown = only.filter((name) => !isName(name) && !isShape(name) && name !== "shapes")
  if (unknown.length > 0) throw new Error(`--only: no contender and no shape is called ${unknown.join(", ")}`)
  return [{ ...plan, shapes: only.includes("shapes") ? plan.shapes : only.filter(isShape) }, only.filter(isName)]
}

const only = flags.only?.split(",")
const [plan, names] = choose(flags.quick ? quick : full)
const main = async (): Promise<void> => {
  if (flags.draw) return draw(committed())
  if (names.length > 0) install()
  const results = await run(plan, names)
  console.log(names.length === 0 ? Progress.markdown(results) : Report.markdown(results))
  if (flags.quick) console.log(Report.changed(changes(committed(), results, everybody), committed(), results))
  else if (only === undefined) write(results)
  else if (flags.keep) keep(results)
  tell("done")
}

await main()
process.exit()
