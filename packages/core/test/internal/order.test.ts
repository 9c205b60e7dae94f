/**
 * The order of what calls touch, held against one that compares all calls with all others.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect } from "effect"
import type { Touches } from "../../src/internal/runner/cohorts.ts"
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

const access = Arbitrary.map(
  Arbitrary.all([oneOf("read", "write", "write"), oneOf("a", "a/b", "a/b/c", "a/d", "b", "")]),
  ([mode, key]) => mode === "read" ? Access.read(key) : Access.write(key)
)

const touches: Arbitrary.Arbitrary<Touches> = Arbitrary.map(
  Arbitrary.all([Arbitrary.array(access, { maxLength: 3 }), upTo(9), oneOf(true, false)]),
  ([access, n, inTurn]) =>
    n >= 8 ? { access: [Access.exclusive], inTurn: false } : { access, inTurn: inTurn && access.length === 0 }
)

const steps: Arbitrary.Arbitrary<ReadonlyArray<Step>> = Arbitrary.array(
  Arbitrary.all({
    touches,
    isKnown: oneOf(true, true, false),
    which: upTo(9),
    does: oneOf("comes", "comes", "goes on", "goes on", "ends", "becomes two")
  }),
  { maxLength: 90 }
)

/** A call, its place, whether it was told that it may start, and how often it was said that all before its end is known. */
interface Call {
  readonly place: Place
  readonly touches: Touches
  isKnown: boolean
  state: "waiting" | "running" | "settled"
  isTold: boolean
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

/** Plays steps; gives what is wrong after the first that goes wrong. */
const play = (steps: ReadonlyArray<Step>): string | undefined => {
  const order = new Order()
  const calls: Array<Call> = []
  const noted = new Set<Call>()
  let count = 0
  const come = (touches: Touches, isKnown: boolean, behind?: Call): Call => {
    const place = new Place(order, `c${count++}`, isKnown ? touches : undefined, () => void (call.isTold = true))
    const call: Call = { place, touches, isKnown, state: "waiting", isTold: false, ends: 0 }
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
      return order.start(call.place)
    } else if (does === "goes on") return
    const hasStarted = call.state === "running"
    call.state = "settled"
    const isNoted = which % 2 === 0
    if (isNoted && !hasStarted) noted.add(call)
    for (let times = 0; times < 2; times++) order.leave(call.place, isNoted ? () => void call.ends++ : undefined)
    if (isNoted && hasStarted && call.ends !== 1) call.ends = Infinity
  }
  for (const [n, step] of steps.entries()) {
    make(step)
    for (const call of calls) {
      const isHeld = calls.slice(0, calls.indexOf(call)).some(({ isKnown, state }) => !isKnown && state === "waiting")
      if (call.ends > 1 || (noted.has(call) && call.ends !== (isHeld ? 0 : 1))) {
        return `step ${n}: the end of ${call.place.callId} was said ${call.ends} times`
      }
      if (call.state !== "waiting") continue
      const may = mayStart(call)
      const { callId } = call.place
      if (order.mayStart(call.place) !== may) return `step ${n}: ${callId} may${may ? "" : " not"} start`
      if (may && !call.isTold) return `step ${n}: ${callId} was not told`
      if (!may) call.isTold = false
      const { behind } = call.place
      const named = calls.find(({ place }) => place.callId === behind)
      const isRight = named === undefined ? calls.some(({ state }) => state === "settled") : named.state !== "settled"
      if (call.isKnown && !may && !isRight) return `step ${n}: ${callId} is behind ${behind}`
    }
  }
  return undefined
}

describe("the order of calls", () => {
  it.effect.prop(
    "lets a call start once no earlier one that it meets is under way, and tells it",
    { steps },
    ({ steps }) => Effect.sync(() => assert.isUndefined(play(steps))),
    { arbitrary: { runs: 1000, size: 90 } }
  )

  // Mutants see ten cases of a law alone; these are few and short enough for them.
  it.effect.each([1, 2, 3, 4])(
    "does so in sixty cases that are the same each time: %s",
    (seed) =>
      Effect.map(Arbitrary.sampleEffect(steps, { count: 60, seed, size: 40 }), (cases) => {
        assert.deepStrictEqual(cases.flatMap((steps) => play(steps) ?? []), [])
      })
  )
})
