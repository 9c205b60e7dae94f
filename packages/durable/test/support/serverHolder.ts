/** Starts a PostgreSQL as the tests do, says its port, and lives until it is killed. */
import * as Effect from "effect/Effect"
import { Postgres } from "./postgres.ts"

const held = Postgres.use(({ port }) => Effect.andThen(Effect.sync(() => console.log(port)), Effect.never))
await Effect.runPromise(Effect.provide(held, Postgres.layer))
