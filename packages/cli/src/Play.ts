/**
 * Plays a scenario once, and keeps when everything happened.
 */
import * as Agent from "@volley/core/Agent"
import type { AgentError } from "@volley/core/AgentError"
import type { ChatModel } from "@volley/core/ChatModel"
import type { ChatModelError } from "@volley/core/ChatModelError"
import * as Bank from "@volley/simulator/Bank"
import type { AnyTool, Scenario, Services } from "@volley/simulator/Scenario"
import * as WebService from "@volley/simulator/WebService"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** From when to when, in milliseconds since the epoch. */
export interface Span {
  readonly startedAt: number
  readonly endedAt: number
}

/** A played scenario: when it ran, when its model was asked, and how its agent ended. */
export interface Play extends Span {
  readonly turns: ReadonlyArray<Span>
  readonly ended: Agent.Ended<AnyTool>
}

/** What goes on, or went on: a turn of the model, or a call under the name of its tool. */
export interface Row {
  readonly id: string
  readonly label: string
  readonly startedAt: number
  readonly endedAt: number | undefined
}

/** How far a play is; turns and calls in the order in which they began. */
export interface Progress {
  readonly startedAt: number
  readonly turns: ReadonlyArray<Row>
  readonly calls: ReadonlyArray<Row>
  readonly endedAt: number | undefined
  readonly ended: Agent.Ended<AnyTool> | undefined
}

/**
 * How to play.
 *
 * - `serial`: the provider is asked for one call a turn
 * - `streaming`: the model's turns are streamed, and calls start while they are
 */
export interface Options {
  readonly serial: boolean
  readonly streaming: boolean
}

/** One call a turn needs as many turns as there are calls. */
const serialRounds = 32

/** What a play needs besides its model: it starts a bank and a web service of its own. */
export type Needs = Exclude<Services, Bank.Bank | WebService.WebService>

/** Plays a scenario with the model at hand, and tells how far it is whenever something has happened. */
export const play = Effect.fnUntraced(function*(
  scenario: Scenario,
  { serial, streaming }: Options,
  onProgress: (progress: Progress) => Effect.Effect<void> = () => Effect.void
): Effect.fn.Return<Play, ChatModelError | AgentError, ChatModel | Needs> {
  const events = Agent.stream({
    toolkit: scenario.toolkit,
    prompt: scenario.prompt,
    batch: scenario.batch,
    streaming,
    ...(serial && { parallelToolCalls: false, maxRounds: serialRounds })
  })
  const startedAt = yield* Clock.currentTimeMillis
  const { ended, endedAt, turns } = yield* Stream.runFoldEffect(
    events,
    (): Progress => ({ startedAt, turns: [], calls: [], endedAt: undefined, ended: undefined }),
    (progress, event) =>
      Effect.map(Clock.currentTimeMillis, (now) => after(progress, event, now)).pipe(Effect.tap(onProgress))
  ).pipe(Effect.provide(Layer.merge(Bank.layer, WebService.layer), { local: true }))
  if (ended === undefined || endedAt === undefined) {
    return yield* Effect.die(new Error("an agent ended without its answer"))
  }
  return { startedAt, endedAt, turns: turns.map((turn) => spanOf(turn, endedAt)), ended }
})

/** When a row began and ended; one that goes on ends now. */
export const spanOf = ({ endedAt, startedAt }: Row, now: number): Span => ({ startedAt, endedAt: endedAt ?? now })

const after = (progress: Progress, event: Agent.Event<AnyTool>, now: number): Progress => {
  const { calls, turns } = progress
  switch (event._tag) {
    case "TurnStarted":
      return { ...progress, turns: [...turns, begun(String(event.turn), "model", event.at)] }
    case "TurnEnded":
      return { ...progress, turns: over(turns, turns.at(-1)?.id, event.at) }
    case "CallStarted":
      return { ...progress, calls: [...calls, begun(`${turns.length} ${event.call.id}`, event.call.name, event.at)] }
    case "CallSettled":
      return { ...progress, calls: over(calls, `${turns.length} ${event.outcome.call.id}`, event.outcome.endedAt) }
    case "Answer":
      return { ...progress, endedAt: now, ended: event.ended }
    default:
      return progress
  }
}

const begun = (id: string, label: string, startedAt: number): Row => ({ id, label, startedAt, endedAt: undefined })

const over = (rows: ReadonlyArray<Row>, id: string | undefined, endedAt: number): ReadonlyArray<Row> =>
  rows.map((row) => row.id === id ? { ...row, endedAt } : row)
