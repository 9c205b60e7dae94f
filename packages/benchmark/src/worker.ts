/**
 * The process of one contender: takes jobs from its parent, one behind the other, and sends back what they came to.
 */
import { readFileSync } from "node:fs"
import { findPackageJSON } from "node:module"
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises"
import { callsOf, type Contender, type Input, type Kind, type Run, type Servers, type Setting } from "./Contender.ts"
import { load } from "./contenders.ts"
import { isShape, type Shape, shapes } from "./shapes.ts"
import { median } from "./Statistics.ts"
import { checked, inTurns, type Measured, timed } from "./timing.ts"

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
  | { readonly _tag: "Try"; readonly shape: Shape; readonly size: number }
  | {
    readonly _tag: "Shape"
    readonly shape: Shape
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

/** Makes what is to be run, once: a batch with a kind of tool, or another shape. */
const prepare = (contender: Contender, what: Kind | Shape, size: number): Run => {
  const key = `${what} ${size}`
  const known = prepared.get(key)
  if (known !== undefined) return known
  const millis = () => 1
  const kind = isShape(what) ? "promise" : what
  const make = isShape(what) ? contender.shapes?.[what] : contender.make
  if (make === undefined) throw new Error(`it has no ${what}`)
  const run = make({ kind, calls: callsOf(size), millis, work: bodyOf(kind, millis) })
  prepared.set(key, run)
  return run
}

const measureCalls = async (
  contender: Contender,
  { kind, millis, size, warm }: Extract<Job, { _tag: "Calls" }>
): Promise<Measured> => {
  const isNew = !prepared.has(`${kind} ${size}`)
  const run = prepare(contender, kind, size)
  const single = prepare(contender, kind, 1)
  const first = isNew ? await checked(run, size) : 0
  if (isNew) await checked(single, 1)
  // Nothing is collected by force: the heap would shrink, and what is measured be how it grows again.
  // A run that takes long is warm by its own end.
  if (first < warm * 10 && await timed(run) < warm) await inTurns(run, single, isNew ? warm * 3 : warm)
  return await inTurns(run, single, millis)
}

/** Runs a shape for the first time, to see that it does what it should, and how long it takes. */
const tryShape = async (contender: Contender, { shape, size }: Extract<Job, { _tag: "Try" }>): Promise<Measured> => {
  await seeAtOnce(contender, shape)
  const plain = prepare(contender, "promise", size)
  await checked(plain, size)
  const run = prepare(contender, shape, size)
  const took = await checked(run, size)
  return { run: took, other: median([await timed(plain), await timed(plain), await timed(plain)]) }
}

/** Sees how many calls of ten are at work at the same time. */
const seeAtOnce = async (contender: Contender, shape: Shape): Promise<void> => {
  const calls = callsOf(10)
  const count = { working: 0, most: 0 }
  const body = bodyOf("promise", () => 0)
  const later = async (input: Input) => {
    count.most = Math.max(count.most, ++count.working)
    await nextTurn()
    count.working--
    return await body.later(input)
  }
  const run = contender.shapes?.[shape]({ kind: "promise", calls, millis: () => 0, work: { ...body, later } })
  if (run !== undefined) await checked(run, calls.length)
  const wanted = shapes[shape].atOnce === "one" ? 1 : calls.length
  if (count.most !== wanted) throw new Error(`${count.most} of ten calls ran at once, and not ${wanted}`)
}

const measureShape = async (
  contender: Contender,
  { millis, shape, size, warm }: Extract<Job, { _tag: "Shape" }>
): Promise<Measured> => {
  const run = prepare(contender, shape, size)
  const plain = prepare(contender, "promise", size)
  if (await timed(run) < warm) await inTurns(run, plain, warm, millis / 3)
  return await inTurns(run, plain, millis, millis / 3)
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
    case "Try":
      return await tryShape(contender, job)
    case "Shape":
      return await measureShape(contender, job)
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
// The asker gets the reason why it could not be loaded.
contender.catch(() => {})

process.on("message", ({ id, job }: { readonly id: number; readonly job: Job }) => {
  contender.then((contender) => perform(contender, job)).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) })
  )
})
process.on("disconnect", () => process.exit())
