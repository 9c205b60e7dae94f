/**
 * Spans from plain functions: as `Effect.makeSpan` makes them, but without a fiber.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"

/**
 * Makes spans for those whose context it was made from.
 *
 * - `start`: begins a span under the one of a context, now
 * - `end`: ends it, now
 * - neither throws
 */
export interface Trace {
  readonly start: (context: Context.Context<never>, name: string, kind: Tracer.SpanKind) => Tracer.Span
  readonly end: (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>) => void
  readonly now: () => bigint
}

/**
 * Spans as the tracer of a context makes them; none where there is no tracer, or tracing is switched off.
 *
 * @example
 * ```ts
 * import { Trace } from "@volley/core"
 * import { Context, Exit, Tracer } from "effect"
 *
 * const spans: Array<Tracer.NativeSpan> = []
 * const tracer = Tracer.make({
 *   span: (options) => {
 *     const span = new Tracer.NativeSpan(options)
 *     spans.push(span)
 *     return span
 *   }
 * })
 * const context = Context.make(Tracer.Tracer, tracer)
 * const trace = Trace.of(context)
 * if (trace !== undefined) trace.end(trace.start(context, "execute_tool ping", "internal"), Exit.void)
 * console.log(spans.map(({ name, status }) => `${name} ${status._tag}`)) // => [ 'execute_tool ping Ended' ]
 * ```
 */
export const of = (context: Context.Context<never>): Trace | undefined =>
  Context.getOrUndefined(context, Tracer.Tracer) !== undefined && Context.get(context, References.TracerEnabled)
    ? new Made(context)
    : undefined

/**
 * The context of what happens under a span.
 *
 * @example
 * ```ts
 * import { Trace } from "@volley/core"
 * import { Context, Tracer } from "effect"
 *
 * const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
 * const context = Context.make(Tracer.Tracer, tracer)
 * const trace = Trace.of(context)
 * const outer = trace?.start(context, "invoke_agent", "internal")
 * if (trace !== undefined && outer !== undefined) {
 *   const inner = trace.start(Trace.under(context, outer), "execute_tool ping", "internal")
 *   console.log(inner.traceId === outer.traceId) // => true
 * }
 * ```
 */
export const under = <R>(context: Context.Context<R>, span: Tracer.Span): Context.Context<R> =>
  Context.addUnsafe(context, Tracer.ParentSpan.key, span)

/**
 * The span of a context, as the header `traceparent` names it to others; undefined where there is no tracer.
 *
 * @example
 * ```ts
 * import { Trace } from "@volley/core"
 * import { Context, Tracer } from "effect"
 *
 * const span = Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" })
 * const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
 * const context = Context.add(Context.make(Tracer.Tracer, tracer), Tracer.ParentSpan, span)
 * console.log(Trace.traceparent(context)) // => 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 * console.log(Trace.traceparent(Context.empty())) // => undefined
 * ```
 */
export const traceparent = (context: Context.Context<never>): string | undefined => {
  const span = of(context) && parentOf(Context.getOrUndefined(context, Tracer.ParentSpan))
  return span && `00-${span.traceId.padStart(32, "0")}-${span.spanId}-${span.sampled ? "01" : "00"}`
}

/**
 * How a span ends that failed: by the kind of the error alone, without its words and its stack.
 *
 * @example
 * ```ts
 * import { Trace } from "@volley/core"
 * import { Cause, Exit } from "effect"
 *
 * const exit = Trace.failed("Timeout") // the kind of an error, and nothing of what it says
 * if (Exit.isFailure(exit)) console.log(Cause.squash(exit.cause)) // => { name: 'Timeout', message: 'Timeout' }
 * ```
 */
export const failed = (type: string): Exit.Exit<never, { readonly name: string; readonly message: string }> =>
  Exit.fail({ name: type, message: type })

/** Made by a class: a call makes one, and closures would cost more than the span. */
class Made implements Trace {
  readonly #tracer: Tracer.Tracer
  readonly #clock: Clock.Clock
  readonly #isTimed: boolean
  readonly #isTaken: boolean
  readonly #annotations: ReadonlyArray<readonly [string, unknown]>
  readonly #links: ReadonlyArray<Tracer.SpanLink>

  constructor(context: Context.Context<never>) {
    const level = Context.get(context, Tracer.CurrentTraceLevel)
    this.#tracer = Context.get(context, Tracer.Tracer)
    this.#clock = Context.get(context, Clock.Clock)
    this.#isTimed = Context.get(context, References.TracerTimingEnabled)
    this.#isTaken = !LogLevel.isGreaterThan(Context.get(context, Tracer.MinimumTraceLevel), level)
    this.#annotations = Object.entries(Context.get(context, References.TracerSpanAnnotations))
    this.#links = Context.get(context, References.TracerSpanLinks)
  }

  start(context: Context.Context<never>, name: string, kind: Tracer.SpanKind): Tracer.Span {
    const parent = parentOf(Context.getOrUndefined(context, Tracer.ParentSpan))
    const span = this.#spanOf({
      name,
      parent: Option.fromUndefinedOr(parent),
      annotations: Context.empty(),
      links: this.#links.slice(),
      startTime: this.now(),
      kind,
      root: false,
      sampled: parent?.sampled !== false && this.#isTaken
    })
    for (const [key, value] of this.#annotations) span.attribute(key, value)
    return span
  }

  end(span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): void {
    try {
      span.end(this.now(), exit)
    } catch {
      // A tracer that throws cannot harm what it follows.
    }
  }

  /** Where the tracer throws, a span that is never read. */
  #spanOf(options: Parameters<Tracer.Tracer["span"]>[0]): Tracer.Span {
    try {
      return this.#tracer.span(options)
    } catch {
      return new Tracer.NativeSpan(options)
    }
  }

  now(): bigint {
    return this.#isTimed ? this.#clock.currentTimeNanosUnsafe() : 0n
  }
}

/** Spans that are not passed on count for nothing. */
const parentOf = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  let one = span
  while (one !== undefined && Context.get(one.annotations, Tracer.DisablePropagation)) {
    one = one._tag === "Span" ? Option.getOrUndefined(one.parent) : undefined
  }
  return one
}
