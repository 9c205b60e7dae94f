/**
 * Plays a scenario once, and keeps when everything happened.
 */
import * as Agent from "@volley/core/Agent"
import type { AgentError } from "@volley/core/AgentError"
import * as ChatModel from "@volley/core/ChatModel"
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

/** One call a turn needs as many turns as there are calls. */
const serialRounds = 32

/** What a play needs besides its model: it starts a bank and a web service of its own. */
export type Needs = Exclude<Services, Bank.Bank | WebService.WebService>

/** Plays a scenario with the model at hand; `serial` has the provider ask for one call a turn. */
export const play = Effect.fnUntraced(function*(
  scenario: Scenario,
  serial: boolean
): Effect.fn.Return<Play, ChatModelError | AgentError, ChatModel.ChatModel | Needs> {
  const model = yield* ChatModel.ChatModel
  const turns: Array<Span> = []
  const timed = ChatModel.ChatModel.of({
    generate: (request) =>
      Effect.map(spanned(model.generate(request)), ([span, turn]) => {
        turns.push(span)
        return turn
      }),
    stream: (request) =>
      Stream.unwrap(Effect.map(Clock.currentTimeMillis, (startedAt) => {
        const end = Effect.map(Clock.currentTimeMillis, (endedAt) => void turns.push({ startedAt, endedAt }))
        return Stream.ensuring(model.stream(request), end)
      }))
  })
  const [span, ended] = yield* Agent.run({
    toolkit: scenario.toolkit,
    prompt: scenario.prompt,
    batch: scenario.batch,
    ...(serial && { parallelToolCalls: false, maxRounds: serialRounds })
  }).pipe(
    Effect.provideService(ChatModel.ChatModel, timed),
    Effect.provide(Layer.merge(Bank.layer, WebService.layer), { local: true }),
    spanned
  )
  return { ...span, turns, ended }
})

const spanned = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const startedAt = yield* Clock.currentTimeMillis
  const value = yield* effect
  const endedAt = yield* Clock.currentTimeMillis
  return [{ startedAt, endedAt } satisfies Span, value] as const
})
