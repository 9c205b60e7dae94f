#!/usr/bin/env bash
# effect 4.1.0: `WorkflowEngine.layerMemory` gives a success that the schema of its workflow cannot write, as if it fitted. The
# engine of a cluster, also that of `TestRunner`, fails with `MalformedMessage`: tests on the one say nothing of the other.
# Seen: "memory 1.5, cluster MalformedMessage", for a `Schema.Int`. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Cause, Effect, Exit, Layer, Schema } from "effect"
import { ClusterWorkflowEngine, TestRunner } from "effect/cluster"
import { Digest } from "effect/crypto"
import { Workflow, WorkflowEngine } from "effect/workflow"

const Half = Workflow.make("Half", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.Int
})
const body = Half.toLayer(() => Effect.succeed(1.5))
const run = async (engine) => {
  const layer = Layer.provideMerge(body, engine).pipe(Layer.provide(Digest.layerWebCrypto))
  const exit = await Effect.runPromise(Effect.provide(Effect.exit(Half.execute({ id: "1" })), layer))
  return Exit.isSuccess(exit) ? exit.value : Cause.squash(exit.cause).name.split("/").at(-1)
}
const cluster = ClusterWorkflowEngine.layer.pipe(Layer.provide(TestRunner.layer))
console.log(`memory ${await run(WorkflowEngine.layerMemory)}, cluster ${await run(cluster)}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "memory 1.5, cluster MalformedMessage" ]
