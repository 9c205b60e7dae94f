import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { NotReady, type Reason } from "../McpError.ts"
import type { Options } from "./server.ts"

/** How long a server may take to be ready, and what is said where it takes longer. */
export const patienceOf = ({ timeout = "30 seconds" }: Pick<Options, "timeout">) => {
  const duration = Duration.fromInputUnsafe(timeout)
  return { duration, late: new NotReady({ millis: Duration.toMillis(duration) }) }
}

/** Tries as long as a server may take to be ready, where another try may come to more. */
export const patiently = <A, R>(
  opening: Effect.Effect<A, Reason, R>,
  options: Pick<Options, "timeout">
): Effect.Effect<A, Reason, R> =>
  Effect.suspend(() => {
    const { duration, late } = patienceOf(options)
    let last: Reason = late
    return opening.pipe(
      Effect.tapError((reason) => Effect.sync(() => last = reason)),
      Effect.retry({ schedule: pauses, while: mayPass }),
      Effect.timeoutOrElse({ duration, orElse: () => Effect.fail(last) })
    )
  })

/** How long to wait until the next try: a quarter of a second at first, twice as long each time, and five seconds at most. */
export const pauses = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("5 seconds")])

const mayPass = (reason: Reason): boolean =>
  reason._tag === "HttpFailed" ? reason.status >= 500 : passing.has(reason._tag)

const passing: ReadonlySet<Reason["_tag"]> = new Set(["Unreachable", "Closed", "TimedOut"])
