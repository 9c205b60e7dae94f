/**
 * The room that calls take, lend to the runs inside them and give back, held against the oracle's, which counts all anew.
 */
import { assert, describe, it } from "@effect/vitest"
import { Generate } from "@volley/testing"
import { Arbitrary, Duration, Effect } from "effect"
import { Engine } from "../../src/internal/runner/engine.ts"
import type { Job } from "../../src/internal/runner/job.ts"
import { read } from "../../src/internal/runner/options.ts"
import { Order } from "../../src/internal/runner/order.ts"
import { Pool } from "../../src/internal/runner/room.ts"
import type { Run } from "../../src/internal/runner/run.ts"
import {
  awayFrom,
  give,
  type Lacked,
  lackedBy,
  leaveLine,
  lend,
  take,
  unlend,
  withdraw
} from "../../src/internal/runner/slots.ts"
import * as World from "../oracle/world.ts"
import { jobIn, runIn } from "./runs.ts"

const { oneOf, upTo } = Generate

/** What happens next, and to which of those that it may happen to. */
interface Step {
  readonly does: "comes" | "starts" | "begins a run" | "ends" | "is cut" | "borrows"
  readonly which: number
  readonly pools: ReadonlyArray<World.Pool>
  readonly concurrency: number
}

interface Case {
  readonly limit: number | undefined
  readonly steps: ReadonlyArray<Step>
}

/** Most are counted under one key of which there is one: calls that have one and need the other wait for each other. */
const pools: Arbitrary.Arbitrary<ReadonlyArray<World.Pool>> = Arbitrary.map(
  Arbitrary.all([oneOf(0, 1, 1, 0, 2), oneOf(0, 1, 1, 2, 3), oneOf("a", "b", "both")]),
  ([a, b, which]) => [
    ...a > 0 && which !== "b" ? [{ key: "a", limit: a }] : [],
    ...b > 0 && which !== "a" ? [{ key: "b", limit: b }] : []
  ]
)

const cases: Arbitrary.Arbitrary<Case> = Arbitrary.all({
  limit: oneOf(undefined, 1, 2, 3),
  steps: Arbitrary.array(
    Arbitrary.all({
      does: oneOf(
        ...["comes", "comes", "comes", "starts", "starts", "starts", "begins a run", "begins a run"] as const,
        ...["ends", "is cut", "borrows", "borrows"] as const
      ),
      which: upTo(99),
      pools,
      concurrency: oneOf(1, 2, 9)
    }),
    { maxLength: 120 }
  )
})

/** A call on both sides; `lacked` is what it waits for. */
interface Seat {
  readonly job: Job
  readonly member: World.Member
  readonly in: Inside
  lacked: Lacked | undefined
}

/** A run on both sides. */
interface Inside {
  readonly run: Run<Job>
  readonly of: World.Run
  readonly outer: Seat | undefined
  readonly seats: Array<Seat>
}

const everyCall = "every call"

/** The world of one case: runs within runs, as the runner counts them and as the oracle does. */
class Hall {
  readonly engine = new Engine<Job, Run<Job>>(() => false)
  readonly world = World.make({})
  readonly #limit: number | undefined
  readonly #shared
  readonly #all: Array<Inside> = []

  constructor(limit: number | undefined) {
    this.#limit = limit
    const gate = new Pool<Job>().gate(limit ?? Infinity)
    this.#shared = limit === undefined ? undefined : { engine: this.engine, gate, order: new Order() }
    this.begin(9)
    this.begin(9)
  }

  get runs(): ReadonlyArray<Inside> {
    return this.#all.filter(({ of }) => this.world.runs.includes(of))
  }

  inState(state: World.Member["state"]): ReadonlyArray<Seat> {
    return this.runs.flatMap(({ seats }) => seats).filter(({ member }) => member.state === state)
  }

  /** Those that run and wait for no run inside them. */
  get atWork(): ReadonlyArray<Seat> {
    return this.inState("running").filter((seat) => !this.hasRuns(seat))
  }

  hasRuns(seat: Seat): boolean {
    return this.runs.some(({ outer }) => outer === seat)
  }

  /** How many work under a key, where a call counts as long as it or one inside it is at work. */
  busy(key: string): number {
    const atWork = this.atWork.map(({ member }) => member)
    const running = this.inState("running").map(({ member }) => member)
    const within = (member: World.Member): readonly [count: number, isBusy: boolean] => {
      const inner = running.filter(({ run }) => run.parent === member).map(within)
      const isBusy = atWork.includes(member) || inner.some(([, isBusy]) => isBusy)
      const own = isBusy && member.claims.pools.some((pool) => pool.key === key) ? 1 : 0
      return [Math.max(own, inner.reduce((sum, [count]) => sum + count, 0)), isBusy]
    }
    const outermost = running.filter(({ run: { parent } }) => parent === undefined || !running.includes(parent))
    return outermost.reduce((sum, member) => sum + within(member)[0], 0)
  }

  /** True where a call has what one that it is not inside of has lent. */
  get isAnyAway(): boolean {
    return this.inState("running").some(({ job }) => job.holds?.some(({ isAway }) => isAway) === true)
  }

  begin(concurrency: number, outer?: Seat): Inside {
    const run = runIn(this.engine, { shared: this.#shared, lender: outer?.job, bounds: read({ concurrency }, {}) })
    run.isEager = true
    const of = { number: this.#all.length, parent: outer?.member, expiresAt: Infinity, members: [], isOpen: true }
    this.world.runs = [...this.world.runs, of]
    const inside = { run, of, outer, seats: [] }
    this.#all.push(inside)
    if (outer !== undefined) lend(outer.job)
    return inside
  }

  come(inside: Inside, pools: ReadonlyArray<World.Pool>): void {
    const { of, run, seats } = inside
    const id = `call ${of.number}.${seats.length}`
    const job = jobIn(run, id, seats.length)
    if (pools.length > 0) job.claims = { access: [], slots: pools, rates: [] }
    const every = this.#limit === undefined ? [] : [{ key: everyCall, limit: this.#limit }]
    const all = [{ key: `run ${of.number}`, limit: run.gate.limit }, ...every, ...pools]
    const claims = { touches: [], pools: all, rates: [] }
    const isKeyed = pools.length > 0
    const member: World.Member = { id, claims, isKeyed, run: of, state: "ready", startedAt: 0, barrier: undefined }
    of.members.push(member)
    const seat: Seat = { job, member, in: inside, lacked: undefined }
    seats.push(seat)
    if (run.lender !== undefined) this.engine.nested.add(job)
    this.#wait(seat)
  }

  #wait(seat: Seat): void {
    const { job } = seat
    seat.lacked = lackedBy(job)
    if (seat.lacked === undefined) return
    job.line = seat.lacked.line
    job.line.push(job, false)
  }

  start({ job, member }: Seat, borrows = false): void {
    leaveLine(job)
    take(job, borrows)
    assert.isTrue(this.#all.every(({ run }) => run === job.run || run.turn < job.run.turn))
    job.isRunning = true
    World.start(this.world, member, 0)
  }

  /** Ends a call, and the runs inside it before or after. */
  end(seat: Seat, isOutside: boolean): void {
    const { job, member } = seat
    const inside = this.runs.filter(({ outer }) => outer === seat)
    if (!isOutside) { for (const run of inside) this.close(run) }
    if (!job.over) {
      job.over = true
      if (job.isRunning) give(job)
      else withdraw(job)
    }
    if (isOutside) { for (const run of inside) this.close(run) }
    World.end(this.world, member)
  }

  close({ of, outer, seats }: Inside): void {
    for (const seat of seats) if (seat.member.state !== "settled" || this.hasRuns(seat)) this.end(seat, false)
    World.close(this.world, of)
    if (outer !== undefined) unlend(outer.job)
  }

  /** Has those wait anew whom the runner would look at again. */
  lookAgain(): void {
    for (const seat of this.inState("ready")) {
      if (seat.lacked !== undefined && !this.engine.looked.has(seat.lacked)) continue
      leaveLine(seat.job)
      this.#wait(seat)
    }
    this.engine.looked.clear()
  }

  /** A call that may go on with what others have lent, where no call is at work. */
  get borrower(): Seat | undefined {
    if (this.engine.working > 0) return undefined
    const can = this.inState("ready").filter((seat) =>
      seat.in.outer !== undefined && lackedBy(seat.job, true) === undefined && !this.hasRuns(seat)
    )
    return can.find(({ in: { outer } }) => outer !== undefined && awayFrom(outer.job) === undefined) ?? can[0]
  }

  /** What is wrong. */
  get problem(): string | undefined {
    const { engine, isAnyAway, world } = this
    const [ready, running] = [this.inState("ready"), this.inState("running")]
    const lenders = running.filter((seat) => !this.atWork.includes(seat))
    if (engine.working !== this.atWork.length) return `${engine.working} at work, not ${this.atWork.length}`
    if (engine.lenders.size !== lenders.length || !lenders.every(({ job }) => engine.lenders.has(job))) return "lenders"
    const nested = ready.filter(({ in: { outer } }) => outer !== undefined)
    if (engine.nested.size !== nested.length || !nested.every(({ job }) => engine.nested.has(job))) return "nested"
    for (const { job, lacked, member } of ready.filter((seat) => !this.hasRuns(seat))) {
      if ((lackedBy(job) === undefined) !== (lacked === undefined)) return `${member.id} was not looked at`
      if (!isAnyAway && (lacked === undefined) !== World.hasRoom(world, member)) return `${member.id} has room`
    }
    for (const key of ["a", "b", everyCall]) {
      const pool = key === everyCall ? this.#shared?.gate.pool : engine.room.of(key)
      if (pool === undefined) continue
      if (!isAnyAway && pool.taken !== World.taken(world, key)) return `${pool.taken} under ${key}`
      const limits = running.flatMap(({ member: { claims } }) =>
        claims.pools.flatMap((one) => one.key === key ? one.limit : [])
      )
      const busy = this.busy(key)
      if (busy > Math.max(0, ...limits)) return `${busy} at work under ${key}`
    }
    return undefined
  }
}

const play = ({ limit, steps }: Case): string | undefined => {
  const hall = new Hall(limit)
  const one = <A>(all: ReadonlyArray<A>, which: number): A | undefined => all[which % all.length]
  const isFree = (seat: Seat) => seat.lacked === undefined && !hall.hasRuns(seat)
  const make = ({ concurrency, does, pools, which }: Step): void => {
    if (does === "comes") return hall.come(one(hall.runs, which)!, pools)
    if (does === "starts") {
      const seat = one(hall.inState("ready").filter(isFree), which)
      return seat && hall.start(seat)
    }
    if (does === "borrows") return hall.borrower && hall.start(hall.borrower, true)
    if (does === "ends") {
      const seat = one(hall.atWork, which)
      return seat && hall.end(seat, false)
    }
    const open = [...hall.inState("running"), ...hall.inState("ready")]
    if (does === "begins a run") {
      // What decides on a call may run calls too, and so may what goes on after the end of its call.
      const others = [...hall.inState("ready"), ...hall.inState("settled")].filter((seat) =>
        seat.in.outer === undefined
      )
      const seat = one([...hall.inState("running"), ...hall.inState("running"), ...others], which)
      return seat && hall.come(hall.begin(concurrency, seat), pools)
    }
    const seat = one(open, which)
    if (seat !== undefined && !hall.isAnyAway) hall.end(seat, concurrency === 1)
  }
  const look = (): string | undefined => {
    hall.lookAgain()
    for (const inside of hall.runs) {
      if (inside.outer !== undefined && inside.seats.every(({ job }) => job.over)) hall.close(inside)
    }
    hall.lookAgain()
    return hall.problem
  }
  for (const [n, step] of steps.entries()) {
    make(step)
    const problem = look()
    if (problem !== undefined) return `step ${n}: ${problem}`
  }
  // All that is there comes to its end, however it is nested.
  for (let left = 1000; hall.inState("ready").length + hall.inState("running").length > 0; left--) {
    const next = hall.inState("ready").find(isFree)
    const [ended] = hall.atWork
    if (next !== undefined) {
      if (steps.length % 2 === 0) hall.start(next)
      else hall.end(next, false)
    } else if (ended !== undefined) hall.end(ended, false)
    else if (hall.borrower !== undefined) hall.start(hall.borrower, true)
    else return "all wait for each other"
    const problem = look() ?? (left === 0 ? "it goes on and on" : undefined)
    if (problem !== undefined) return `at the end: ${problem}`
  }
  return ["a", "b"].some((key) => hall.engine.room.of(key).gates.length > 0) ? "a key is not forgotten" : undefined
}

describe("a start under a rate", () => {
  const rate = { key: "r", limit: 9, window: Duration.seconds(1) }
  const callsOf = (engine: Engine<Job, Run<Job>>, ...rates: NonNullable<Job["claims"]>["rates"]) => {
    const run = runIn(engine)
    run.isEager = true
    return [0, 1, 2].map((index) => {
      const job = jobIn(run, `${index}`, index)
      job.claims = { access: [], slots: [], rates }
      return job
    })
  }

  it("goes to who waits for it before all that come later, and to none while a limiter is asked", () => {
    const engine = new Engine<Job, Run<Job>>(() => false)
    const [[first, second, third], [other]] = [callsOf(engine, rate), callsOf(engine, rate)]
    const known = engine.rates.of("r", rate.window)
    second!.line = known.line
    known.line.push(second!, false)
    const lacking = () =>
      [first, second, third, other].map((job) => [lackedBy(job!) === known, lackedBy(job!, false, true) === known])
    assert.deepStrictEqual(lacking(), [[false, false], [false, false], [true, false], [true, false]])
    known.asking = true
    assert.isTrue(lacking().flat().every((isLacking) => isLacking))
  })

  it("is forgotten once no call is left that needs one", () => {
    const engine = new Engine<Job, Run<Job>>(() => false)
    const known = engine.rates.of("r", rate.window)
    for (const job of callsOf(engine, rate)) withdraw(job)
    assert.notStrictEqual(engine.rates.of("r", rate.window), known)
  })

  it("is forgotten with the end of a call whose service may want to be left alone, and does not", () => {
    const engine = new Engine<Job, Run<Job>>(() => false)
    const [job] = callsOf(engine, { ...rate, after: () => undefined })
    take(job!, false)
    job!.attempts = 1
    const known = engine.rates.of("r", rate.window)
    // Its start counts no more, as of the zero milliseconds that such a call is counted for.
    known.starts.shift()
    give(job!)
    assert.notStrictEqual(engine.rates.of("r", rate.window), known)
  })
})

describe("what a call gives back", () => {
  it("has nobody looked at where none waits for it, and asks no run for more that has no more calls", () => {
    const engine = new Engine<Job, Run<Job>>(() => false)
    const shared = { engine, gate: new Pool<Job>().gate(1), order: new Order() }
    const run = runIn(engine, { shared })
    const job = jobIn(run, "job", 0)
    job.claims = { access: [], slots: [{ key: "k", limit: 1 }], rates: [] }
    job.line = engine.room.of("k").gate(1).line
    leaveLine(job)
    take(job, false)
    job.attempts = 1
    give(job)
    assert.deepStrictEqual([engine.looked.size, engine.wanting.size], [0, 0])
  })
})

describe("the room of calls", () => {
  it.effect.prop(
    "is counted as if it were counted anew each time, and all end, however they are nested",
    { one: cases },
    ({ one }) => Effect.sync(() => assert.isUndefined(play(one))),
    { arbitrary: { runs: 300, seed: 1, size: 60 } }
  )

  // Mutants see few cases of a law alone.
  it.effect.each([1, 2, 3])(
    "is so in a hundred cases that are the same each time: %s",
    (seed) =>
      Effect.map(Arbitrary.sampleEffect(cases, { count: 100, seed, size: 60 }), (cases) => {
        assert.deepStrictEqual(cases.flatMap((one) => play(one) ?? []), [])
      })
  )
})
