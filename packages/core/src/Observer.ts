/**
 * What follows agents, turns and calls from outside; `@volley/telemetry` makes spans and metrics of it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AgentError } from "./AgentError.ts"
import type { ToolFailure } from "./CallError.ts"
import type { About, ChatModel } from "./ChatModel.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import type { Ended } from "./internal/agent/event.ts"
import type { Why } from "./internal/runner/events.ts"
import type { Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"

/**
 * Follows what happens in a program.
 *
 * - `calls`: begins to follow the calls of one run; is given the context of the run
 * - `agent`: is given an agent before it begins, and gives it back followed
 * - `model`: gives a model whose turns are followed
 * - what it throws over calls is dropped; it has to be quick, since calls wait for it
 */
export interface Observer {
  readonly calls: (context: Context.Context<unknown>) => Calls
  readonly agent: <R>(agent: Agent, ending: Ending<R>) => Ending<R>
  readonly model: (model: ChatModel["Service"]) => ChatModel["Service"]
}

/** How an agent ends. */
export type Ending<R> = Effect.Effect<Ended<Tool.Any, unknown>, ChatModelError | AgentError, R>

/**
 * What is known of an agent before it begins.
 *
 * - `isInner`: it is a call of another one, whose cost has its own in it
 */
export interface Agent {
  readonly name: string | undefined
  readonly conversationId: string
  readonly about: About | undefined
  readonly isInner: boolean
}

/** A wait of a call; it lasts until the next one begins, or the call starts or is settled. */
export interface Wait {
  readonly why: Why
  readonly at: number
  readonly behind: string | undefined
}

/**
 * A call as those see it who follow it.
 *
 * - `args`: as JSON, once they were read
 * - `knownAt`, `startedAt`: when it was asked for, and when it started, in milliseconds since the epoch; 0 before it has
 */
export interface Call {
  readonly call: ToolCall
  readonly tool: Tool.Any | undefined
  readonly args: unknown
  readonly knownAt: number
  readonly startedAt: number
  readonly waits: ReadonlyArray<Wait>
}

/**
 * Follows the calls of a run.
 *
 * - `waiting`: so many calls more wait for this, or fewer where it is negative
 * - `starts`: a call, or the plan that one is, starts; gives what follows it until it is settled
 * - `refused`: a call is settled that never started here; `sharedWith` is the id of the equal call whose outcome it has. One
 *   that has attempts all the same was run before this run, and its end was recorded
 * - `context`: what the handler of the call runs in, but for what a follower adds
 */
export interface Calls {
  readonly waiting: (why: Why, more: number) => void
  readonly starts: (call: Call, context: Context.Context<unknown>) => Started
  readonly refused: (
    call: Call,
    context: Context.Context<unknown>,
    outcome: Outcome,
    sharedWith: string | undefined
  ) => void
}

/**
 * Follows a call that has started, all attempts together.
 *
 * - `context`: what its handler runs in
 * - `hedged`: its tool was asked a second time, since there was no answer after a while
 * - `settled`: it has its outcome; its tool may still be at work
 */
export interface Started {
  readonly context: Context.Context<unknown>
  readonly retried: (attempt: number, reason: ToolFailure<unknown>) => void
  readonly hedged: () => void
  readonly settled: (outcome: Outcome) => void
}

/** Follows a program, where one was provided. */
export const Observer = Context.Reference<Observer | undefined>("@volley/core/Observer", {
  defaultValue: () => undefined
})

/** True for the model of a turn that is followed already. */
const Followed = Context.Reference<boolean>("@volley/core/Observer/Followed", { defaultValue: () => false })

/**
 * A model whose turns are followed once, by the observer of the program that asks.
 *
 * - `alone`: the same model for a program that has no observer
 *
 * @example
 * ```ts
 * import { ChatModel, Conversation, Observer } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const model = Observer.followed(yield* ChatModel.ChatModel) // what the Layers of all wires do
 *   return yield* model.generate({ conversation: Conversation.make("Hello!") })
 * })
 * const script = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * console.log((await Effect.runPromise(Effect.provide(program, script))).message.text) // => Hello.
 * ```
 */
export const followed = (model: ChatModel["Service"], alone = model): ChatModel["Service"] => {
  const seen = (context: Context.Context<never>): ChatModel["Service"] => {
    if (Context.get(context, Followed)) return model
    return Context.get(context, Observer)?.model(inside(model)) ?? alone
  }
  return {
    ...(model.about && { about: model.about }),
    generate: (request) => Effect.contextWith((context: Context.Context<never>) => seen(context).generate(request)),
    stream: (request) =>
      Stream.unwrap(
        Effect.contextWith((context: Context.Context<never>) => Effect.succeed(seen(context).stream(request)))
      )
  }
}

const inside = (model: ChatModel["Service"]): ChatModel["Service"] => ({
  ...(model.about && { about: model.about }),
  generate: (request) => Effect.provideService(model.generate(request), Followed, true),
  stream: (request) => Stream.provideService(model.stream(request), Followed, true)
})
