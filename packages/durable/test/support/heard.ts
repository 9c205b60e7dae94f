/**
 * What a program logs, for a test that waits until something is said.
 */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Queue from "effect/Queue"

/** Makes a logger that says nothing aloud, and what waits for a message that begins so. */
export const make = Effect.gen(function*() {
  const messages = yield* Queue.unbounded<string>()
  const logger = Logger.make(({ message }) => Queue.offerUnsafe(messages, String(message)))
  const next = (begin: string): Effect.Effect<string> =>
    Effect.repeat(Queue.take(messages), { until: (message) => message.startsWith(begin) })
  return { logger: Logger.layer([logger]), next }
})
