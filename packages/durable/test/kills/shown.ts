/**
 * What became of the things that a run was to do, as its model was shown it.
 */
import type { Conversation } from "@volley/core"
import * as Schema from "effect/Schema"
import type { Scenario, Wanted } from "./scenario.ts"

/** What became of one of them; `type` is that of an error. */
export const Shown = Schema.Struct({
  n: Schema.Int,
  value: Schema.optionalKey(Schema.Int),
  type: Schema.optionalKey(Schema.String)
})
export type Shown = typeof Shown.Type

const Answer = Schema.Struct({ value: Schema.Int })
const Failure = Schema.Struct({ type: Schema.String })
const Step = Schema.Struct({ ok: Schema.optionalKey(Answer), error: Schema.optionalKey(Failure) })

const readAnswer = Schema.decodeUnknownSync(Schema.fromJsonString(Answer))
const readFailure = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ error: Failure })))
const readPlan = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ steps: Schema.Array(Step) })))

/** All that a conversation shows, in the order of the scenario; a call that has no result is not there. */
export const shownIn = (scenario: Scenario, { messages }: Conversation.Conversation): ReadonlyArray<Shown> =>
  messages.flatMap((message) => message.role === "tool" ? [message.results] : []).flatMap((results, turn) =>
    results.flatMap((result, index) => {
      const wanted = scenario[turn]?.[index]
      return wanted === undefined ? [] : shownBy(wanted, result)
    })
  )

const shownBy = (wanted: Wanted, { isError, text }: Conversation.ToolResult): ReadonlyArray<Shown> => {
  if (isError) {
    const { error: { type } } = readFailure(text)
    return ("kind" in wanted ? [wanted] : wanted).map(({ n }) => ({ n, type }))
  }
  if ("kind" in wanted) return [{ n: wanted.n, ...readAnswer(text) }]
  const { steps } = readPlan(text)
  return wanted.map(({ n }, index) => ({ n, ...steps[index]?.ok, ...steps[index]?.error }))
}
