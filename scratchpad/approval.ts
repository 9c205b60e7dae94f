// A refund that a person has to allow: the agent stops, its conversation is stored, and another run goes on from it.
import { Agent, Approver, Conversation, Tool, Toolkit } from "@volley/core"
import { OpenAiResponses } from "@volley/openai"
import { type Script, Simulator } from "@volley/simulator"
import { Effect, Redacted, Schema } from "effect"

const refund = Tool.make("refund", {
  description: "Pays an order back. `order` and `amount` come from the user.",
  parameters: Schema.Struct({ order: Schema.Int, amount: Schema.Finite }),
  success: Schema.String,
  approval: ({ amount }) => amount > 100, // or "always"
  execute: ({ amount, order }) =>
    Effect.sync(() => {
      console.log(`paid back ${amount} for order ${order}`)
      return "paid back"
    })
})

const toolkit = Toolkit.make(refund)

const script: Script.Script = {
  wants: () => [
    { name: "refund", arguments: { order: 7, amount: 20 } },
    { name: "refund", arguments: { order: 8, amount: 500 } }
  ],
  answer: (seen) => `Both orders: ${seen.map(({ result }) => result).join(" and ")}.`
}

const Stored = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

/** Asks, and gives the conversation as JSON where a call of it waits for a decision. */
const ask = Effect.fnUntraced(function*(prompt: string) {
  const error = yield* Effect.flip(Agent.run({ toolkit, prompt }))
  if (error._tag !== "AgentError" || error.reason._tag !== "Undecided") return yield* Effect.die(error)
  for (const call of Conversation.pending(error.conversation)) console.log(`waits: ${call.name} ${call.arguments}`)
  return yield* Schema.encodeEffect(Stored)(error.conversation)
})

/** Goes on from a stored conversation, with what somebody has decided. */
const goOn = Effect.fnUntraced(function*(stored: string, decision: Approver.Decision) {
  const conversation = yield* Schema.decodeEffect(Stored)(stored)
  const decided = Approver.layer(() => Effect.succeed(decision))
  const { answer } = yield* Effect.provide(Agent.run({ toolkit, prompt: conversation }), decided)
  console.log(answer)
})

const main = Effect.gen(function*() {
  const { openai } = yield* Simulator.serve({ script: () => script })
  const model = OpenAiResponses.layer({ model: "gpt-5.4", apiKey: Redacted.make("simulated"), baseUrl: openai })
  const stored = yield* Effect.provide(ask("Pay back 20 for order 7 and 500 for order 8."), model)
  yield* Effect.provide(goOn(stored, "allowed"), model) // the next day, in another process
})

await Effect.runPromise(Effect.scoped(main))
// => paid back 20 for order 7
// => waits: refund {"order":8,"amount":500}
// => paid back 500 for order 8
// => Both orders: "paid back" and "paid back".
