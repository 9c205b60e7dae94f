/**
 * What runs the calls of a user's own pipeline, or agent, in place of `Batch.run`.
 */
import { Agent, Pipeline, type Tool } from "@volley/core"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { Drawn } from "../Generate.ts"
import * as ScriptedModel from "../ScriptedModel.ts"
import type { AnyRunner } from "./runner.ts"

/** What an agent is, but for its tools and what it is asked. */
export type AgentOptions =
  & Omit<Agent.Options<Tool.Any>, "toolkit" | "prompt">
  & Partial<Pick<Agent.Options<Tool.Any>, "prompt">>

/** Runs all of a pipeline, with other tools in the place of its own. */
export const throughPipeline =
  ({ graph, steps }: Pipeline.Pipeline<Pipeline.Steps>): AnyRunner => (toolkit, _calls, options) =>
    Pipeline.run({ steps, graph: { ...graph, toolkit } }, options)

/** The calls of a pipeline, whatever its arguments come to. */
export const drawnOf = ({ graph }: Pipeline.Pipeline<Pipeline.Steps>): ReadonlyArray<Drawn> =>
  graph.nodes.map(({ call }) => ({ call, fault: "none" }))

/** Has a model ask an agent for the calls; dies where the agent leaves a conversation that no provider takes, or no round. */
export const throughAgent = (options: AgentOptions): AnyRunner =>
  Effect.fnUntraced(function*(toolkit, calls, batch) {
    const finish = calls.some(({ status }) => status === "truncated") ? "length" : "tool-calls"
    const asking = { message: { role: "assistant", text: "", calls }, finish, usage: ScriptedModel.usage } as const
    const model = ScriptedModel.layer(({ conversation: { messages } }) =>
      messages.some(({ role }) => role === "assistant")
        ? ScriptedModel.says("Done.")
        : asking
    )
    const settings = { streaming: false, prompt: "Go on.", ...options, toolkit, batch: { ...options.batch, ...batch } }
    const rounds: Array<Agent.Round<Tool.Any>> = []
    const ending = yield* Agent.stream(settings).pipe(
      Stream.runForEach((event) =>
        Effect.suspend(() => {
          if (event._tag === "RoundSettled") rounds.push(event.round)
          return event._tag === "Answer" ? sound(event.ended) : Effect.void
        })
      ),
      Effect.catchTag("AgentError", sound),
      Effect.orDie,
      Effect.provide(model),
      Effect.as(rounds)
    )
    const [first] = ending
    return first === undefined ? yield* Effect.die(new Error("The agent settled no calls.")) : first.settled
  })

const sound = ({ conversation }: Pick<Agent.Left, "conversation">): Effect.Effect<void> => {
  const violation = ScriptedModel.violationOf(conversation)
  return violation === undefined ? Effect.void : Effect.die(violation)
}

/** Throws where the compiler would have refused what is to be checked, or its laws. */
export const refuseMisused = (subject: unknown, laws: ReadonlyArray<unknown> = []): void => {
  const odd = laws.find((law) => typeof law === "string")
  const mistake = odd !== undefined
    ? `\`laws\` has "${odd}", which is no law: write Laws.${odd}`
    : Predicate.hasProperty(subject, "handler")
    ? "a tool is no toolkit: write Laws.check(Toolkit.make(tool))"
    : ["graph", "byName", "toolkit"].some((name) => Predicate.hasProperty(subject, name))
    ? undefined
    : "there is nothing to check: give a toolkit, a pipeline, or the options of an agent with its `toolkit`"
  if (mistake !== undefined) throw new TypeError(`Laws.check: ${mistake}.`)
}
