/**
 * A run of an agent, as a file keeps it: a head, then one event a line, as JSON.
 */
import * as AgentEvent from "@volley/core/AgentEvent"
import * as Schema from "effect/Schema"

/**
 * The first line of a file.
 *
 * - `at`: when it began, in milliseconds since the epoch
 */
export const Head = Schema.Struct({
  volley: Schema.Literal("run"),
  version: Schema.Literal(1),
  at: Schema.Finite,
  name: Schema.optionalKey(Schema.String)
})
export type Head = typeof Head.Type

/** A run, whole or as far as it went. */
export const Run = Schema.Struct({ head: Head, events: Schema.Array(AgentEvent.AgentEvent) })
export interface Run extends Schema.Schema.Type<typeof Run> {}
