import * as Context from "effect/Context"
import type { Job } from "./job.ts"

/** The job whose handler is at work: a run that begins inside it is an inner run. */
export const Enclosing = Context.Reference<Job | undefined>("@volley/core/internal/Enclosing", {
  defaultValue: () => undefined
})
