/**
 * The workflow engine under a store. All that Volley has of Effect's `workflow` and `cluster` for one process is here.
 */
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
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

type Engine = Layer.Layer<WorkflowEngine.WorkflowEngine, never, SqlClient.SqlClient>

/** Goes on with the runs of the database in this process, which has to be the only one that does. */
export const runner: Engine = engine({})

/** Starts runs, and ends their waits, through the database, where the process that goes on with them finds that. */
export const client: Engine = engine({ runnerAddress: Option.none() })
