/**
 * How an answer goes out in the course of time.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as Frame from "../Frame.ts"
import type { Answer, Entry } from "./exchange.ts"
import { half } from "./spoil.ts"

/** How long the model takes. */
export interface Tempo {
  /** How long to the first byte: such as `"1 second"`, or a number of milliseconds. */
  readonly latency?: Duration.Input | undefined
  /** How long to each call of the turn, likewise. */
  readonly pace?: ((call: number) => Duration.Input) | undefined
}

/** Takes what passes before the first byte: HTTP handlers are not interruptible of themselves. */
export const think = (answer: Answer, tempo: Tempo): Effect.Effect<void> =>
  Effect.interruptible(Effect.sleep(thought(answer, tempo)))

const thought = ({ entry, fault, frames }: Answer, { latency = 0, pace }: Tempo): Duration.Duration => {
  if (entry.status !== 200) return Duration.zero
  const late = Duration.fromInputUnsafe(fault?._tag === "Slow" ? fault.latency : 0)
  const pauses = entry.streamed ? [] : frames.map((frame) => pauseBefore(frame, pace))
  return [late, ...pauses].reduce(Duration.sum, Duration.fromInputUnsafe(latency))
}

const pauseBefore = ({ completes }: Pick<Frame.Piece, "completes">, pace: Tempo["pace"]): Duration.Duration =>
  Duration.fromInputUnsafe(completes === undefined ? 0 : pace?.(completes) ?? 0)

/** True for an answer that does not go out in one piece. */
export const isPiecewise = ({ entry, fault, pieces }: Answer): boolean =>
  pieces !== undefined || entry.streamed || fault?._tag === "Cut" || fault?._tag === "Reset"

/** The events of a stream, or what comes of a body that breaks off. */
export const piecesOf = ({ body, entry, frames, pieces }: Answer): ReadonlyArray<Frame.Piece> =>
  pieces ?? (entry.streamed
    ? frames.map((frame) => ({ completes: frame.completes, text: Frame.text(frame) }))
    : [{ text: half(JSON.stringify(body)) }])

/**
 * Sends the pieces of an answer, each in its time.
 *
 * - `keep`: logs a request, once; a client that stops reading when it has the last piece, as some do, has all of it
 */
export const play = (
  answer: Answer,
  { pace }: Tempo,
  keep: (entry: Entry) => Effect.Effect<void>
): HttpServerResponse.HttpServerResponse => {
  const { entry, fault, headers } = answer
  const pieces = piecesOf(answer)
  const body = Stream.unwrap(Effect.map(untilDue, (until) => {
    let due = Duration.zero
    return Stream.mapEffect(Stream.fromIterable(pieces), (piece) => {
      due = Duration.sum(due, pauseBefore(piece, pace))
      return until(due).pipe(
        Effect.andThen(piece === pieces.at(-1) ? keep(entry) : Effect.void),
        Effect.as(piece.text)
      )
    })
  })).pipe(
    Stream.encodeText,
    Stream.concat(fault?._tag === "Reset" ? reset : Stream.empty),
    Stream.onExit((exit) => keep(Exit.hasInterrupts(exit) ? unsent(entry) : entry))
  )
  return HttpServerResponse.stream(body, {
    headers,
    contentType: entry.streamed ? "text/event-stream" : "application/json"
  })
}

/** Waits until so much time has passed since this began, so that what each wait is late does not add up. */
const untilDue = Effect.map(
  Clock.monotonicTimeNanos,
  (began) => (due: Duration.Duration) =>
    Effect.flatMap(
      Clock.monotonicTimeNanos,
      (now) => Effect.sleep(Duration.subtract(due, Duration.nanos(now - began)))
    )
)

/**
 * Breaks a connection off, once what was written before is on its way: sockets write at the end of their turn.
 *
 * - the error is what a `fetch` that leads straight into the app throws, as the global one does
 */
const reset = Stream.fromEffect(Effect.andThen(Effect.yieldNow, Effect.die(new TypeError("terminated"))))

/** What is logged of a request whose client went away. */
export const unsent = (entry: Entry): Entry => ({ ...entry, status: 499, outputTokens: 0, calls: [] })
