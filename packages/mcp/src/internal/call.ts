import type { CallToolResult, Progress, Tool as Definition } from "@modelcontextprotocol/client"
import type * as Tool from "@volley/core/Tool"
import * as Trace from "@volley/core/Trace"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import { type Reason, Silent } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import type { Options } from "./server.ts"
import { short } from "./short.ts"

/** Calls a tool of a server, for a call of ours. */
export type Calling = (
  definition: Definition,
  args: Schema.JsonObject,
  call: Tool.Call
) => Effect.Effect<CallToolResult, Reason>

/** Calls the tools of a server, and tells how far the calls are. */
export const calling = (connection: Connection, { silence }: Pick<Options, "silence">): Calling => {
  const silent = silence === undefined ? undefined : Duration.fromInputUnsafe(silence)
  return Effect.fnUntraced(function*(definition, args, call) {
    const heard = yield* Queue.sliding<Schema.Json>(1)
    const beats = yield* Queue.sliding<void>(1)
    const onprogress = (progress: Progress) => {
      Queue.offerUnsafe(heard, told(progress))
      Queue.offerUnsafe(beats, undefined)
    }
    // The caller checks what comes back, as it checks what goes out.
    const toolDefinition = { ...definition, outputSchema: undefined }
    const traceparent = Trace.traceparent(yield* Effect.context())
    const params = {
      name: definition.name,
      arguments: args,
      ...(traceparent !== undefined && { _meta: { traceparent } })
    }
    const asked = connection.ask((client, limits) => client.callTool(params, { ...limits, onprogress, toolDefinition }))
    const answered = yield* (silent === undefined ? asked : Effect.raceFirst(asked, silentFor(silent, beats))).pipe(
      Effect.raceFirst(telling(heard, call))
    )
    yield* Effect.forEach(yield* Queue.clear(heard), call.progress, { discard: true })
    return answered
  })
}

/** Tells the latest progress, ten times a second at most. */
const telling = (heard: Queue.Dequeue<Schema.Json>, { progress }: Tool.Call): Effect.Effect<never> =>
  Queue.take(heard).pipe(Effect.flatMap(progress), Effect.andThen(Effect.sleep("100 millis")), Effect.forever)

/** Fails once nothing was heard for so long. */
const silentFor = (duration: Duration.Duration, beats: Queue.Dequeue<void>): Effect.Effect<never, Silent> => {
  const orElse = () => Effect.fail(new Silent({ millis: Duration.toMillis(duration) }))
  return Effect.forever(Effect.timeoutOrElse(Queue.take(beats), { duration, orElse }))
}

/** A server may say a lot; one line is kept. */
const told = ({ message, progress, total }: Progress): Schema.Json => ({
  progress,
  ...(total !== undefined && { total }),
  ...(message !== undefined && { message: short(message, 500) })
})
