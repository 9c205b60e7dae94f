/**
 * Plays a scenario once, and keeps when everything happened.
 */
import * as Agent from "@volley/core/Agent"
import type { AgentError } from "@volley/core/AgentError"
import * as AgentEvent from "@volley/core/AgentEvent"
import type { ChatModel } from "@volley/core/ChatModel"
import type { ChatModelError } from "@volley/core/ChatModelError"
import * as Bank from "@volley/simulator/Bank"
import type { AnyTool, Scenario, Services } from "@volley/simulator/Scenario"
import * as WebService from "@volley/simulator/WebService"
import type { Run } from "@volley/telemetry/Run"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** From when to when, in milliseconds since the epoch. */
export interface Span {
  readonly startedAt: number
  readonly endedAt: number
}

/** A played scenario: when it ran, what happened, and how its agent ended. */
export interface Play extends Span {
  readonly run: Run
  readonly ended: Agent.Ended<AnyTool>
}

/** How far a play is: the run until now, and how its agent ended. */
export interface Progress {
  readonly run: Run
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
  const head = { volley: "run", version: 1, at: startedAt, name: serial ? "serial" : "parallel" } as const
  const { ended, run } = yield* Stream.runFoldEffect(
    events,
    (): Progress => ({ run: { head, events: [] }, ended: undefined }),
    (progress, event) => Effect.tap(Effect.succeed(after(progress, event)), onProgress)
  ).pipe(Effect.provide(Layer.merge(Bank.layer, WebService.layer), { local: true }))
  const endedAt = yield* Clock.currentTimeMillis
  return ended === undefined
    ? yield* Effect.die(new Error("an agent ended without its answer"))
    : { startedAt, endedAt, run, ended }
})

const after = ({ ended, run }: Progress, event: Agent.Event<AnyTool>): Progress => ({
  run: { ...run, events: [...run.events, AgentEvent.encode(event)] },
  ended: event._tag === "Answer" ? event.ended : ended
})
