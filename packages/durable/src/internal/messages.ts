/**
 * What the engine keeps of its own, messages and replies of its executions, by statements that wait for the database.
 */
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as Snowflake from "effect/cluster/Snowflake"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Context from "effect/Context"
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import type { SqlClient } from "effect/sql/SqlClient"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { patiently } from "./patiently.ts"

/** How many layers of workflows are being closed; while there are some, the engine waits for nothing. */
class Closing extends Context.Service<Closing, MutableRef.MutableRef<number>>()("@volley/durable/Closing") {
  static readonly layer = Layer.sync(this, () => MutableRef.make(0))
}

/** The engine asks five times within a second, and then forgets a reply that it has, so that its execution never ends. */
const patient = (storage: MessageStorage.Encoded, closing: Closing["Service"]): MessageStorage.Encoded => {
  const wait = <A, E>(statements: Effect.Effect<A, E>) => patiently(statements, () => MutableRef.get(closing) > 0)
  return {
    ...storage,
    saveEnvelope: (options) => wait(storage.saveEnvelope(options)),
    saveReply: (reply) => wait(storage.saveReply(reply)),
    clearReplies: (id, options) => wait(storage.clearReplies(id, options)),
    requestIdForPrimaryKey: (key) => wait(storage.requestIdForPrimaryKey(key)),
    repliesFor: (ids) => wait(storage.repliesFor(ids)),
    repliesForUnfiltered: (ids) => wait(storage.repliesForUnfiltered(ids)),
    unprocessedMessages: (shards, now, options) => wait(storage.unprocessedMessages(shards, now, options)),
    unprocessedMessagesById: (ids, now) => wait(storage.unprocessedMessagesById(ids, now)),
    resetRequests: (ids) => wait(storage.resetRequests(ids)),
    resetAddresses: (addresses) => wait(storage.resetAddresses(addresses)),
    clearAddress: (address) => wait(storage.clearAddress(address)),
    resetShards: (shards) => wait(storage.resetShards(shards))
  }
}

/** Keeps messages in the tables of the store; they are made where there are none. */
const storage = Layer.effect(
  MessageStorage.MessageStorage,
  Effect.gen(function*() {
    const encoded = yield* SqlMessageStorage.makeEncodedStorage()
    return yield* MessageStorage.makeEncoded(patient(encoded, yield* Closing))
  })
).pipe(
  Layer.provide(SqlMessageStorage.layerMigrations({})),
  Layer.provide(Snowflake.layerGenerator)
)

/** An engine whose workflows are closed without waiting for the store. What they have not kept by then, the next runner does. */
const yielding = Layer.effect(
  WorkflowEngine.WorkflowEngine,
  Effect.gen(function*() {
    const engine = yield* WorkflowEngine.WorkflowEngine
    const closing = yield* Closing
    const closed = (change: (count: number) => number) =>
      Effect.addFinalizer(() => Effect.sync(() => MutableRef.update(closing, change)))
    // Finalizers run backwards: the last one says that it begins, and the first one that it is over.
    return WorkflowEngine.WorkflowEngine.of({
      ...engine,
      register: (workflow, execute) =>
        Effect.andThen(
          closed((count) => count - 1),
          Effect.andThen(engine.register(workflow, execute), closed((count) => count + 1))
        )
    })
  })
)

/**
 * Gives an engine the messages of the store, for which it waits until it is closed.
 *
 * @example
 * ```ts
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import * as Shared from "@volley/durable/Shared"
 * import { Effect, Layer } from "effect"
 * import { Digest } from "effect/crypto"
 * import { WorkflowEngine } from "effect/workflow"
 *
 * // What `Runner.layer` of @volley/cluster does with the engine of Effect's cluster; this engine is of one process.
 * const engine = Shared.provide(WorkflowEngine.layerMemory)
 * const store = Layer.provideMerge(Shared.runner, Local.layerShared({ file: ":memory:" }))
 * const program = Effect.provide(
 *   Durable.list,
 *   Layer.provideMerge(engine, store).pipe(Layer.provide(Digest.layerWebCrypto))
 * )
 * console.log(await Effect.runPromise(program)) // => []
 * ```
 */
export const provide = <E, R>(
  engine: Layer.Layer<WorkflowEngine.WorkflowEngine, E, R>
): Layer.Layer<
  WorkflowEngine.WorkflowEngine,
  E,
  Digest | SqlClient | Exclude<Exclude<R, MessageStorage.MessageStorage>, Closing>
> => Layer.provide(yielding, engine).pipe(Layer.provide(storage), Layer.provide(Closing.layer))
