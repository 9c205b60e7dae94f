/**
 * What the engine keeps of its own, messages and replies of its executions, by statements that wait for the database.
 */
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as Snowflake from "effect/cluster/Snowflake"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { patiently } from "./patiently.ts"

/** The engine asks five times within a second, and then forgets a reply that it has, so that its execution never ends. */
const patient = (storage: MessageStorage.Encoded): MessageStorage.Encoded => ({
  ...storage,
  saveEnvelope: (options) => patiently(storage.saveEnvelope(options)),
  saveReply: (reply) => patiently(storage.saveReply(reply)),
  clearReplies: (id, options) => patiently(storage.clearReplies(id, options)),
  requestIdForPrimaryKey: (key) => patiently(storage.requestIdForPrimaryKey(key)),
  repliesFor: (ids) => patiently(storage.repliesFor(ids)),
  repliesForUnfiltered: (ids) => patiently(storage.repliesForUnfiltered(ids)),
  unprocessedMessages: (shards, now, options) => patiently(storage.unprocessedMessages(shards, now, options)),
  unprocessedMessagesById: (ids, now) => patiently(storage.unprocessedMessagesById(ids, now)),
  resetRequests: (ids) => patiently(storage.resetRequests(ids)),
  resetAddresses: (addresses) => patiently(storage.resetAddresses(addresses)),
  clearAddress: (address) => patiently(storage.clearAddress(address)),
  resetShards: (shards) => patiently(storage.resetShards(shards))
})

/** Keeps messages in the tables of the store; they are made where there are none. */
export const layer = Layer.effect(
  MessageStorage.MessageStorage,
  Effect.flatMap(
    SqlMessageStorage.makeEncodedStorage(),
    (storage) => MessageStorage.makeEncoded(patient(storage))
  )
).pipe(
  Layer.provide(SqlMessageStorage.layerMigrations({})),
  Layer.provide(Snowflake.layerGenerator)
)
