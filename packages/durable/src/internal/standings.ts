/**
 * How the agent of a run stands behind its rounds, kept as what each round adds.
 */
import { Spent, type Standing } from "@volley/core/AgentRecorder"
import { type Conversation, Message } from "@volley/core/Conversation"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaJITCompiler from "effect/schema/SchemaJITCompiler"
import { Unreadable } from "../DurableError.ts"
import type { Owned } from "./owned.ts"

/** What a conversation has from its message `from` on. */
export const Tail = Schema.Struct({ from: Schema.Int, messages: Schema.Array(Message) })
export interface Tail extends Schema.Schema.Type<typeof Tail> {}

/** What a round adds. */
export const Round = Schema.Struct({ ...Tail.fields, spent: Spent })

// A long run has thousands of messages, which are read ten times as fast so. Where code cannot be made, nothing changes.
SchemaJITCompiler.enable(Round.ast)

const decodeRounds = Schema.decodeUnknownEffect(Schema.Array(Round))

/** What there is of a conversation behind another one, whose last answers may have been mended. */
export const tailOf = (before: Conversation, { messages }: Conversation): Tail => {
  const last = before.messages.at(-1)
  const from = before.messages.length - (last?.role === "tool" && last.pending !== undefined ? 1 : 0)
  return { from, messages: messages.slice(from) }
}

/** Puts what was added behind a conversation. */
export const withTails = (before: Conversation, tails: ReadonlyArray<Tail>): Conversation => {
  const messages = before.messages.slice()
  for (const { from, messages: more } of tails) messages.splice(from, messages.length - from, ...more)
  return { ...before, messages }
}

const keyOf = (n: number): string => `round/${String(n).padStart(9, "0")}`

/** How the agent of a run stands, from its beginning on; `spent` is not there before its first round. */
export class Standings {
  conversation: Conversation
  spent: Spent | undefined
  readonly #owned: Owned

  constructor(owned: Owned, conversation: Conversation, spent: Spent | undefined) {
    this.#owned = owned
    this.conversation = conversation
    this.spent = spent
  }

  /**
   * Keeps how it stands now: what was recorded before that is not needed any more to go on. Nothing waits for it: rows that
   * come after it are written after it, or with it, and without it all before it is still there.
   */
  keep({ conversation, spent }: Standing): Effect.Effect<void> {
    const owned = this.#owned
    const value = { ...tailOf(this.conversation, conversation), spent }
    return Effect.map(owned.hand({ key: keyOf(owned.segment), kind: "round", ended: true, value }), () => {
      owned.segment += 1
      this.conversation = conversation
      this.spent = spent
      for (const [key, { kind }] of owned.rows) if (kind !== "wait") owned.rows.delete(key)
    })
  }
}

/** Finds out how the agent of a run stands that was begun with a conversation. */
export const standingsOf = (owned: Owned, begun: Conversation): Effect.Effect<Standings, Unreadable> => {
  const rounds = Array.from(owned.rows.values()).filter(({ kind }) => kind === "round").map(({ value }) => value)
  return decodeRounds(rounds).pipe(
    Effect.mapError(({ message }) => new Unreadable({ key: "round", issue: message })),
    Effect.map((rounds) => new Standings(owned, withTails(begun, rounds), rounds.at(-1)?.spent))
  )
}
