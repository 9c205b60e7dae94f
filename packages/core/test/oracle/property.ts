/**
 * Holds runners against the oracle, on random cases and in virtual time.
 */
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Case } from "./cases.ts"
import { Choices } from "./fair.ts"
import type { Fault } from "./faults.ts"
import { type Host, library, oracle } from "./hosts.ts"
import type { End } from "./outcome.ts"
import { drawing, planned } from "./plans.ts"
import { play, type Played } from "./play.ts"
import { difference } from "./seen.ts"
import { falseWait } from "./waits.ts"

/** How many random cases there are of each kind; `npm run laws` asks for more. */
export const runs = Number(process.env["LAWS_CASES"] ?? 1000)

/** A runner that does something else than the oracle. */
export class Differs extends Data.TaggedError("Differs")<{ readonly message: string }> {}

/** Two calls ended in the same instant, and it may matter which was first: that is up to the runner. */
const isTie = (one: Case, { settled, started: ran }: Played): boolean => {
  const { limit, runs } = one
  // One that is equal to another runs by itself where something that conflicts lies between them.
  const followers = new Set(
    planned(one).flatMap(({ plans }) =>
      plans.flatMap(({ acts, id }) => acts === undefined || ran.includes(id) ? [] : [id])
    )
  )
  const started = settled.filter(({ attempts, id }) => attempts > 0 && !followers.has(id))
  const twice = (ends: ReadonlyArray<End>) => {
    const instants = ends.map(({ endedAt }) => endedAt)
    return instants.filter((at, index) => instants.indexOf(at) !== index)
  }
  const begins = new Set(settled.map(({ attempts, endedAt, startedAt }) => attempts > 0 ? startedAt : endedAt))
  const needsOrder = runs.some(({ calls }) => calls.some(({ tool }) => !tool.startsWith("plain")))
  if (limit !== undefined && twice(started).length > 0) return true
  if (needsOrder && twice(started).some((at) => begins.has(at))) return true
  if (runs.some(({ listener }) => listener === "slow") && twice(settled).length > 0) return true
  const late = started.filter(({ encoded }) => encoded.includes("(timeout)"))
  return runs.some(({ failFast }) => failFast) &&
    late.some((one) =>
      started.some((other) => other !== one && other.startedAt === one.startedAt && other.endedAt === one.endedAt)
    )
}

/** Plays a case with both; true where they could be compared. */
export const compared = (host: Host, one: Case): Effect.Effect<boolean, Differs> =>
  Effect.gen(function*() {
    const whole = one.interruptedAfter === undefined ? undefined : yield* play(oracle(), one)
    const at = whole && instantOf(whole, one.interruptedAfter ?? 0)
    const actual = yield* play(host, one, at)
    const choices = new Choices(actual.started)
    const expected = yield* play(oracle(), one, at, choices.first)
    // An interruption moves what comes behind it, so that there may be other ties.
    if ([whole ?? expected, expected, actual].some((played) => isTie(one, played))) return false
    const message = difference(actual.seen, expected.seen) ?? falseWait(one, actual.waits, expected.settled) ??
      choices.unfairness
    if (message && process.env["DEBUG"]) {
      console.log("ACTUAL", actual.seen, "EXPECTED", expected.seen)
    }
    return message === undefined || (yield* new Differs({ message: `${drawing(one)}\n${message}` }))
  })

/** An instant at which nothing happens. */
const instantOf = ({ finished, settled }: Played, share: number): number => {
  const instants = new Set(settled.flatMap(({ endedAt, startedAt }) => [startedAt, endedAt]))
  let at = Math.floor(finished * share) + 1
  while (instants.has(at)) at++
  return at
}

/** A runner does what the oracle does. */
export const check = (
  cases: Arbitrary.Arbitrary<Case>,
  host: Host,
  options: { readonly runs?: number; readonly seed?: string | number; readonly maxShrinks?: number } = {}
) =>
  Effect.gen(function*() {
    let skipped = 0
    const one = (drawn: Case) =>
      Effect.map(compared(host, drawn), (wasCompared) => {
        if (!wasCompared) skipped++
        return true
      })
    const found = yield* Arbitrary.checkEffect(cases, one, { runs, size: 60, ...options })
    return { found, skipped }
  })

/** The suite tries the same cases each time; `npm run laws` tries others. */
const again = process.env["LAWS_CASES"] === undefined ? { seed: 1 } : {}

/** The library does what the oracle does, and the oracle with any of these faults is found out. */
export const agrees = (cases: Arbitrary.Arbitrary<Case>, faults: ReadonlyArray<Fault> = []): void => {
  it.effect("the library does what the oracle does", () =>
    Effect.gen(function*() {
      const { found, skipped } = yield* check(cases, library, again)
      if (found._tag === "Falsified" && found.failure._tag === "PropertyError") assert.fail(found.failure.error.message)
      assert.strictEqual(found._tag, "Passed")
      assert.isBelow(skipped, runs / 2, "cases that could not be compared")
    }), 600_000)

  it.effect.each(faults)("a runner is found out that has this fault: %s", (fault) =>
    Effect.gen(function*() {
      const { found } = yield* check(cases, oracle(fault), { runs: 1000, seed: 1, maxShrinks: 0 })
      assert.strictEqual(found._tag, "Falsified")
    }), 60_000)
}
