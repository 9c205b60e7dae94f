/**
 * What tools do in a case, whoever runs them.
 */
import * as Effect from "effect/Effect"
import type { Attempt } from "./asked.ts"
import type { CallCase } from "./cases.ts"
import type { Settled } from "./hosts.ts"
import type { Plan, PlannedRun } from "./plans.ts"
import { millis } from "./time.ts"

/** How long a tool goes on that ignores interruption, and how long one cleans up, in steps. */
const stubbornness = 40
const cleaning = 2

/** Acts by plans, notes when each attempt begins and ends, and runs what is inside. */
export const acting = (
  plans: ReadonlyMap<number, Plan>,
  note: (what: string) => void,
  run: (inner: PlannedRun) => Effect.Effect<Settled>
) =>
(number: number, now: Attempt): Effect.Effect<unknown, string> => {
  const { call, inner } = plans.get(number)!
  const { attempt, id } = now
  const noting = (what: string) => Effect.sync(() => note(`${id} ${what} ${attempt}`))
  const rest = inner === undefined ? ending(call, number, now) : Effect.flatMap(run(inner), ({ outcomes }) => {
    const ends = outcomes.map((end) => `${end.id} ${end.tag}`).join()
    return Effect.andThen(Effect.sleep(millis(0, number + 700)), Effect.succeed(ends))
  })
  const acts = attempt <= call.fails
    ? Effect.andThen(takes(call, number, attempt), Effect.fail(`attempt ${attempt}`))
    : Effect.andThen(takes(call, number, attempt), rest)
  return Effect.acquireUseRelease(
    noting("begins"),
    () => Effect.andThen(Effect.logInfo("at work"), acts),
    () => noting("ends")
  )
}

const takes = ({ kind, length }: CallCase, number: number, attempt: number) => {
  if (kind === "hangs") return Effect.never
  const pause = length === 0 ? Effect.void : Effect.sleep(millis(length, number + 100 * (attempt - 1)))
  if (kind === "cleansUp") {
    return Effect.onInterrupt(Effect.never, () => Effect.sleep(millis(cleaning, number + 1_000)))
  }
  return kind === "stubborn" ? Effect.uninterruptible(Effect.sleep(millis(stubbornness, number))) : pause
}

const ending = ({ kind }: CallCase, number: number, { progress }: Attempt): Effect.Effect<unknown, string> => {
  switch (kind) {
    case "failure":
      return Effect.fail(`no ${number}`)
    case "defect":
      return Effect.die(new Error("bug"))
    case "interrupts":
      return Effect.interrupt
    case "unencodable":
      return Effect.succeed(() => {})
    case "stubborn":
      return Effect.as(Effect.suspend(() => progress(number)), "late")
    default:
      return Effect.as(Effect.suspend(() => progress(number)), `value ${number}`)
  }
}
