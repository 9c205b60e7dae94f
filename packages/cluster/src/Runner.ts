/**
 * A runner is one of several processes that run the runs of a store; a client starts and awaits runs there.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Grace } from "@volley/durable/Grace"
import * as Shared from "@volley/durable/Shared"
import type { StoreError } from "@volley/durable/StoreError"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as HttpRunner from "effect/cluster/HttpRunner"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Digest from "effect/crypto/Digest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { createServer } from "node:http"
import { timing } from "./internal/timing.ts"
import { RunnerError } from "./RunnerError.ts"

/** Where a runner is. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What all processes of a cluster have in common. */
export interface ClientOptions {
  /** The store that all processes of the cluster share. */
  readonly sql: Layer.Layer<Shared.Shared, StoreError>
  /**
   * How soon the runs of a runner that is gone go on elsewhere: such as `"5 seconds"`, or a number of milliseconds. At least
   * 3 seconds, the same in all processes of the cluster. 10 seconds.
   */
  readonly takeOver?: Duration.Input | undefined
}

/** How a process takes part in a cluster. */
export interface Options extends ClientOptions {
  /** Where the other processes find this one; each process has its own. */
  readonly address: Address
  /** Where it listens, if that is not its address. */
  readonly listen?: Address | undefined
  /**
   * How long running writes have to end when the runner ends, or when their run moves: such as `"5 seconds"`, or a number of
   * milliseconds. All else moves at once. 5 seconds.
   */
  readonly grace?: Duration.Input | undefined
}

/**
 * Runs the runs of a store, together with other runners: each has a share of the runs, and takes over those of a runner
 * that is gone.
 *
 * - errors: those of `sql`, and `RunnerError` if it cannot listen; throws a `RangeError` if `takeOver` is too short
 * - when it ends, for example by SIGTERM under `NodeRuntime.runMain`, the others go on with its runs at once
 *
 * @example
 * ```ts
 * import { Runner } from "@volley/cluster"
 * import { Toolkit } from "@volley/core"
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * // On several machines: Postgres.layerShared({ url })
 * const sql = Local.layerShared({ file: join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") })
 * const machine = support.layer.pipe(
 *   Layer.provide(model),
 *   Layer.provideMerge(Runner.layer({ address: { host: "127.0.0.1", port: 24522 }, sql }))
 * )
 *
 * // Each machine runs NodeRuntime.runMain(Layer.launch(machine)), under an address of its own.
 * const ask = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "ticket-7", prompt: "Hello!" })
 *   return (yield* run.await).answer
 * })
 * console.log(await Effect.runPromise(Effect.provide(ask, machine))) // => Hello.
 * ```
 */
export const layer = (
  options: Options
): Layer.Layer<WorkflowEngine.WorkflowEngine | Shared.Shared, StoreError | RunnerError> =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provide(HttpRouter.serve(HttpRunner.layerHttpOptions({ path: "/" }), silent)),
    Layer.provide([health, HttpRunner.layerClientProtocolHttpDefault, listening(options.listen ?? options.address)]),
    Shared.provide,
    Layer.provide(common(options, Option.some(options.address))),
    Layer.provide(Shared.runner),
    Layer.merge(options.grace === undefined ? Layer.empty : Layer.succeed(Grace, options.grace)),
    Layer.provideMerge(options.sql)
  )

/**
 * Starts and awaits runs that the runners on a store run, and runs none itself.
 *
 * @example
 * ```ts
 * import { Runner } from "@volley/cluster"
 * import { Toolkit } from "@volley/core"
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * // On several machines: Postgres.layerShared({ url })
 * const sql = Local.layerShared({ file: join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") })
 * const machine = support.layer.pipe(
 *   Layer.provide(model),
 *   Layer.provideMerge(Runner.layer({ address: { host: "127.0.0.1", port: 24523 }, sql }))
 * )
 *
 * // A web server, which starts runs and runs none itself.
 * const ask = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "ticket-7", prompt: "Hello!" })
 *   return (yield* run.await).answer
 * }).pipe(Effect.provide(Runner.client({ sql })))
 * console.log(await Effect.runPromise(Effect.provide(ask, machine))) // => Hello.
 * ```
 */
export const client = (
  options: ClientOptions
): Layer.Layer<WorkflowEngine.WorkflowEngine | Shared.Shared, StoreError> =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provide(HttpRunner.layerHttpClientOnly),
    Shared.provide,
    Layer.provide(common(options, Option.none())),
    Layer.provide(Shared.client),
    Layer.provideMerge(options.sql)
  )

const silent = { disableLogger: true, disableListenLog: true }

const health = RunnerHealth.layerPing.pipe(
  Layer.provide(Runners.layerRpc),
  Layer.provide(HttpRunner.layerClientProtocolHttpDefault)
)

const listening = (at: Address) =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.mapError(
      NodeHttpServer.make(createServer, { ...at, gracefulShutdownTimeout: 0 }),
      ({ cause }) => new RunnerError({ ...at, cause })
    )
  )

/** What the processes of a cluster have in common: who they are, the times, and how they write to each other. */
const common = ({ takeOver = "10 seconds" }: ClientOptions, address: Option.Option<Address>) => {
  const config = ShardingConfig.layer({
    ...timing(takeOver),
    runnerAddress: Option.map(address, ({ host, port }) => RunnerAddress.make(host, port))
  })
  return SqlRunnerStorage.layerStorage({}).pipe(
    Layer.provide(SqlRunnerStorage.layerMigrations({})),
    Layer.provideMerge(config),
    Layer.merge([Digest.layerWebCrypto, RpcSerialization.layerSchemaBinary(), NodeHttpClient.layerUndici])
  )
}
