import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import { typeOf } from "../../CallError.ts"
import { type Call, CallObserver, type Calls, type Started } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import * as Trace from "../../Trace.ts"
import { safely } from "../guarded.ts"

/** What follows the calls of a run: an observer, or spans alone where there is just a tracer. */
export const observerOf = (context: Context.Context<unknown>): Calls | undefined => {
  const observer = Context.get(context, CallObserver)
  if (observer !== undefined) return safely(() => observer(context))
  const trace = Trace.of(context)
  return trace && new Spans(trace)
}

/** A span for each call that starts, under the names of OpenTelemetry's GenAI conventions, and nothing else. */
class Spans implements Calls {
  readonly #trace: Trace.Trace

  constructor(trace: Trace.Trace) {
    this.#trace = trace
  }

  waiting(): void {}

  starts({ call, tool }: Call, context: Context.Context<unknown>): Started {
    const name = tool?.name ?? call.name
    const span = this.#trace.start(context, `execute_tool ${name}`, "internal")
    span.attribute("gen_ai.operation.name", "execute_tool")
    span.attribute("gen_ai.tool.name", name)
    span.attribute("gen_ai.tool.call.id", call.id)
    return new Spanned(this.#trace, span, context)
  }

  refused(): void {}
}

class Spanned implements Started {
  readonly context: Context.Context<unknown>
  readonly #trace: Trace.Trace
  readonly #span: Tracer.Span

  constructor(trace: Trace.Trace, span: Tracer.Span, context: Context.Context<unknown>) {
    this.#trace = trace
    this.#span = span
    this.context = Trace.under(context, span)
  }

  retried(): void {}

  hedged(): void {}

  /** What a tool crashed with, or says of its failure, does not leave the house. */
  settled({ result }: Outcome): void {
    this.#trace.end(this.#span, Result.isSuccess(result) ? Exit.void : Trace.failed(typeOf(result.failure)))
  }
}
