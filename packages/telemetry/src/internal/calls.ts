import type { CallError, CallObserver, Outcome, Trace } from "@volley/core"
import { typeOf } from "@volley/core/CallError"
import { failed, under } from "@volley/core/Trace"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import { argumentsOf, attribute, type Content, crashOf, resultOf } from "./content.ts"
import * as Names from "./conventions.ts"
import type { Meter } from "./meter.ts"
import type { Within } from "./within.ts"

/** What is done with the calls of a run: a span each, measurements, or both. */
export interface Means {
  readonly trace: Trace.Trace | undefined
  readonly meter: Meter | undefined
  readonly content: Content | undefined
  readonly within: Within | undefined
}

/** Follows the calls of a run. */
export class Calls implements CallObserver.Calls {
  readonly #means: Means
  readonly #context: Context.Context<unknown>

  constructor(means: Means, context: Context.Context<unknown>) {
    this.#means = means
    this.#context = context
  }

  waiting(why: CallObserver.Wait["why"], more: number): void {
    this.#means.meter?.record(this.#context, "waiting", more, { [Names.waitReason]: why })
  }

  starts(call: CallObserver.Call, context: Context.Context<unknown>): CallObserver.Started {
    const { meter, within } = this.#means
    const span = begin(this.#means, call, context, call.startedAt)
    if (within !== undefined) within.calls += 1
    if (meter !== undefined) {
      measureWaits(meter, context, call, call.startedAt)
      meter.record(context, "inFlight", 1, { [Names.toolName]: nameOf(call) })
    }
    return new Started(this.#means, call, span === undefined ? context : under(context, span), span)
  }

  /** A call that never started is a point in time. */
  refused(
    call: CallObserver.Call,
    context: Context.Context<unknown>,
    outcome: Outcome.Outcome,
    sharedWith?: string
  ): void {
    const { meter } = this.#means
    const span = begin(this.#means, call, context, outcome.endedAt)
    if (sharedWith !== undefined) span?.attribute(Names.sharedWith, sharedWith)
    else if (outcome.attempts > 0) span?.attribute(Names.recorded, true)
    if (span !== undefined) end(this.#means, span, call, outcome)
    if (meter === undefined) return
    measureWaits(meter, context, call, outcome.endedAt)
    if (sharedWith !== undefined) meter.record(context, "coalesced", 1, { [Names.toolName]: nameOf(call) })
    countOutcome(meter, context, call, outcome)
  }
}

/** Follows a call that has started; a class, since each call makes one. */
class Started implements CallObserver.Started {
  readonly context: Context.Context<unknown>
  readonly #means: Means
  readonly #call: CallObserver.Call
  readonly #span: Tracer.Span | undefined

  constructor(
    means: Means,
    call: CallObserver.Call,
    context: Context.Context<unknown>,
    span: Tracer.Span | undefined
  ) {
    this.#means = means
    this.#call = call
    this.#span = span
    this.context = context
  }

  retried(attempt: number, reason: CallError.ToolFailure<unknown>): void {
    const type = typeOf(reason)
    const { meter, trace } = this.#means
    this.#event("volley.retry", { [Names.attempts]: attempt, [Names.errorType]: type }, trace)
    meter?.record(this.context, "retried", 1, { [Names.toolName]: nameOf(this.#call), [Names.errorType]: type })
  }

  hedged(): void {
    const { meter, trace } = this.#means
    this.#event("volley.hedge", {}, trace)
    meter?.record(this.context, "hedged", 1, { [Names.toolName]: nameOf(this.#call) })
  }

  settled(outcome: Outcome.Outcome): void {
    const { meter } = this.#means
    if (this.#span !== undefined) end(this.#means, this.#span, this.#call, outcome)
    if (meter === undefined) return
    const tool = { [Names.toolName]: nameOf(this.#call) }
    const seconds = (outcome.endedAt - outcome.startedAt) / 1000
    meter.record(this.context, "inFlight", -1, tool)
    meter.record(this.context, "tool", seconds, { ...tool, [Names.errorType]: errorOf(outcome) })
    countOutcome(meter, this.context, this.#call, outcome)
  }

  #event(name: string, attributes: Record<string, unknown>, trace: Trace.Trace | undefined): void {
    if (trace !== undefined) this.#span?.event(name, trace.now(), attributes)
  }
}

const begin = (
  { content, trace, within }: Means,
  call: CallObserver.Call,
  context: Context.Context<unknown>,
  at: number
): Tracer.Span | undefined => {
  if (trace === undefined) return undefined
  const { tool } = call
  const isPlan = tool?.expand !== undefined
  const operation = isPlan ? "plan" : "execute_tool"
  const named = isPlan || tool === undefined ? operation : `execute_tool ${tool.name}`
  const span = trace.start(context, named, "internal")
  span.attribute(Names.operation, operation)
  span.attribute(Names.toolName, tool?.name ?? call.call.name)
  span.attribute(Names.toolCallId, call.call.id)
  span.attribute(Names.toolType, "function")
  if (within !== undefined) within.name(span)
  if (call.waits.length > 0) nameWaits(trace, span, call, at)
  if (content !== undefined) {
    const args = () => argumentsOf(tool, call.args ?? call.call.arguments)
    say(span, Names.contents.arguments, attribute(content, "arguments", args, { tool: nameOf(call) }))
  }
  return span
}

const end = ({ content, trace }: Means, span: Tracer.Span, call: CallObserver.Call, outcome: Outcome.Outcome): void => {
  const type = errorOf(outcome)
  if (outcome.attempts > 1) span.attribute(Names.attempts, outcome.attempts)
  if (type !== undefined) span.attribute(Names.errorType, type)
  if (content !== undefined) sayResult(content, span, call, outcome)
  trace?.end(span, type === undefined ? Exit.void : failed(type))
}

const sayResult = (content: Content, span: Tracer.Span, call: CallObserver.Call, outcome: Outcome.Outcome): void => {
  const whose = { tool: nameOf(call) }
  say(span, Names.contents.result, attribute(content, "result", () => resultOf(call.tool, outcome), whose))
  const crash = crashOf(outcome)
  if (crash !== undefined) say(span, Names.contents.crash, attribute(content, "crash", () => crash, whose))
}

const say = (span: Tracer.Span, name: string, text: string | undefined): void => {
  if (text !== undefined) span.attribute(name, text)
}

/** How long each wait of a call was, in milliseconds: until the next one, or the end of all. */
const waitsOf = ({ waits }: CallObserver.Call, until: number) =>
  waits.map(({ at, behind, why }, index) => ({
    why,
    behind,
    millis: Math.max(0, (waits[index + 1]?.at ?? until) - at)
  }))

/** A span begins where its call does; what came before that is said at its beginning. */
const nameWaits = (trace: Trace.Trace, span: Tracer.Span, call: CallObserver.Call, until: number): void => {
  const waits = waitsOf(call, until)
  const longest = waits.reduce((a, b) => b.millis > a.millis ? b : a)
  span.attribute(Names.waitMillis, waits.reduce((sum, { millis }) => sum + millis, 0))
  span.attribute(Names.waitReason, longest.why)
  for (const { behind, millis, why } of waits) {
    span.event("volley.wait", trace.now(), {
      [Names.waitReason]: why,
      [Names.waitMillis]: millis,
      ...(behind !== undefined && { [Names.waitBehind]: behind })
    })
  }
}

const measureWaits = (
  meter: Meter,
  context: Context.Context<unknown>,
  call: CallObserver.Call,
  until: number
): void => {
  for (const { millis, why } of call.waits.length === 0 ? [] : waitsOf(call, until)) {
    meter.record(context, "wait", millis / 1000, { [Names.toolName]: nameOf(call), [Names.waitReason]: why })
  }
}

const countOutcome = (
  meter: Meter,
  context: Context.Context<unknown>,
  call: CallObserver.Call,
  outcome: Outcome.Outcome
): void => meter.record(context, "calls", 1, { [Names.toolName]: nameOf(call), [Names.errorType]: errorOf(outcome) })

/** A model may make up names without end, and no metric has room for those. */
const nameOf = ({ tool }: CallObserver.Call): string => tool?.name ?? "_OTHER"

const errorOf = ({ result }: Outcome.Outcome): string | undefined =>
  Result.isSuccess(result) ? undefined : typeOf(result.failure)
