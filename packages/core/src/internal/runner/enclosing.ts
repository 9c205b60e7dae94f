import * as Context from "effect/Context"
import type { Used } from "../../Recorder.ts"
import type { Inside, Job } from "./job.ts"

/** What a handler knows of the job whose handler it is: a run that begins inside that is an inner run. */
export const Enclosing = Context.Reference<Inside | undefined>("@volley/core/internal/Enclosing", {
  defaultValue: () => undefined
})

/** Takes what agents inside a call have used that is told again; there is none where no agent is around. */
export const Payer = Context.Reference<((job: Job, used: Used) => void) | undefined>("@volley/core/internal/Payer", {
  defaultValue: () => undefined
})
