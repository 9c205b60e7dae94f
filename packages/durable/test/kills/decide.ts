/**
 * A person who decides on all that waits, in another process than the one that is killed.
 */
import { Durable } from "@volley/durable"
import * as Local from "@volley/durable/Local"
import * as Postgres from "@volley/durable/Postgres"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isAllowed } from "./scenario.ts"

export const clientOf = (store: string) =>
  store.includes("://") ? Postgres.layerClient({ url: store }) : Local.layerClient({ file: store })

const Asked = Schema.Struct({ n: Schema.Int })

const decideOn = Effect.fnUntraced(function*({ key, parameters }: Durable.Waiting) {
  const { n } = yield* Effect.orDie(Schema.decodeUnknownEffect(Asked)(parameters))
  const deciding = Durable.decide(key, isAllowed(n) ? "allowed" : { denied: "not this one" })
  // Its run was killed and has begun again meanwhile, or was decided on in the round before.
  yield* Effect.catchTag(
    deciding,
    "DurableError",
    (error) => error.reason._tag === "NotWaiting" ? Effect.void : Effect.fail(error)
  )
})

/** Decides for ever, ten times a second. */
export const decideAll = (store: string) =>
  Effect.flatMap(Durable.waiting(), Effect.forEach(decideOn, { discard: true })).pipe(
    Effect.andThen(Effect.sleep(100)),
    Effect.forever,
    Effect.provide(clientOf(store))
  )
