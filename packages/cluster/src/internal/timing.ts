/**
 * Every time of a cluster, from the one that its users name.
 */
import type * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Duration from "effect/Duration"

/** Half of it is the second that databases count in, the least after which a runner can count as gone. */
const shortest = 3

/**
 * Divides `takeOver`, within which the runs of a runner that is gone go on elsewhere.
 *
 * - six tenths, in whole seconds: who did not say for so long that it is there, is gone; it says so three times as often
 * - one twentieth until the others have noticed, and one until they have read what is to be done
 * - the rest: they hold its shards, for which they ask once a second, and the database is slow
 */
export const timing = (takeOver: Duration.Input) => {
  const seconds = Duration.toSeconds(Duration.fromInputUnsafe(takeOver))
  if (!(seconds >= shortest && seconds < Infinity)) {
    throw new RangeError(`Runner.takeOver is ${seconds} seconds: give a duration from ${shortest} seconds on.`)
  }
  const expiry = Duration.seconds(Math.max(1, Math.floor(seconds * 0.6)))
  return {
    shardLockExpiration: expiry,
    shardLockRefreshInterval: Duration.divideUnsafe(expiry, 3),
    refreshAssignmentsInterval: Duration.seconds(seconds / 20),
    runnerHealthCheckInterval: Duration.seconds(seconds / 5),
    entityMessagePollInterval: Duration.seconds(Math.min(1, seconds / 20)),
    // An agent that this process does not have may be in another's: its runs wait for that one, rather than fail for good.
    entityRegistrationTimeout: Duration.infinity,
    // A run that moves is told so at once; what it has begun gets its grace from `@volley/durable`.
    entityTerminationTimeout: Duration.zero
  } satisfies Partial<ShardingConfig.ShardingConfig["Service"]>
}
