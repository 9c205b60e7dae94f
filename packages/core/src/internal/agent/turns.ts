import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { LimitReached } from "../../AgentError.ts"
import * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import type { ChatModelError } from "../../ChatModelError.ts"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"
import { executeArriving } from "../runner/execute.ts"

/**
 * A turn that is to be taken.
 *
 * - `timeUp`: fails when the model has no time left; nothing where its time is not bounded
 * - `onText`, `onTurn`: are told what the model says, while calls of it may already run
 * - `batch`: how the calls are bounded
 * - `deadline`: how long they may take, in milliseconds, once the model has taken so many for its turn
 */
export interface Asking {
  readonly model: ChatModel.ChatModel["Service"]
  readonly request: ChatModel.Request
  readonly toolkit: Toolkit.Any
  readonly now: () => number
  readonly timeUp: Effect.Effect<never, LimitReached> | undefined
  readonly onText: (text: ChatModel.Text) => Effect.Effect<void>
  readonly onTurn: (turn: ChatModel.Turn) => Effect.Effect<void>
  readonly batch: Batch.Options
  readonly deadline: (turnMillis: number) => number
}

/** A turn, how long the model took for it, and what became of its calls, where it had any. */
export interface Taken {
  readonly turn: ChatModel.Turn
  readonly millis: number
  readonly settled: Batch.Settled<Tool.Any> | undefined
}

/** Has the model finish its turn, and then runs the calls. */
export const wholeTurn = Effect.fnUntraced(function*(
  { batch, deadline, model, now, onTurn, request, timeUp, toolkit }: Asking
): Effect.fn.Return<Taken, ChatModelError | LimitReached, unknown> {
  const began = now()
  const turn = yield* (timeUp ? Effect.raceFirst(model.generate(request), timeUp) : model.generate(request))
  const millis = now() - began
  yield* onTurn(turn)
  const { calls } = turn.message
  if (calls.length === 0) return { turn, millis, settled: undefined }
  const left = deadline(millis)
  return {
    turn,
    millis,
    settled: yield* Batch.run(toolkit, calls, left === Infinity ? batch : { ...batch, deadline: left })
  }
})

/** - `isLost`: the turn broke off for good, so that nothing of it is of use */
interface Heard {
  readonly text: string
  readonly turn: ChatModel.Turn | undefined
  readonly millis: number
  readonly isLost: boolean
}

/** Runs calls while the model still writes its turn. */
export const streamedTurn = Effect.fnUntraced(function*(
  asking: Asking
): Effect.fn.Return<Taken, ChatModelError | LimitReached, unknown> {
  const began = asking.now()
  let heard: Heard = { text: "", turn: undefined, millis: 0, isLost: false }
  const hear = Effect.fnUntraced(function*(part: ChatModel.Part) {
    heard = {
      ...heard,
      text: part._tag === "Text" ? heard.text + part.text : heard.text,
      turn: part._tag === "Turn" ? part.turn : heard.turn,
      millis: asking.now() - began
    }
    if (part._tag === "Text") yield* asking.onText(part)
    if (part._tag === "Turn") yield* asking.onTurn(part.turn)
  })
  const calls = asking.model.stream(asking.request).pipe(
    inTime(asking.timeUp),
    Stream.tap(hear),
    Stream.tapCause((cause) => Effect.sync(() => void (heard = { ...heard, isLost: !mayPass(cause) }))),
    Stream.filter((part) => part._tag === "Call"),
    Stream.map(({ call }) => call)
  )
  const { batch, deadline, toolkit } = asking
  const { end, ...settled } = yield* executeArriving(
    toolkit,
    calls,
    batch,
    () => heard.isLost ? 0 : deadline(heard.millis)
  )
  const { millis, text, turn } = heard
  if (turn === undefined) return yield* brokenOff(end, settled, text, millis)
  return { turn, millis, settled: settled.outcomes.length === 0 ? undefined : settled }
})

/** `Stream.interruptWhen` would not let a failure of the stream through. */
const inTime = (timeUp: Asking["timeUp"]) => <A, E>(stream: Stream.Stream<A, E>): Stream.Stream<A, E | LimitReached> =>
  timeUp === undefined ? stream : Stream.callback((queue) =>
    Effect.raceFirst(
      Stream.runIntoQueue(stream, queue),
      Effect.catch(timeUp, (late) => Queue.fail(queue, late))
    )
  )

/** What has run is kept, where the model can be asked to go on from it; nothing but its text and calls is known then. */
const brokenOff = (
  end: Exit.Exit<void, ChatModelError | LimitReached>,
  settled: Batch.Settled<Tool.Any>,
  text: string,
  millis: number
): Effect.Effect<Taken, ChatModelError | LimitReached> => {
  if (Exit.isSuccess(end)) return Effect.die(new Error("ChatModel.stream ended without its whole turn"))
  if (!mayPass(end.cause) || settled.outcomes.every(({ attempts }) => attempts === 0)) {
    return Effect.failCause(end.cause)
  }
  const calls = settled.outcomes.map(({ call }) => call)
  const turn: ChatModel.Turn = {
    message: { role: "assistant", text, calls },
    finish: "length",
    usage: { input: 0, output: 0 }
  }
  return Effect.succeed({ turn, millis, settled })
}

/** True for a failure after which the model can be asked again. */
const mayPass = (cause: Cause.Cause<ChatModelError | LimitReached>): boolean => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  return error?._tag === "ChatModelError" && error.isRetryable
}
