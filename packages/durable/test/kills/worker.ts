/**
 * A program with runs that are killed: starts those of some seeds, or goes on with them, and prints what each came to.
 *
 *     node worker.ts STORE LEDGER durable|control SEED...
 */
import { Durable } from "@volley/durable"
import * as Local from "@volley/durable/Local"
import * as Postgres from "@volley/durable/Postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { model, toolkitOf } from "./world.ts"

const [store = "", ledger = "", kind, ...seeds] = process.argv.slice(2)

const agent = Durable.agent("killed", { toolkit: toolkitOf(ledger, kind === "control"), maxRounds: 10 })

const one = Effect.fnUntraced(function*(seed: string) {
  const run = yield* agent.start({ runId: `run-${seed}`, prompt: seed })
  const { answer } = yield* run.await
  console.log(JSON.stringify({ seed: Number(seed), shown: JSON.parse(answer) }))
})

const program = Effect.gen(function*() {
  console.log("UP")
  yield* Effect.forEach(seeds, one, { concurrency: "unbounded", discard: true })
})

const kept = store.includes("://") ? Postgres.layer({ url: store }) : Local.layer({ file: store })
await Effect.runPromise(Effect.provide(program, agent.layer.pipe(Layer.provideMerge(kept), Layer.provide(model))))
