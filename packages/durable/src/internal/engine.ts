/**
 * The workflow engine under a store. All that Volley has of Effect's `workflow` and `cluster` for one process is here.
 */
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import * as Messages from "./messages.ts"

const common: Partial<ShardingConfig.ShardingConfig["Service"]> = {
  entityMessagePollInterval: "500 millis",
  // An agent that this program does not have may be in its next version: its runs wait for that, rather than fail for good.
  entityRegistrationTimeout: Duration.infinity,
  // A run that ends here is told so at once; what it has begun gets its grace.
  entityTerminationTimeout: Duration.zero
}

/** The engine on the messages of a database; `isRunner` where it goes on with runs, and does not only send. */
const engine = (config: Partial<ShardingConfig.ShardingConfig["Service"]>) =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provide(Sharding.layer),
    Layer.provide(Runners.layerNoop),
    Messages.provide,
    Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    // Not that of the environment: what a program's HOST and PORT say is about something else.
    Layer.provide(ShardingConfig.layer({ ...common, ...config })),
    Layer.provide(Digest.layerWebCrypto)
  )

type Engine = Layer.Layer<WorkflowEngine, never, SqlClient.SqlClient>

/** Starts an engine once something is asked of it: runs need none, and one that runs has shards to take and messages to look for. */
const lazily = (layer: Engine): Engine =>
  Layer.effect(
    WorkflowEngine,
    Effect.gen(function*() {
      const scope = yield* Effect.scope
      const services = yield* Effect.context<SqlClient.SqlClient>()
      const building = Effect.provideContext(Layer.buildWithScope(layer, scope), services)
      const engine = Effect.map(yield* Effect.cached(Effect.uninterruptible(building)), Context.get(WorkflowEngine))
      const use = <A, E, R>(ask: (engine: WorkflowEngine["Service"]) => Effect.Effect<A, E, R>) =>
        Effect.flatMap(engine, ask)
      return WorkflowEngine.of({
        register: (...asked) => use(({ register }) => register(...asked)),
        execute: (...asked) => use(({ execute }) => execute(...asked)),
        poll: (...asked) => use(({ poll }) => poll(...asked)),
        interrupt: (...asked) => use(({ interrupt }) => interrupt(...asked)),
        interruptUnsafe: (...asked) => use(({ interruptUnsafe }) => interruptUnsafe(...asked)),
        resume: (...asked) => use(({ resume }) => resume(...asked)),
        activityExecute: (...asked) => use(({ activityExecute }) => activityExecute(...asked)),
        deferredResult: (...asked) => use(({ deferredResult }) => deferredResult(...asked)),
        deferredDone: (...asked) => use(({ deferredDone }) => deferredDone(...asked)),
        scheduleClock: (...asked) => use(({ scheduleClock }) => scheduleClock(...asked))
      })
    })
  )

/** The engine of the process that has the database alone, for workflows of its program. */
export const runner: Engine = lazily(engine({}))

/** That of one beside it: starts workflows, and ends their waits, through the database, where the other finds that. */
export const client: Engine = lazily(engine({ runnerAddress: Option.none() }))
