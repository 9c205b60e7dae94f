import { ToolCall } from "@volley/core"
import { Effect, Stream } from "effect"

/** A call, and when it arrives, in milliseconds from the beginning of its turn; its index is its place unless said. */
export interface Arriving {
  readonly at: number
  readonly name: string
  readonly arguments?: unknown
  readonly index?: number
  readonly id?: string
  readonly status?: "complete" | "truncated"
}

/** Calls that arrive at their times, with ids `c0`, `c1` and so on unless said; their stream ends at `wholeAt`. */
export const arriving = (calls: ReadonlyArray<Arriving>, wholeAt: number): Stream.Stream<ToolCall.ToolCall> => {
  const instants = [...calls.map(({ at }) => at), wholeAt]
  const pauses = instants.map((at, index) => at - (instants[index - 1] ?? 0))
  return Stream.fromIterable(calls.entries()).pipe(
    Stream.mapEffect(([place, { arguments: args, id = `c${place}`, index = place, name, status = "complete" }]) =>
      Effect.as(Effect.sleep(pauses[place]!), {
        ...ToolCall.make({ id, name, arguments: args, index }),
        status
      })
    ),
    Stream.concat(Stream.drain(Stream.fromEffect(Effect.sleep(pauses.at(-1)!))))
  )
}

/** Calls that arrive one by one, so many milliseconds apart. */
export const spaced = (calls: ReadonlyArray<ToolCall.ToolCall>, millis: number): Stream.Stream<ToolCall.ToolCall> =>
  Stream.mapEffect(Stream.fromIterable(calls), (call) => Effect.as(Effect.sleep(millis), call))
