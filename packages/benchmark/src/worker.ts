/**
 * The process of one contender: takes jobs from its parent, one behind the other, and sends back what they came to.
 */
import { readFileSync } from "node:fs"
import { findPackageJSON } from "node:module"
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises"
import { callsOf, type Contender, type Input, type Kind, type Run, type Servers, type Setting } from "./Contender.ts"
import { load } from "./contenders.ts"
import { median } from "./Statistics.ts"

/** What a contender can be asked to do. */
export type Job =
  | { readonly _tag: "About" }
  | {
    readonly _tag: "Calls"
    readonly kind: Kind
    readonly size: number
    readonly millis: number
    readonly warm: number
  }
  | { readonly _tag: "Memory"; readonly size: number; readonly rounds: number }
  | { readonly _tag: "Makespan"; readonly cap: number; readonly size: number; readonly millis: number }
  | { readonly _tag: "Stream"; readonly servers: Servers | undefined; readonly lengths: ReadonlyArray<number> }
  | { readonly _tag: "EndToEnd"; readonly servers: Servers; readonly size: number; readonly runs: number }

const collect = globalThis.gc ?? (() => {})

const bodyOf = (kind: Kind, millis: (n: number) => number, held?: () => Promise<void>): Setting["work"] => {
  const now = ({ city, n }: Input): Input => ({ n, city })
  return {
    now,
    later: kind === "sleep"
      ? async (input) => {
        await sleep(millis(input.n))
        return now(input)
      }
      : kind === "held"
      ? async (input) => {
        await held?.()
        return now(input)
      }
      : async (input) => now(input)
  }
}

const prepared = new Map<string, Run>()

/** Makes what is to be run, once. */
const prepare = (contender: Contender, kind: Kind, size: number): Run => {
  const key = `${kind} ${size}`
  const known = prepared.get(key)
  if (known !== undefined) return known
  const millis = () => 1
  const run = contender.make({ kind, calls: callsOf(size), millis, work: bodyOf(kind, millis) })
  prepared.set(key, run)
  return run
}

/** Runs once and sees that every call is answered under its own id. */
const checked = async (run: Run, size: number): Promise<void> => {
  const answered = await run()
  if (answered !== size) throw new Error(`${answered} of ${size} calls were answered`)
}

/**
 * What runs came to: milliseconds of one, and of one with a single call, on average.
 *
 * - the two take turns, so that what else the machine does meets both
 * - averages, since garbage collection is part of what a call costs
 */
export interface Measured {
  readonly run: number
  readonly single: number
}

const timed = async (run: Run): Promise<number> => {
  const started = performance.now()
  await run()
  return performance.now() - started
}

const forMillis = async (run: Run, single: Run, millis: number): Promise<Measured> => {
  const until = performance.now() + millis
  let runs = 0
  let ofRuns = 0
  let ofSingles = 0
  do {
    ofRuns += await timed(run)
    ofSingles += await timed(single)
    runs++
  } while (performance.now() < until)
  return { run: ofRuns / runs, single: ofSingles / runs }
}

const measureCalls = async (
  contender: Contender,
  { kind, millis, size, warm }: Extract<Job, { _tag: "Calls" }>
): Promise<Measured> => {
  const isNew = !prepared.has(`${kind} ${size}`)
  const run = prepare(contender, kind, size)
  const single = prepare(contender, kind, 1)
  if (isNew) {
    await checked(run, size)
    await checked(single, 1)
  }
  // Nothing is collected by force: the heap would shrink, and what is measured be how it grows again.
  if (await timed(run) < warm) await forMillis(run, single, isNew ? warm * 3 : warm)
  return await forMillis(run, single, millis)
}

/** Bytes of heap that a call holds while its tool waits; the median of some runs. */
const measureMemory = async (
  contender: Contender,
  { rounds, size }: Extract<Job, { _tag: "Memory" }>
): Promise<number> => {
  const count = { waiting: 0 }
  let gate = Promise.withResolvers<void>()
  const held = () => {
    count.waiting++
    return gate.promise
  }
  const run = contender.make({
    kind: "held",
    calls: callsOf(size),
    millis: () => 0,
    work: bodyOf("held", () => 0, held)
  })
  const bytes: Array<number> = []
  for (let round = 0; round <= rounds; round++) {
    count.waiting = 0
    gate = Promise.withResolvers<void>()
    collect()
    await nextTurn()
    collect()
    const before = process.memoryUsage().heapUsed
    const ended = run()
    const isWaiting = () => count.waiting === size
    while (!isWaiting()) await nextTurn()
    await nextTurn()
    collect()
    const after = process.memoryUsage().heapUsed
    gate.resolve()
    if (await ended !== size) throw new Error("not every call was answered")
    if (round > 0) bytes.push((after - before) / size)
  }
  return median(bytes)
}

const measureMakespan = async (contender: Contender, { cap, millis, size }: Extract<Job, { _tag: "Makespan" }>) => {
  const length = () => millis
  const make = (calls: number) =>
    contender.make({ kind: "sleep", calls: callsOf(calls), millis: length, work: bodyOf("sleep", length), cap })
  await make(1)()
  const run = make(size)
  const started = performance.now()
  if (await run() !== size) throw new Error("not every call was answered")
  return performance.now() - started
}

/** From the request to the end of the last tool. */
const measureStream = async (
  contender: Contender,
  { lengths, servers }: Extract<Job, { _tag: "Stream" }>
): Promise<number> => {
  let last = 0
  const millis = (n: number) => lengths[n] ?? 0
  const body = bodyOf("sleep", millis)
  const work: Setting["work"] = {
    now: (input) => {
      last = performance.now()
      return body.now(input)
    },
    later: async (input) => {
      const output = await body.later(input)
      last = performance.now()
      return output
    }
  }
  const run = contender.make({ kind: "sleep", calls: callsOf(lengths.length), millis, work, servers, streaming: true })
  const started = performance.now()
  if (await run() !== lengths.length) throw new Error("not every call was answered")
  return last - started
}

const measureEndToEnd = async (
  contender: Contender,
  { runs, servers, size }: Extract<Job, { _tag: "EndToEnd" }>
): Promise<number> => {
  const work = bodyOf("promise", () => 0)
  const run = contender.make({ kind: "promise", calls: callsOf(size), millis: () => 0, work, servers })
  await checked(run, size)
  const took: Array<number> = []
  for (let index = 0; index < runs; index++) {
    const started = performance.now()
    await run()
    took.push(performance.now() - started)
  }
  return median(took)
}

const versionOf = (name: string): string => {
  const manifest = findPackageJSON(name, import.meta.url)
  if (manifest === undefined) return name
  return `${name} ${JSON.parse(readFileSync(manifest, "utf8")).version}`
}

const perform = async (contender: Contender, job: Job): Promise<unknown> => {
  switch (job._tag) {
    case "About": {
      const { can, from, lacks, title, turns } = contender
      return { can, lacks, title, turns, versions: from.map(versionOf) }
    }
    case "Calls":
      return await measureCalls(contender, job)
    case "Memory":
      return await measureMemory(contender, job)
    case "Makespan":
      return await measureMakespan(contender, job)
    case "Stream":
      return await measureStream(contender, job)
    case "EndToEnd":
      return await measureEndToEnd(contender, job)
  }
}

const contender = load(process.argv[2] ?? "")
// Whoever asks is told why it could not be loaded.
contender.catch(() => {})

process.on("message", ({ id, job }: { readonly id: number; readonly job: Job }) => {
  contender.then((contender) => perform(contender, job)).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) })
  )
})
process.on("disconnect", () => process.exit())
