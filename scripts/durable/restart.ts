/**
 * Prints how many milliseconds a process that has just started takes for a run of so many turns:
 *
 *     node restart.ts TURNS                 # from its beginning, kept nowhere
 *     node restart.ts TURNS STORE RUN_ID    # from the decision that it waits for
 */
import * as Local from "@volley/durable/Local"
import * as Postgres from "@volley/durable/Postgres"
import * as Effect from "effect/Effect"
import { goneOn, millisOf, modelOf, plain, served } from "./world.ts"

const [turns = "", store, runId = ""] = process.argv.slice(2)

const unkept = millisOf(Effect.provide(plain, modelOf(Number(turns))))

const restarted = (store: string) => {
  const opened = store.includes("://") ? Postgres.layer({ url: store }) : Local.layer({ file: store })
  return Effect.provide(goneOn(runId), served(Number(turns), opened))
}

console.log(await Effect.runPromise(store === undefined ? unkept : restarted(store)))
