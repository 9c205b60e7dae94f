/**
 * Runs of instant tools, kept in three ways: not at all, as durable runs, and with an activity of a workflow for every turn and call.
 */
import { Agent, AgentRecorder, Approver, type ChatModel, Recorder, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"

const callsOfTurn = 12

const parameters = Schema.Struct({ n: Schema.Int, city: Schema.String })
const success = Schema.Struct({ n: Schema.Int, sky: Schema.String })
const definition = { description: "Does something at once.", parameters, success }
const answer = ({ n }: { readonly n: number }) => Effect.succeed({ n, sky: "clear, and a little wind from the west" })

/** Reads, idempotent calls and writes, as many of each; and a last call that waits for a decision. */
export const toolkit = Toolkit.make(
  Tool.make("look", { ...definition, readOnly: true, execute: (given) => answer(given) }),
  Tool.make("put", { ...definition, idempotent: true, execute: (given) => answer(given) }),
  Tool.make("pay", { ...definition, execute: (given) => answer(given) }),
  Tool.make("ask", { ...definition, approval: "always", execute: (given) => answer(given) })
)
const names = ["look", "put", "pay"]

/** A model that calls so many turns of tools, asks for one that has to be decided on where `asks`, and answers. */
export const modelOf = (turns: number, asks = false): Layer.Layer<ChatModel.ChatModel> =>
  ScriptedModel.layer(({ conversation: { messages } }) => {
    const turn = messages.filter(({ role }) => role === "assistant").length
    if (turn < turns) {
      return ScriptedModel.calls(...Array.from({ length: callsOfTurn }, (_, index) => callOf(turn, index)))
    }
    return asks && turn === turns
      ? ScriptedModel.calls({ name: "ask", arguments: { n: 0, city: "Oslo" } })
      : ScriptedModel.says("done")
  })

const callOf = (turn: number, index: number) => ({
  name: names[index % names.length] ?? "look",
  arguments: { n: turn * callsOfTurn + index, city: "Oslo" }
})

/** How many turns and calls are kept of a run. */
export const recordsOf = (turns: number): number => turns * (callsOfTurn + 1) + 1

/** So many turns have so many calls, at least. */
export const turnsFor = (calls: number): number => Math.ceil(calls / callsOfTurn)

const options = { toolkit, maxRounds: 2000, batch: { maxCalls: "unbounded" } } as const

/** The same run, kept nowhere. */
export const plain = Effect.provide(Agent.run({ ...options, prompt: "Go." }), Approver.allow)

export const agent = Durable.agent("cost", options)

/** How many milliseconds something takes. */
export const millisOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(effect, () => performance.now() - began)
  })

/** A program with runs that wait for a decision behind so many turns. */
export const served = <E>(turns: number, store: Layer.Layer<Durable.Services, E>) =>
  agent.layer.pipe(Layer.provideMerge(store), Layer.provide(modelOf(turns, true)))

/** Begins a run that comes to wait. */
export const begun = Effect.fnUntraced(function*(runId: string) {
  yield* agent.start({ runId, prompt: "Go." })
  while ((yield* Durable.waiting(runId)).length === 0) yield* Effect.sleep(20)
})

/** Decides what it waits for, and measures from there to its answer. */
export const goneOn = Effect.fnUntraced(function*(runId: string) {
  const run = yield* agent.find(runId)
  return yield* millisOf(Effect.gen(function*() {
    for (const { key } of yield* Durable.waiting(runId)) yield* Durable.decide(key, "allowed")
    yield* run.await
  }))
})

/** A workflow whose turns and calls are activities of Effect's. */
export const AsActivities = Workflow.make("cost/activities", {
  payload: { runId: Schema.String },
  idempotencyKey: ({ runId }) => runId,
  success: Schema.String,
  error: Schema.String
})

export const activities = AsActivities.toLayer(() =>
  Effect.gen(function*() {
    const context = yield* Effect.context<WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance>()
    const kept = <S extends Schema.Codec<unknown, unknown>>(
      name: string,
      success: S,
      execute: Effect.Effect<S["Type"]>
    ) => Effect.provideContext(Activity.make({ name, success, execute }), context)
    const calls: Recorder.Recorder = {
      known: () => undefined,
      call: ({ key }, run) =>
        Effect.flatMap(Deferred.make<Recorder.Ended>(), (end) => {
          const told = Effect.tap(run, (ended) => Deferred.succeed(end, ended))
          return Effect.andThen(
            kept(`call/${key}`, Recorder.Written, Effect.map(told, Recorder.write)),
            Deferred.await(end)
          )
        })
    }
    const turns: AgentRecorder.AgentRecorder = {
      turn: (key, take) =>
        Effect.contextWith((own) =>
          kept(`turn/${key}`, AgentRecorder.Turn, Effect.orDie(Effect.provideContext(take, own)))
        ),
      settled: () => Effect.void
    }
    const { answer } = yield* plain.pipe(
      Effect.provideService(Recorder.Recorder, calls),
      Effect.provideService(AgentRecorder.AgentRecorder, turns)
    )
    return answer
  }).pipe(Effect.mapError(String))
)
