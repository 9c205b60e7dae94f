/**
 * Prepares each store whose address it reads on its input, as a runner among several does, and says `prepared`, or why not:
 *
 *     node migrator.ts
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Workflow from "effect/workflow/Workflow"
import { createInterface } from "node:readline"
import { client } from "../../src/internal/engine.ts"
import { migrate } from "../../src/internal/migrations.ts"
import { sqlAt } from "./storeAt.ts"

const Some = Workflow.make("Some", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id })

/** The tables of runs, and those of the engine, which makes them once it is asked for something. */
const both = Effect.andThen(migrate, Some.poll("no such execution"))

const prepare = (address: string) =>
  Effect.provide(Effect.as(both, "prepared"), Layer.provideMerge(client, sqlAt(address))).pipe(
    Effect.catchCause((cause) => Effect.succeed(String(cause)))
  )

console.log("ready")
for await (const address of createInterface({ input: process.stdin })) {
  console.log(await Effect.runPromise(prepare(address)))
}
