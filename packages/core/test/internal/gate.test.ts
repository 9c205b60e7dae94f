import { assert, describe, it } from "@effect/vitest"
import { Access, CallError } from "@volley/core"
import { Effect, Fiber } from "effect"
import type { Claims } from "../../src/internal/runner/claims.ts"
import { Gate, type Place } from "../../src/internal/runner/gate.ts"
import { Slots } from "../../src/internal/runner/slots.ts"

const touching = (...access: ReadonlyArray<Access.Access>): Claims => ({ access, slots: [], rates: [] })
const nothing = touching()
const gateWith = (room: number): Gate => new Gate(new Slots(), [], room)

/** What a place was told by now. */
const turnOf = (gate: Gate, place: Place) =>
  Effect.map(Effect.forkChild(gate.turn(place), { startImmediately: true }), (fiber) => {
    const told = () => {
      const exit = fiber.pollUnsafe()
      return exit === undefined ? "waits" : exit._tag === "Success" ? exit.value : "failed"
    }
    return { told, fiber }
  })

const start = { _tag: "Start" }

describe("a gate", () => {
  it.effect("starts a call that touches everything where all earlier ones settled before it came", () =>
    Effect.gen(function*() {
      const gate = gateWith(9)
      for (const claims of [nothing, touching(Access.write("k")), touching(Access.exclusive)]) {
        const earlier = gate.add("earlier", claims)
        yield* gate.turn(earlier)
        gate.settled(earlier)
      }
      const last = gate.add("last", touching(Access.exclusive))
      assert.deepStrictEqual<unknown>((yield* turnOf(gate, last)).told(), start)
    }))

  it.effect("lets later calls go as soon as a call is known to touch nothing of theirs", () =>
    Effect.gen(function*() {
      const gate = gateWith(9)
      const unknown = gate.add("unknown", undefined)
      const writer = gate.add("writer", touching(Access.write("k")))
      const { told } = yield* turnOf(gate, writer)
      assert.strictEqual(told(), "waits")
      gate.known(unknown, touching(Access.read("other")))
      assert.deepStrictEqual<unknown>(told(), start)
    }))

  it.effect("never starts a call whose claims are not known", () =>
    Effect.gen(function*() {
      const gate = gateWith(9)
      const { told } = yield* turnOf(gate, gate.add("unknown", undefined))
      gate.add("other", nothing)
      assert.strictEqual(told(), "waits")
    }))

  it.effect("keeps no room for a call that waits no more", () =>
    Effect.gen(function*() {
      const gate = gateWith(1)
      const [first, second, third] = ["1", "2", "3"].map((id) => gate.add(id, nothing))
      yield* gate.turn(first!)
      const { fiber } = yield* turnOf(gate, second!)
      const { told } = yield* turnOf(gate, third!)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(told(), "waits")
      gate.settled(first!)
      assert.deepStrictEqual<unknown>(told(), start)
    }))

  it.effect("has the room of a parked call once more, and of one that waits already not twice", () =>
    Effect.gen(function*() {
      const gate = gateWith(1)
      const [first, second, third] = ["1", "2", "3"].map((id) => gate.add(id, nothing))
      yield* gate.turn(first!)
      const others = [yield* turnOf(gate, second!), yield* turnOf(gate, third!)]
      gate.park(first!)
      gate.park(first!)
      assert.deepStrictEqual<unknown>(others.map(({ told }) => told()), [start, "waits"])
      gate.settled(first!)
      assert.deepStrictEqual<unknown>(others.map(({ told }) => told()), [start, "waits"])
      gate.settled(second!)
      assert.deepStrictEqual<unknown>(others.map(({ told }) => told()), [start, start])
    }))

  it.effect("has the room of a settled call once, however often that is said", () =>
    Effect.gen(function*() {
      const gate = gateWith(1)
      const [first, second, third] = ["1", "2", "3"].map((id) => gate.add(id, nothing))
      yield* gate.turn(first!)
      const others = [yield* turnOf(gate, second!), yield* turnOf(gate, third!)]
      gate.settled(first!)
      gate.settled(first!)
      assert.deepStrictEqual<unknown>(others.map(({ told }) => told()), [start, "waits"])
    }))

  it.effect("refuses later calls by the first earlier one that stands against them, and earlier ones by none", () =>
    Effect.gen(function*() {
      const gate = gateWith(9)
      const keyed = touching(Access.write("k"))
      const [before, first, second, after] = ["0", "1", "2", "3"].map((id) => gate.add(id, keyed))
      const why = new CallError.Uncertain({ after: "1" })
      gate.settled(first!, why)
      gate.settled(second!, new CallError.Uncertain({ after: "2" }))
      assert.deepStrictEqual<unknown>((yield* turnOf(gate, before!)).told(), start)
      gate.settled(before!)
      assert.deepStrictEqual<unknown>((yield* turnOf(gate, after!)).told(), { _tag: "Refused", reason: why })
    }))

  it.effect("starts nothing more once it is closed", () =>
    Effect.gen(function*() {
      const gate = gateWith(1)
      gate.close()
      assert.strictEqual((yield* turnOf(gate, gate.add("1", nothing))).told(), "waits")
    }))

  it.effect("counts slots by their keys, those of every call besides", () =>
    Effect.gen(function*() {
      const slots = new Slots()
      const gate = new Gate(slots, [{ key: "all", limit: 2 }], 9)
      const one = { ...nothing, slots: [{ key: "one", limit: 1 }] }
      const places = [one, one, nothing, nothing].map((claims, index) => gate.add(`${index}`, claims))
      const turns = []
      for (const place of places) turns.push(yield* turnOf(gate, place))
      assert.deepStrictEqual<unknown>(turns.map(({ told }) => told()), [start, "waits", start, "waits"])
      gate.settled(places[2]!)
      assert.deepStrictEqual<unknown>(turns.map(({ told }) => told()), [start, "waits", start, start])
      gate.settled(places[0]!)
      assert.deepStrictEqual<unknown>(turns.map(({ told }) => told()), [start, start, start, start])
    }))
})

describe("slots that are given back", () => {
  it("are told to whoever listens still", () => {
    const slots = new Slots()
    let told = 0
    const unlisten = slots.listen(() => told++)
    slots.give([])
    unlisten()
    slots.give([])
    assert.strictEqual(told, 1)
  })
})

describe("two accesses", () => {
  const all = [
    Access.read(""),
    Access.read("a"),
    Access.write("a"),
    Access.write("a/b"),
    Access.write("ab"),
    Access.exclusive
  ]

  it("conflict where one lies under the other and one writes, and always where one is exclusive", () => {
    assert.deepStrictEqual(all.map((a) => all.map((b) => Access.conflicts(a, b) ? 1 : 0)), [
      [0, 0, 1, 1, 1, 1],
      [0, 0, 1, 1, 0, 1],
      [1, 1, 1, 1, 0, 1],
      [1, 1, 1, 1, 0, 1],
      [1, 0, 0, 0, 1, 1],
      [1, 1, 1, 1, 1, 1]
    ])
  })

  it("are plain data", () => {
    assert.deepStrictEqual<unknown>([Access.read("k"), Access.write("k")], [
      { mode: "read", key: "k" },
      { mode: "write", key: "k" }
    ])
  })
})
