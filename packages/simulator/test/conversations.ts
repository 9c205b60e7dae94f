/**
 * Conversations that codecs write out.
 */
import { Conversation } from "@volley/core"

/** A conversation of these messages. */
export const conversation = (...messages: ReadonlyArray<Conversation.Message>): Conversation.Conversation =>
  Conversation.append({ runId: "run", messages: [] }, ...messages)

/**
 * Makes assistant messages with calls that are no different from each other unless they say so.
 *
 * - `prefix`: what their ids begin with
 * - `args`: their arguments
 */
export const turnsOf =
  (prefix: string, args: unknown) =>
  (calls: ReadonlyArray<Partial<Conversation.Assistant["calls"][number]>>, text = ""): Conversation.Assistant => ({
    role: "assistant",
    text,
    calls: calls.map((call, index) => ({
      id: `${prefix}_${index + 1}`,
      name: "weather",
      arguments: args,
      index,
      status: "complete",
      ...call
    }))
  })

/** The same result for each of these calls. */
export const answers = (...ids: ReadonlyArray<string>) => ({
  role: "tool" as const,
  results: ids.map((callId) => ({ callId, name: "weather", text: "3", isError: false }))
})
