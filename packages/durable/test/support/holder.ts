/**
 * Holds a store as its runner until it is killed, and says `held`, or why it could not:
 *
 *     node holder.ts <address>
 */
import * as Effect from "effect/Effect"
import { runnerAt } from "./storeAt.ts"

const held = Effect.andThen(Effect.sync(() => console.log("held")), Effect.sleep("1 hour"))
const program = Effect.provide(held, runnerAt(process.argv[2] ?? "")).pipe(
  Effect.catchTag("StoreError", (error) => Effect.sync(() => console.log(error.message)))
)
await Effect.runPromise(program)
