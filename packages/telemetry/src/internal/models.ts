import type { ChatModel, ChatModelError, Trace } from "@volley/core"
import { of } from "@volley/core/Trace"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { attribute, type Content, finishOf, inputOf, instructionsOf, outputOf, toolsOf } from "./content.ts"
import * as Names from "./conventions.ts"
import type { Meter } from "./meter.ts"
import { endWith, typeOfCause } from "./spanned.ts"
import { Current, type Within } from "./within.ts"

type Model = ChatModel.ChatModel["Service"]

/** What is done with the turns of a model. */
export interface Means {
  readonly traces: boolean
  readonly meter: Meter | undefined
  readonly content: Content | undefined
}

/** Follows every turn of a model. */
export const followed = (model: Model, means: Means): Model => ({
  ...(model.about && { about: model.about }),
  generate: (request) =>
    Effect.contextWith((context: Context.Context<never>) => {
      const turn = new Turn(means, model.about, request, context, false)
      const asked = Effect.tap(model.generate(request), (heard) => Effect.sync(() => turn.heard(heard)))
      return Effect.onExit(turn.inside(asked), (exit) => Effect.sync(() => turn.ended(exit)))
    }),
  stream: (request) =>
    Stream.unwrap(Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => {
        const turn = new Turn(means, model.about, request, context, true)
        const parts = Stream.tap(model.stream(request), (part) => Effect.sync(() => turn.part(part)))
        return Stream.onExit(turn.through(parts), (exit) => Effect.sync(() => turn.ended(exit)))
      })
    ))
})

/** A turn that is under way. */
class Turn {
  readonly #means: Means
  readonly #context: Context.Context<never>
  readonly #request: ChatModel.Request
  readonly #within: Within | undefined
  readonly #trace: Trace.Trace | undefined
  readonly #span: Tracer.Span | undefined
  readonly #clock: Clock.Clock
  readonly #began: bigint
  readonly #model: string | undefined
  #attributes: Record<string, string | undefined>
  #isFirst = true

  constructor(
    means: Means,
    about: ChatModel.About | undefined,
    request: ChatModel.Request,
    context: Context.Context<never>,
    isStreamed: boolean
  ) {
    const within = Context.get(context, Current)
    if (within !== undefined) within.turns += 1
    this.#within = within
    this.#means = means
    this.#context = context
    this.#request = request
    this.#model = about?.model
    this.#clock = Context.get(context, Clock.Clock)
    this.#began = this.#clock.monotonicTimeNanosUnsafe()
    this.#attributes = {
      [Names.operation]: "chat",
      [Names.provider]: about?.provider ?? "_OTHER",
      [Names.requestModel]: about?.model
    }
    this.#trace = means.traces ? of(context) : undefined
    this.#span = this.#trace?.start(context, about === undefined ? "chat" : `chat ${about.model}`, "client")
    if (this.#span === undefined) return
    this.#say(this.#attributes)
    this.#say({
      [Names.conversationId]: request.conversation.runId,
      [Names.agentName]: within?.agent,
      [Names.requestStream]: isStreamed || undefined,
      [Names.outputType]: request.output && "json"
    })
    this.#contents({
      instructions: () => instructionsOf(request.conversation),
      input: () => inputOf(request.conversation, toolsOf(request))
    })
  }

  inside<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.#span === undefined ? effect : Effect.provideService(effect, Tracer.ParentSpan, this.#span)
  }

  through<A, E>(stream: Stream.Stream<A, E>): Stream.Stream<A, E> {
    return this.#span === undefined ? stream : Stream.provideService(stream, Tracer.ParentSpan, this.#span)
  }

  part(part: ChatModel.Part): void {
    if (this.#isFirst) {
      this.#isFirst = false
      const seconds = this.#seconds()
      this.#span?.attribute(Names.firstChunk, seconds)
      this.#means.meter?.record(this.#context, "firstChunk", seconds, this.#attributes)
    }
    if (part._tag === "Turn") this.heard(part.turn)
  }

  heard(turn: ChatModel.Turn): void {
    const { usage } = turn
    this.#attributes = { ...this.#attributes, [Names.responseModel]: turn.model }
    this.#say({
      [Names.responseModel]: turn.model,
      [Names.finishReasons]: [finishOf(turn.finish)],
      [Names.inputTokens]: usage.input,
      [Names.outputTokens]: usage.output,
      [Names.cacheReadTokens]: usage.cached,
      [Names.cacheWriteTokens]: usage.cacheWrite,
      [Names.reasoningTokens]: usage.reasoning
    })
    this.#contents({ output: () => outputOf(turn, toolsOf(this.#request)) })
    const cost = this.#within?.took(turn)
    const { meter } = this.#means
    if (meter === undefined) return
    const agent = { [Names.agentName]: this.#within?.outermost.agent }
    if (cost !== undefined) meter.record(this.#context, "cost", cost, agent)
    const kinds = { cache_read: usage.cached, cache_creation: usage.cacheWrite, reasoning: usage.reasoning }
    for (const [kind, count] of Object.entries({ input: usage.input, output: usage.output, ...kinds })) {
      if (count === undefined) continue
      const attributes = { ...this.#attributes, [Names.tokenType]: kind }
      meter.record(this.#context, "tokens", count, attributes)
      if (kind === "input" || kind === "output") meter.record(this.#context, "usage", count, attributes)
    }
  }

  ended(exit: Exit.Exit<unknown, ChatModelError.ChatModelError>): void {
    const attributes = { ...this.#attributes, [Names.errorType]: typeOfCause(exit) }
    this.#means.meter?.record(this.#context, "operation", this.#seconds(), attributes)
    if (this.#span !== undefined && this.#trace !== undefined) endWith(this.#trace, this.#span, exit)
  }

  #seconds(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe() - this.#began) / 1e9
  }

  #say(attributes: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) this.#span?.attribute(key, value)
  }

  #contents(contents: { readonly [_ in "instructions" | "input" | "output"]?: () => ReadonlyArray<unknown> }): void {
    const { content } = this.#means
    if (content === undefined || this.#span === undefined) return
    for (const where of ["instructions", "input", "output"] as const) {
      const json = contents[where]
      if (json === undefined) continue
      const text = attribute(content, where, json, { model: this.#model })
      if (text !== undefined && text !== "[]") this.#span.attribute(Names.contents[where], text)
    }
  }
}
