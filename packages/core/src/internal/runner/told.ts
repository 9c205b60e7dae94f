import * as Effect from "effect/Effect"
import { type Call, hedged } from "../tool/handler.ts"
import { type Job, toldOf } from "./job.ts"
import { hedges } from "./observe.ts"

/** What a handler is told about one attempt at its call. */
export class Told implements Call {
  readonly attempt: number
  readonly #job: Job

  constructor(job: Job, attempt: number) {
    this.#job = job
    this.attempt = attempt
  }

  get id(): string {
    return this.#job.call.id
  }

  get deadline(): number {
    return this.#job.expiresAt
  }

  get idempotencyKey(): string {
    return this.#job.key
  }

  /** A call has no event after its end. */
  get progress(): Call["progress"] {
    const job = this.#job
    return (progress) =>
      Effect.sync(() => {
        if (job.ended) return
        job.run.tell({ _tag: "CallProgress", ...toldOf(job), at: job.run.now(), progress })
        job.run.engine.wake()
      })
  }

  get [hedged](): Effect.Effect<void> {
    return Effect.sync(() => hedges(this.#job))
  }
}
