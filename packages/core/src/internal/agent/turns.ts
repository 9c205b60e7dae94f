import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type Limit, LimitReached } from "../../AgentError.ts"
import type * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import type { ChatModelError } from "../../ChatModelError.ts"
import type * as Tool from "../../Tool.ts"
import type { ToolCall } from "../../ToolCall.ts"
import * as Usage from "../../Usage.ts"
import { failureOf } from "../exit.ts"
import { Payer } from "../runner/enclosing.ts"
import { execute, executeArriving, nodesOf, shared, type Watch } from "../runner/execute.ts"
import { type Agent, amount, batchOf, requestOf, unboundedOr } from "./agent.ts"
import {
  Around,
  boundsAt,
  deadlineOf,
  hear,
  holdCall,
  holdCalls,
  holdTurns,
  pay,
  releaseCalls,
  timeLeft
} from "./nesting.ts"
import { type State, totalOf, turnsOf } from "./state.ts"

/** A turn that is to be taken: whose, behind what, and the limit for which no calls of it are run. */
export interface Asking {
  readonly agent: Agent
  readonly state: State
  readonly limit: Limit | undefined
}

/** A turn, how long the model took for it, what became of its calls, where it had any, and how many were run. */
export interface Taken {
  readonly turn: ChatModel.Turn
  readonly millis: number
  readonly ran: number
  readonly settled: Batch.Settled<Tool.Any> | undefined
}

/** What the model said, and how long it took. */
export type Asked = Pick<Taken, "turn" | "millis">

/** Has the model finish its turn, and then runs the calls. */
export const wholeTurn = (asking: Asking) => Effect.flatMap(askedTurn(asking), (asked) => runTurn(asking, asked))

/** Has the model finish its turn. */
export const askedTurn = Effect.fnUntraced(function*(
  { agent, limit, state }: Asking
): Effect.fn.Return<Asked, ChatModelError | LimitReached, unknown> {
  const began = agent.now()
  const asked = agent.model.generate(requestOf(agent, state, limit))
  const late = timeUp(agent, state)
  const turn = yield* (late ? Effect.raceFirst(asked, late) : asked)
  const millis = agent.now() - began
  hear(agent, turn)
  yield* tellTurn(agent, state, turn)
  return { turn, millis }
})

/** The same of a model that streams. */
export const heardTurn = Effect.fnUntraced(function*(
  asking: Asking
): Effect.fn.Return<Asked, ChatModelError | LimitReached, unknown> {
  const { calls, heard } = hearing(asking)
  yield* Stream.runDrain(calls)
  const { millis, turn } = heard()
  return turn === undefined ? yield* Effect.die(new Error(notWhole)) : { turn, millis }
})

/** Tells a turn that is known as if it came now: its text, and all of it. */
export const toldAgain = Effect.fnUntraced(function*(
  { agent, limit, state }: Asking,
  said: Asked
): Effect.fn.Return<Asked> {
  const { text } = said.turn.message
  holdTurns(agent, state, limit === undefined ? 2 : 1)
  if (agent.options.streaming === true && text !== "") yield* agent.tell({ _tag: "Text", at: agent.now(), text })
  hear(agent, said.turn)
  yield* tellTurn(agent, state, said.turn)
  return said
})

const notWhole = "ChatModel.stream ended without its whole turn"

/** Runs the calls of a turn. */
export const runTurn = (
  { agent, limit, state }: Asking,
  { millis, turn }: Asked
): Effect.Effect<Taken, never, unknown> => {
  const { calls } = turn.message
  if (calls.length === 0) return Effect.succeed({ turn, millis, ran: 0, settled: undefined })
  const batch = batchOf(agent, state, turnsOf(state.conversation) + 1, limit)
  const running = runCalls(agent, state, calls, batch, deadlineOf(agent, state, millis))
  return Effect.map(running, ({ ran, settled }) => ({ turn, millis, ran, settled }))
}

/** Runs calls within so many milliseconds, and counts them, steps of plans included. */
export const runCalls = (
  agent: Agent,
  state: State,
  calls: ReadonlyArray<ToolCall>,
  batch: Batch.Options,
  millis: number
): Effect.Effect<{ readonly ran: number; readonly settled: Batch.Settled<Tool.Any> }, never, unknown> =>
  Effect.suspend(() => {
    const counting = count(agent, state, calls.length, batch)
    const bounded: Batch.Options = millis === Infinity ? counting.batch : { ...counting.batch, deadline: millis }
    const running = execute(
      agent.standing.toolkit,
      nodesOf(calls),
      bounded,
      agent.options.runner?.[shared],
      counting.watch
    )
    return Effect.map(counting.within(running), (settled) => ({ ran: counting.ran(), settled }))
  })

/** Bounds and counts the calls of a batch; agents inside them know where they are. */
const count = (agent: Agent, state: State, wanted: number, { maxCalls = "unbounded", ...batch }: Batch.Options) => {
  const most = holdCalls(agent, state, wanted)
  let ran = 0
  const watch: Watch = (settled, calls) => {
    agent.standing.settled = settled
    ran = calls
    releaseCalls(agent, calls)
  }
  return {
    batch: { ...batch, maxCalls: unboundedOr(Math.min(amount(maxCalls), most)) },
    watch,
    ran: () => ran,
    within: <A, E, R>(running: Effect.Effect<A, E, R>) =>
      running.pipe(
        Effect.provideService(Around, agent),
        Effect.provideService(Payer, (job, used) => pay({ agent, job }, used))
      )
  }
}

/** Fails when the model has no time left; nothing where its time is not bounded. */
const timeUp = (agent: Agent, state: State): Effect.Effect<never, LimitReached> | undefined => {
  const left = timeLeft(agent, state)
  const { time: bound } = boundsAt(agent, state)
  const late = Effect.suspend(() => Effect.fail(new LimitReached({ limit: "time", bound })))
  return left === Infinity ? undefined : Effect.andThen(Effect.sleep(left), late)
}

/** Tells what the model said, while calls of it may already run. */
const tellTurn = ({ inner, now, tell }: Agent, state: State, turn: ChatModel.Turn): Effect.Effect<void> => {
  const at = now()
  return Effect.andThen(
    tell({ _tag: "TurnEnded", at, turn }),
    tell({ _tag: "Usage", at, turn: turn.usage, total: Usage.plus(totalOf(state, inner).usage, turn.usage) })
  )
}

/** What came of a turn until now; one that `isLost` broke off for good, and nothing of it is of use. */
interface Heard {
  readonly text: string
  readonly turn: ChatModel.Turn | undefined
  readonly millis: number
  readonly isLost: boolean
}

/** Hears a turn while it is written; `heard` is what there was of it until now. */
const hearing = ({ agent, limit, state }: Asking) => {
  const began = agent.now()
  let heard: Heard = { text: "", turn: undefined, millis: 0, isLost: false }
  const take = Effect.fnUntraced(function*(part: ChatModel.Part) {
    heard = {
      ...heard,
      text: part._tag === "Text" ? heard.text + part.text : heard.text,
      turn: part._tag === "Turn" ? part.turn : heard.turn,
      millis: agent.now() - began
    }
    if (part._tag === "Call") holdCall(agent)
    if (part._tag === "Turn") hear(agent, part.turn)
    else agent.standing.heard = heard.text
    if (part._tag === "Text") yield* agent.tell({ ...part, at: agent.now() })
    if (part._tag === "Turn") yield* tellTurn(agent, state, part.turn)
  })
  const calls = agent.model.stream(requestOf(agent, state, limit)).pipe(
    inTime(timeUp(agent, state)),
    Stream.tap(take),
    Stream.tapCause((cause) => Effect.sync(() => void (heard = { ...heard, isLost: !mayPass(cause) }))),
    Stream.filter((part) => part._tag === "Call"),
    Stream.map(({ call }) => call)
  )
  return { calls, heard: () => heard }
}

/** Runs calls while the model still writes its turn. */
export const streamedTurn = Effect.fnUntraced(function*(
  asking: Asking
): Effect.fn.Return<Taken, ChatModelError | LimitReached, unknown> {
  const { agent, limit, state } = asking
  const { calls, heard } = hearing(asking)
  const counting = count(agent, state, 0, batchOf(agent, state, turnsOf(state.conversation) + 1, limit))
  const { end, ...settled } = yield* counting.within(executeArriving(
    agent.standing.toolkit,
    calls,
    counting.batch,
    () => heard().isLost ? 0 : deadlineOf(agent, state, heard().millis),
    agent.options.runner?.[shared],
    counting.watch
  ))
  const ran = counting.ran()
  const { millis, text, turn } = heard()
  if (turn === undefined) return yield* brokenOff(end, settled, text, millis, ran)
  return { turn, millis, ran, settled: settled.outcomes.length === 0 ? undefined : settled }
})

/** `Stream.interruptWhen` would not let a failure of the stream through. */
const inTime =
  (timeUp: Effect.Effect<never, LimitReached> | undefined) =>
  <A, E>(stream: Stream.Stream<A, E>): Stream.Stream<A, E | LimitReached> =>
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
  millis: number,
  ran: number
): Effect.Effect<Taken, ChatModelError | LimitReached> => {
  if (Exit.isSuccess(end)) return Effect.die(new Error(notWhole))
  if (!mayPass(end.cause) || settled.outcomes.every(({ attempts }) => attempts === 0)) {
    return Effect.failCause(end.cause)
  }
  const calls = settled.outcomes.map(({ call }) => call)
  const turn: ChatModel.Turn = {
    message: { role: "assistant", text, calls },
    finish: "length",
    usage: Usage.none
  }
  return Effect.succeed({ turn, millis, ran, settled })
}

/** True for a failure after which the model can be asked again. */
const mayPass = (cause: Cause.Cause<ChatModelError | LimitReached>): boolean => {
  const error = Option.getOrUndefined(failureOf(cause))
  return error?._tag === "ChatModelError" && error.isRetryable
}
