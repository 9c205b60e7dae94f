import { z } from "zod"
import type { Call, Contender, Input, Run, Setting } from "../Contender.ts"

const Parameters = z.object({ n: z.int(), city: z.string().min(1) })

type Execute = (input: Input, signal: AbortSignal | undefined) => Promise<Input> | Input

const executeOf = ({ kind, work }: Setting): Execute => kind === "sync" ? work.now : work.later

const settle = async (execute: Execute, call: Call) => {
  try {
    const input = Parameters.parse(JSON.parse(call.arguments))
    return { id: call.id, content: JSON.stringify(await execute(input, undefined)) }
  } catch (error) {
    return { id: call.id, content: JSON.stringify({ error: String(error) }), isError: true }
  }
}

const timed = (execute: Execute): Execute => (input) =>
  new Promise((resolve, reject) => {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      const error = new Error("timed out")
      controller.abort(error)
      reject(error)
    }, 30_000)
    const end = (value: Input) => {
      clearTimeout(timer)
      resolve(value)
    }
    const fail = (error: unknown) => {
      clearTimeout(timer)
      reject(error)
    }
    const value = execute(input, controller.signal)
    if (value instanceof Promise) value.then(end, fail)
    else end(value)
  })

/** At most `cap` at once: that many loops take from one list. */
const pooled = async <A, B>(items: ReadonlyArray<A>, cap: number, run: (item: A) => Promise<B>) => {
  const results: Array<B> = []
  let next = 0
  const loop = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await run(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: cap }, loop))
  return results
}

const make = (execute: Execute, { calls, cap }: Setting): Run => async () => {
  const results = cap === undefined
    ? await Promise.all(calls.map((call) => settle(execute, call)))
    : await pooled(calls, cap, (call) => settle(execute, call))
  return results.filter(({ id, isError }, index) => id === calls[index]?.id && isError !== true).length
}

/** `Promise.all` by hand: parse, validate, run, write, each call on its own. */
export const floor: Contender = {
  title: "by hand: `Promise.all`",
  from: ["zod"],
  turns: 0,
  lacks: "time limits; unknown tools, repeated ids",
  can: { cap: true },
  make: (setting) => make(executeOf(setting), setting)
}

/** The same with what a time limit takes at least: a timer and an abort signal a call. */
export const floorTimer: Contender = {
  title: "by hand, a timer a call",
  from: ["zod"],
  turns: 0,
  lacks: "unknown tools, repeated ids; strays are forgotten",
  can: { cap: true },
  make: (setting) => make(timed(executeOf(setting)), setting)
}
