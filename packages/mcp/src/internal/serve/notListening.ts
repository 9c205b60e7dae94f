import * as Schema from "effect/Schema"

/** The server cannot listen there: the port is taken, or the address is not this machine's. */
export class NotListening extends Schema.TaggedError<NotListening>()("NotListening", {
  host: Schema.String,
  port: Schema.Int,
  why: Schema.String
}) {
  override get message(): string {
    return `cannot listen on ${this.host}, port ${this.port}: ${this.why}`
  }
}
