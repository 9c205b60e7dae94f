/**
 * The order of what calls touch, held against one that compares all calls with all others.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, CallError } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect } from "effect"
import { Barriers } from "../../src/internal/runner/barriers.ts"
import { Keys, type Touches } from "../../src/internal/runner/cohorts.ts"
import { Order, Place } from "../../src/internal/runner/order.ts"
import { conflict } from "../oracle/world.ts"

const { oneOf, upTo } = Generate

/** What is done to an order: a call comes, or one that is there makes the next step of its life. */
interface Step {
  readonly touches: Touches
  readonly isKnown: boolean
  readonly which: number
  readonly does: "comes" | "goes on" | "ends" | "becomes two"
}

/** Steps of calls that touch these keys. */
const stepsWith = (...keys: ReadonlyArray<string>): Arbitrary.Arbitrary<ReadonlyArray<Step>> => {
  const access = Arbitrary.map(
    Arbitrary.all([oneOf("read", "write", "write"), oneOf(...keys)]),
    ([mode, key]) => mode === "read" ? Access.read(key) : Access.write(key)
  )
  const touches: Arbitrary.Arbitrary<Touches> = Arbitrary.map(
    Arbitrary.all([Arbitrary.array(access, { maxLength: 3 }), upTo(9), oneOf(true, false)]),
    ([access, n, inTurn]) =>
      n >= 8 ? { access: [Access.exclusive], inTurn: false } : { access, inTurn: inTurn && access.length === 0 }
  )
  return Arbitrary.array(
    Arbitrary.all({
      touches,
      isKnown: oneOf(true, true, false),
      which: upTo(9),
      does: oneOf("comes", "comes", "goes on", "goes on", "ends", "becomes two")
    }),
    { maxLength: 90 }
  )
}

const steps = stepsWith("a", "a/b", "a/b/c", "a/d", "b", "")
const fewKeys = stepsWith("a", "a/b")

/** A call, its place, whether it was told that it may start, and how often it was said that all before its end is known. */
interface Call {
  readonly place: Place
  readonly touches: Touches
  readonly like: string
  isKnown: boolean
  state: "waiting" | "running" | "settled"
  isTold: boolean
  isToldEarly: boolean
  isToldLate: boolean
  ends: number
}

const saysNothing = ({ access, inTurn }: Touches) => access.length === 0 && !inTurn

/** What is not known meets all that touches something; what says nothing but is to be in turn meets its like. */
const meet = (one: Call, other: Call): boolean => {
  const claims = ({ touches: { access } }: Call) => ({ touches: access, pools: [], rates: [] })
  if (one.isKnown && other.isKnown) {
    return conflict(claims(one), claims(other)) || (one.touches.inTurn && other.touches.inTurn)
  }
  return one.isKnown ? !saysNothing(one.touches) : other.isKnown && !saysNothing(other.touches)
}

/** Both read the same, and the other one later. */
const isLike = ({ like, place, touches }: Call, other: Call): boolean =>
  touches.access.every(({ mode }) => mode === "read") && !touches.inTurn && place.number < other.place.number &&
  like === other.like

const isBetween = (one: Call, between: Call, other: Call): boolean =>
  one.place.number < between.place.number && between.place.number < other.place.number

const afterOf = (reason: CallError.Reason | undefined): string | undefined =>
  reason?._tag === "Uncertain" ? reason.after : undefined

/** Plays steps; gives what is wrong after the first that goes wrong. */
const play = (steps: ReadonlyArray<Step>): string | undefined => {
  const keys = new Keys()
  const order = new Order(keys)
  const calls: Array<Call> = []
  const barriers = new Barriers()
  const noted = new Set<Call>()
  const kept: Array<readonly [call: Call, forget: () => void]> = []
  let count = 0
  const come = (touches: Touches, isKnown: boolean, behind?: Call): Call => {
    const place = new Place(order, `c${count++}`, isKnown ? touches : undefined, () => {
      call.isToldEarly ||= !order.mayStart(place)
      call.isTold = true
      call.isToldLate ||= call.state === "settled"
    })
    const like = JSON.stringify(touches)
    const untold = { isTold: false, isToldEarly: false, isToldLate: false }
    const call: Call = { place, touches, like, isKnown, state: "waiting", ...untold, ends: 0 }
    calls.splice(behind === undefined ? calls.length : calls.indexOf(behind) + 1, 0, call)
    order.add(place, behind?.place)
    return call
  }
  // An end that is still to be said may leave something in doubt.
  const isOpen = (call: Call) => call.state === "waiting" || (noted.has(call) && call.ends === 0)
  const before = (call: Call) =>
    calls.filter((other, n) => other.state === "running" || (isOpen(other) && n < calls.indexOf(call)))
      .filter((other) => other !== call && meet(other, call))
  const mayStart = (call: Call) => call.isKnown && before(call).length === 0
  /** The first call that left in doubt what this one touches; what is not known may have been anything that has a key. */
  const doubtOf = (call: Call) =>
    calls.slice(0, calls.indexOf(call)).find((other) =>
      other.ends > 0 && meet(other, call) && (other.isKnown || call.touches.access.length > 0)
    )
  const make = ({ does, isKnown, touches, which }: Step): void => {
    if (does === "comes") return void come(touches, isKnown)
    const open = calls.filter(({ state }) => state !== "settled")
    const call = open[which % open.length]
    if (call === undefined) return
    if (does === "becomes two") {
      if (call.isKnown) return
      const first = come(touches, isKnown, call)
      come(touches, true, first)
    } else if (does === "goes on" && call.state === "waiting") {
      if (!call.isKnown) {
        call.isKnown = true
        return order.known(call.place, call.touches)
      }
      if (!mayStart(call)) return
      call.state = "running"
      order.start(call.place)
      return void (which % 2 === 0 && kept.push([call, order.keep(call.place)]))
    } else if (does === "goes on") return
    const hasStarted = call.state === "running"
    call.state = "settled"
    const isNoted = which % 2 === 0
    if (isNoted && !hasStarted) noted.add(call)
    const atEnd = () => {
      call.ends++
      barriers.add(call.place, new CallError.Uncertain({ after: call.place.callId }))
    }
    for (let times = 0; times < 2; times++) order.leave(call.place, isNoted ? atEnd : undefined)
    if (isNoted && hasStarted && call.ends !== 1) call.ends = Infinity
  }
  for (const [n, step] of steps.entries()) {
    make(step)
    for (const call of calls) {
      const isHeld = calls.slice(0, calls.indexOf(call)).some(({ isKnown, state }) => !isKnown && state === "waiting")
      if (call.ends > 1 || (noted.has(call) && call.ends !== (isHeld ? 0 : 1))) {
        return `step ${n}: the end of ${call.place.callId} was said ${call.ends} times`
      }
      if (call.isToldEarly) return `step ${n}: ${call.place.callId} was told that it may start, and may not`
      if (call.isToldLate) return `step ${n}: ${call.place.callId} was told after its end`
      if (call.state !== "waiting") continue
      const may = mayStart(call)
      const { callId } = call.place
      if (order.mayStart(call.place) !== may) return `step ${n}: ${callId} may${may ? "" : " not"} start`
      if (may && !call.isTold) return `step ${n}: ${callId} was not told`
      const doubt = may ? afterOf(barriers.before(call.place)) : undefined
      if (may && doubt !== doubtOf(call)?.place.callId) return `step ${n}: ${callId} is in doubt after ${doubt}`
      if (!may) call.isTold = false
      const { behind } = call.place
      const isBehind = behind === undefined
        ? saysNothing(call.touches) || calls.some(({ state }) => state === "settled")
        : before(call).some(({ place, state }) => place.callId === behind && state !== "settled")
      if (call.isKnown && !may && !isBehind) return `step ${n}: ${callId} is behind ${behind}`
    }
  }
  for (const [call] of kept) {
    for (const other of calls.filter((other) => isLike(call, other))) {
      const isApart = calls.some((between) => isBetween(call, between, other) && meet(between, call))
      if (isApart && order.isSame(call.place, other.place)) return `${call.place.callId} and its like are one`
    }
  }
  for (const { place } of calls) order.leave(place)
  for (const [, forget] of kept) forget()
  return keys.root.below?.size ? `${keys.root.below.size} keys are not forgotten` : undefined
}

describe("the order of calls", () => {
  it.effect.prop(
    "lets a call start once no earlier one that it meets is under way, and tells it",
    { steps },
    ({ steps }) => Effect.sync(() => assert.isUndefined(play(steps))),
    { arbitrary: { runs: 1000, seed: 1, size: 90 } }
  )

  // Mutants see few cases of a law alone.
  it.effect.each([[1, steps], [2, steps], [3, fewKeys], [4, fewKeys]] as const)(
    "does so in a hundred cases that are the same each time: %s",
    ([seed, steps]) =>
      Effect.map(Arbitrary.sampleEffect(steps, { count: 100, seed, size: 60 }), (cases) => {
        assert.deepStrictEqual(cases.flatMap((steps) => play(steps) ?? []), [])
      })
  )

  it("tells a call that passes others but once, whoever ends that did not hold it up", () => {
    const order = new Order()
    let told = 0
    const placed = (access: ReadonlyArray<Access.Access> | undefined, ready: () => void = () => undefined) => {
      const place = new Place(order, "call", access && { access, inTurn: false }, ready)
      order.add(place)
      return place
    }
    const before = placed([Access.write("a")])
    placed(undefined)
    const held = placed([Access.write("b")])
    placed([], () => told++)
    for (const place of [held, before]) order.leave(place)
    assert.strictEqual(told, 1)
  })
})
