/**
 * What a model asks for in a run that is to be killed: plain data, the same for a seed.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/**
 * What a tool does.
 *
 * - `look` only reads, `odd` reads and fails; `put` is idempotent; `pay`, `ask` and `late` write: `ask` asks for approval first,
 *   `late` never ends
 */
export type Kind = "look" | "odd" | "put" | "pay" | "ask" | "late"

/** One thing to do; no other of all runs has its number. `millis` is how long it takes. */
export interface Action {
  readonly kind: Kind
  readonly n: number
  readonly millis: number
}

/** One call of a turn: an action, or several as the steps of a plan. */
export type Wanted = Action | ReadonlyArray<Action>

/** What a run does, turn for turn. */
export type Scenario = ReadonlyArray<ReadonlyArray<Wanted>>

export const isWrite = ({ kind }: Action): boolean => kind === "pay" || kind === "ask" || kind === "late"

/** What a host answers where it is asked whether an `ask` may run. */
export const isAllowed = (n: number): boolean => n % 3 !== 0

/** What `look` and `put` give back. */
export const valueOf = (n: number): number => n + 1

/** All things to do, those of plans too. */
export const actionsOf = (scenario: Scenario): ReadonlyArray<Action> => scenario.flat(2)

type Kinds = readonly [Kind, ...ReadonlyArray<Kind>]

const often: Kinds = ["look", "look", "put", "put", "pay", "pay", "pay", "ask", "late", "odd"]
const inPlans: Kinds = ["look", "put", "pay", "pay"]

/** What the run of a seed does; its numbers begin at a thousand times the seed. */
export const scenario = (seed: number): Scenario => Effect.runSync(Random.withSeed(turns(seed * 1000), seed))

const turns = Effect.fnUntraced(function*(first: number): Effect.fn.Return<Scenario> {
  let n = first
  const action = (kinds: Kinds) =>
    Effect.map(
      Effect.all([Random.choice(kinds), Random.nextIntBetween(2, 40)]),
      ([kind, millis]): Action => ({ kind, n: n++, millis })
    )
  const wanted = Effect.gen(function*() {
    if ((yield* Random.next) > 0.15) return yield* action(often)
    return yield* several(2, 4, action(inPlans))
  })
  return yield* several(2, 4, several(1, 6, wanted))
})

const several = <A>(least: number, most: number, one: Effect.Effect<A>): Effect.Effect<ReadonlyArray<A>> =>
  Effect.flatMap(
    Random.nextIntBetween(least, most + 1),
    (count) => Effect.all(Array.from({ length: count }, () => one))
  )
