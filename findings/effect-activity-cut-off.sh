#!/usr/bin/env bash
# effect 4.1.0: an activity of a workflow that `Effect.timeoutOption` cuts off has no result that is kept. When the workflow
# goes on behind a later wait, its body is replayed, and the activity runs again: this time it is in time, and the workflow
# goes on with the other result than before the wait.
# Seen: "2 charges, seen too late then charged, result charged". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Effect, Layer, Option, Schema } from "effect"
import { Digest } from "effect/crypto"
import { Activity, DurableDeferred, Workflow, WorkflowEngine } from "effect/workflow"

let charges = 0
const seen = []
const charge = Activity.make({
  name: "charge",
  success: Schema.String,
  execute: Effect.suspend(() => ++charges === 1 ? Effect.never : Effect.succeed("charged")) // slow, but for once
})
const Approved = DurableDeferred.make("approved")
const Order = Workflow.make("Order", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.String
})
const body = Order.toLayer(Effect.fnUntraced(function*() {
  const charged = Option.getOrElse(yield* Effect.timeoutOption(charge, "100 millis"), () => "too late")
  seen.push(charged)
  yield* DurableDeferred.await(Approved)
  return charged
}))
const program = Effect.gen(function*() {
  const executionId = yield* Order.execute({ id: "1" }, { discard: true })
  while (seen.length === 0) yield* Effect.sleep("20 millis")
  const token = DurableDeferred.tokenFromExecutionId(Approved, { workflow: Order, executionId })
  yield* DurableDeferred.succeed(Approved, { token, value: undefined })
  return yield* Order.execute({ id: "1" })
})
const engine = Layer.provideMerge(body, WorkflowEngine.layerMemory).pipe(Layer.provide(Digest.layerWebCrypto))
const result = await Effect.runPromise(Effect.provide(program, engine))
console.log(`${charges} charges, seen ${seen.join(" then ")}, result ${result}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "2 charges, seen too late then charged, result charged" ]
