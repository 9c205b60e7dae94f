/**
 * Agents, batches and pipelines that go on after their process has died. A call that ended never runs again. A write
 * runs at most once; if it was cut off, its outcome is reported as unknown.
 */
import type * as CoreAgent from "@volley/core/Agent"
import type { AgentError } from "@volley/core/AgentError"
import type { AgentEvent } from "@volley/core/AgentEvent"
import type { ChatModel } from "@volley/core/ChatModel"
import type { ChatModelError } from "@volley/core/ChatModelError"
import type { Content } from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import * as Given from "@volley/core/Given"
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { type DurableError, NotFound } from "./DurableError.ts"
import { beginOnce, find, said, stored } from "./internal/begin.ts"
import * as Events from "./internal/events.ts"
import type { Ended as AnyEnded } from "./internal/result.ts"
import * as Running from "./internal/run.ts"
import type { Begun } from "./internal/statements.ts"
import type { Store } from "./internal/store.ts"
import { type Deadline, lateOf } from "./internal/waits.ts"
import { beginAgain, serve } from "./internal/workflows.ts"
import { follow, type Status, status, statusOf } from "./Journal.ts"
import type { StoreError } from "./StoreError.ts"

export type { Decision } from "./internal/approvals.ts"
export { batch, type BatchOptions, pipeline } from "./internal/direct.ts"
export type { Deadline } from "./internal/waits.ts"
export { decide, forget, list, type Status, sweep, type Waiting, waiting } from "./Journal.ts"

/** The services that a store provides: `Local.layer`, `Postgres.layer` and those for several machines. */
export type Services = SqlClient.SqlClient | Store | WorkflowEngine

/** What an agent does in all of its runs, as `Agent.run` takes it; each run has a prompt of its own. */
export interface Options<out T extends Tool.Any>
  extends Omit<CoreAgent.Options<T>, "prompt" | "toolkit" | "startedAt" | "spent" | "onInterrupt">
{
  /** Must be the same in each turn: a run that goes on elsewhere has to find the tools with which it began. */
  readonly toolkit: Toolkit.Toolkit<T>
  /**
   * How long a call waits for a decision at most, and the decision after that, `otherwise`: by default denied, with a
   * reason.
   *
   * - it holds for all waiting calls, also those that waited before you set it; a process with the agent's layer
   *   decides
   */
  readonly approvals?: Deadline | undefined
}

/** The id and the prompt of a run; the same id and prompt find the run that has begun. */
export interface Asked {
  readonly runId: string
  readonly prompt: string | ReadonlyArray<Content> | Conversation.Conversation
}

/**
 * How a run ended. If it ended with an error, the conversation is in that error, or in `run.conversation`.
 *
 * - `usage`, `cost`: of all turns, those before a restart included
 */
export interface Ended<out O = undefined> extends Omit<AnyEnded, "output"> {
  readonly output: O
}

/**
 * A run, for any process that reaches its store.
 *
 * - `await`: waits until it ends, which may take days if a call waits for a decision; if you interrupt it, the run goes
 *   on
 * - `poll`: how far it is
 * - `cancel`: ends it for good, whichever process runs it; running calls are interrupted
 * - `conversation`: up to the last turn whose calls are all answered
 * - `events`: its events, from its beginning and while it goes on, as the JSON of `AgentEvent`. A turn comes once it is
 *   whole. A tool's failure comes without the program's own message, and calls inside a call have no events. The last
 *   event is `Answer` or `Failed`. `AgentEvent.written` makes server-sent events of them, and `Journal.follow` gives
 *   all that is kept
 */
export interface Run<out O = undefined> {
  readonly id: string
  readonly await: Effect.Effect<Ended<O>, AgentError | ChatModelError | DurableError | StoreError>
  readonly poll: Effect.Effect<Status, DurableError | StoreError>
  readonly cancel: Effect.Effect<void, DurableError | StoreError>
  readonly conversation: Effect.Effect<Conversation.Conversation, DurableError | StoreError>
  readonly events: Stream.Stream<AgentEvent, DurableError | StoreError>
}

/**
 * An agent whose runs go on after their process has died.
 *
 * - `layer`: runs its runs in this process, the unfinished ones too
 * - `start`: begins a run, in a process that has the layer, or finds the run of this id; fails with `RunConflict` if
 *   that run has another prompt or other tools
 * - `find`: finds a run
 */
export interface DurableAgent<out O, out R, out D = never> {
  readonly name: string
  readonly layer: Layer.Layer<never, StoreError, Services | R>
  readonly start: (asked: Asked) => Effect.Effect<Run<O>, DurableError | StoreError, Services | D>
  readonly find: (runId: string) => Effect.Effect<Run<O>, DurableError | StoreError, Services | D>
}

/**
 * Makes an agent whose runs go on after their process has died.
 *
 * - `name`: keep it from version to version, since runs are found by it
 * - undecided calls wait until `Durable.decide`, and need no process meanwhile; an `Approver` of the program is asked
 *   first
 * - limits count across restarts; `maxDuration` counts from the beginning of the run
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer, Schema } from "effect"
 *
 * const refund = Tool.make("refund", {
 *   description: "Pays an order back. `order` comes from the user.",
 *   parameters: Schema.Struct({ order: Schema.Int }),
 *   success: Schema.String,
 *   execute: ({ order }) => Effect.succeed(`paid back order ${order}`)
 * })
 * const support = Durable.agent("support", { toolkit: Toolkit.make(refund) })
 * const model = ScriptedModel.layer([ // stands in for a provider's layer
 *   ScriptedModel.calls({ name: "refund", arguments: { order: 7 } }),
 *   ScriptedModel.says("Order 7 is paid back.")
 * ])
 * // In a service: Local.layer({ file: "runs.db" }); this one keeps nothing.
 * const runner = support.layer.pipe(Layer.provide(model), Layer.provideMerge(Local.layer({ file: ":memory:" })))
 *
 * const ask = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "ticket-7", prompt: "I want my money back for order 7." })
 *   return (yield* run.await).answer // the same id and prompt, after a crash too, find the same run
 * })
 * console.log(await Effect.runPromise(Effect.provide(ask, runner))) // => Order 7 is paid back.
 * ```
 */
export function agent<T extends Tool.Any, S extends Schema.Constraint>(
  name: string,
  options: Options<T> & CoreAgent.WithOutput<S>
): DurableAgent<
  S["Type"],
  ChatModel | Tool.Requirements<T> | S["DecodingServices"] | S["EncodingServices"],
  S["DecodingServices"]
>
export function agent<T extends Tool.Any>(
  name: string,
  options: Options<T>
): DurableAgent<undefined, ChatModel | Tool.Requirements<T>>
export function agent(
  name: string,
  options: Options<Tool.Any> & Partial<CoreAgent.WithOutput<Schema.Constraint>>
): DurableAgent<unknown, unknown, unknown> {
  if (!Predicate.isObject(options)) throw new TypeError("Durable.agent: write (\"support\", { toolkit, ... }).")
  Given.toolkit("Durable.agent", options.toolkit)
  const { approvals, output, ...rest } = options
  const late = lateOf(approvals)
  const start = ({ prompt, runId }: Asked) => {
    if (typeof runId !== "string") throw new TypeError(`Durable: ${noRunId}.`)
    const input = { conversation: begun(options, runId, prompt) }
    const started = Effect.tap(
      beginOnce({ runId, name, input, toolkit: options.toolkit }),
      (row) => row.ended_at === null ? beginAgain(row) : Effect.void
    )
    return Effect.flatMap(said(runId, started), (row) => runOf(row, output))
  }
  return {
    name,
    layer: Layer.effectDiscard(stored(serve(name, { ...rest, output }, late))),
    start,
    find: (runId) => Effect.flatMap(said(runId, findOf(name, runId)), (row) => runOf(row, output))
  }
}

const noRunId = "`runId` is missing: give an id of your own, such as that of a ticket"

/** A run of another agent is none of this one's. */
const findOf = (name: string, runId: string) =>
  Effect.flatMap(find(runId), (row) => row.name === name ? Effect.succeed(row) : Effect.fail(new NotFound()))

/** The conversation that a run begins with; its keys are made of the run's id. */
const begun = (
  { askTogether, system, toolkit }: Options<Tool.Any>,
  runId: string,
  prompt: Asked["prompt"]
): Conversation.Conversation => {
  if (typeof prompt === "object" && "messages" in prompt) {
    const closed = Conversation.close(prompt, [], (tool) => {
      const { idempotent = false, readOnly = false } = toolkit.byName.get(tool) ?? {}
      return readOnly || idempotent
    })
    return { ...closed, runId }
  }
  const told = askTogether === true ? [system, Conversation.askTogether].filter(Boolean).join("\n\n") : system
  return Conversation.make(prompt, { system: told, runId })
}

const runOf = (run: Begun, output: Schema.Constraint | undefined): Effect.Effect<Run<unknown>, never, unknown> =>
  Effect.contextWith((context: Context.Context<unknown>) => {
    const { run_id: id } = run
    return Effect.succeed({
      id,
      await: Effect.provideContext(awaited(run, output), context),
      poll: Effect.provideContext(said(id, Effect.map(find(id), statusOf)), context),
      cancel: Effect.provideContext(said(id, Running.cancel(id)), context),
      conversation: Effect.provideContext(said(id, Running.conversation(id)), context),
      events: Stream.provideContext(eventsOf(run), context)
    })
  })

const awaited = (
  run: Begun,
  output: Schema.Constraint | undefined
): Effect.Effect<Ended<unknown>, AgentError | ChatModelError | DurableError | StoreError, unknown> =>
  Effect.flatMap(said(run.run_id, Running.awaited(run)), (ending) => {
    if ("failed" in ending) return Effect.fail(ending.failed)
    const { output: json, ...ended } = ending.answered
    const read = output === undefined
      ? Effect.undefined
      : Effect.orDie(Schema.decodeUnknownEffect(Schema.toCodecJson(output))(json))
    return Effect.map(read, (output) => ({ ...ended, output }))
  })

const eventsOf = (run: Begun): Stream.Stream<AgentEvent, DurableError | StoreError, unknown> =>
  Stream.concat(
    Stream.mapAccumEffect(
      follow(run.run_id),
      () => Events.nothing,
      (told, entry) => Events.told(run.run_id, told, entry)
    ),
    Stream.fromEffect(endOf(run))
  )

const endOf = Effect.fnUntraced(function*(
  run: Begun
): Effect.fn.Return<AgentEvent, DurableError | StoreError, unknown> {
  const { endedAt = 0 } = yield* status(run.run_id)
  const failed = (error: AgentError | ChatModelError | DurableError) => Effect.succeed(Events.failed(endedAt, error))
  return yield* Effect.map(awaited(run, undefined), (ended) => Events.answered(endedAt, ended)).pipe(
    Effect.catchTags({ AgentError: failed, ChatModelError: failed, DurableError: failed })
  )
})
