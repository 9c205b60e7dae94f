import { type Exit, Option, Tracer } from "effect"

/** A span that ended, and how. */
export interface Seen {
  readonly span: Tracer.NativeSpan
  readonly exit: Exit.Exit<unknown, unknown>
}

/** Keeps every span that ended. */
export const recordingTracer = () => {
  const ended: Array<Seen> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const end = span.end.bind(span)
      span.end = (time, exit) => {
        ended.push({ span, exit })
        end(time, exit)
      }
      return span
    }
  })
  return { ended, tracer }
}

/** A span and those that it is inside of, the outermost first. */
export const pathOf = ({ name, parent }: Tracer.Span): string => {
  const outer = Option.getOrUndefined(parent)
  return outer?._tag === "Span" ? `${pathOf(outer)} > ${name}` : name
}
