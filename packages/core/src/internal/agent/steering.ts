import * as Effect from "effect/Effect"
import * as Conversation from "../../Conversation.ts"
import { apart } from "../guarded.ts"
import type { Agent } from "./agent.ts"
import { timeLeft } from "./nesting.ts"
import type { AnyOptions } from "./options.ts"
import { stand } from "./standing.ts"
import type { State } from "./state.ts"

/** What `steer` says behind the results of a round, without empty texts. */
export const saidMeanwhile = (agent: Agent, state: State): Effect.Effect<ReadonlyArray<Conversation.User>> => {
  const { steer } = agent.options
  if (steer === undefined || state.conversation.messages.at(-1)?.role !== "tool") return Effect.succeed([])
  return heard(agent, state, steer)
}

/** Puts behind the results of a round what was said meanwhile. */
export const steered = (agent: Agent, state: State, said: ReadonlyArray<Conversation.User>): Effect.Effect<State> => {
  if (said.length === 0) return Effect.succeed(state)
  const conversation = Conversation.append(state.conversation, ...said)
  const after = stand(agent.standing, { ...state, conversation })
  return Effect.as(agent.tell({ _tag: "Steered", at: agent.now(), said, conversation }), after)
}

const read = (said: Effect.Success<Steer>): ReadonlyArray<Conversation.User> => {
  if (!Array.isArray(said)) throw new TypeError("what `steer` gives is no list: give one, such as [\"Faster!\"]")
  return said.map(Conversation.user).filter(({ content, text }) => content !== undefined || text.trim() !== "")
}

type Steer = NonNullable<AnyOptions["steer"]>

/** A `steer` that crashes, gives no texts and no content, or takes all the agent's time, says nothing. */
const heard = (agent: Agent, state: State, steer: Steer): Effect.Effect<ReadonlyArray<Conversation.User>> => {
  const asked = Effect.catchCause(
    Effect.map(apart(steer), read),
    (cause) => Effect.as(Effect.logError("`steer` crashed", cause), [])
  )
  const left = timeLeft(agent, state)
  return left === Infinity ? asked : Effect.timeoutOrElse(asked, { duration: left, orElse: () => Effect.succeed([]) })
}
