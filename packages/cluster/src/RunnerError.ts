/**
 * Why a process cannot take part in a cluster.
 */
import * as Schema from "effect/Schema"

/** A runner cannot listen at its address: another program does, or it is none of this machine. */
export class RunnerError extends Schema.TaggedError<RunnerError>()("RunnerError", {
  host: Schema.String,
  port: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `A runner cannot listen on ${this.host}, port ${this.port} (${why}): end the program that does, or give another \`address\`.`
  }
}
