/**
 * A runner of the agent `payer`; it says `up` when it is one, and is killed when its input ends:
 *
 *     node member.ts <store> <port> <takeOver> <ledger> <pause>
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Runner } from "@volley/cluster"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { storeAt } from "./store.ts"
import * as World from "./world.ts"

const [store = "", port = "", takeOver = "", ledger = "", pause = ""] = process.argv.slice(2)
process.stdin.on("end", () => process.kill(process.pid, "SIGKILL")).resume()

const runner = Runner.layer({
  address: { host: "127.0.0.1", port: Number(port) },
  sql: storeAt(store),
  takeOver: { seconds: Number(takeOver) } satisfies Duration.Input,
  grace: "10 minutes"
})
const payer = World.make({ ledger, pause: Number(pause) }).layer.pipe(
  Layer.provide(World.model),
  Layer.provide(runner)
)
const main = Effect.andThen(Effect.sync(() => console.log("up")), Effect.never)

NodeRuntime.runMain(Effect.provide(main, payer))
