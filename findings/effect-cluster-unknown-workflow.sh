#!/usr/bin/env bash
# effect 4.1.0: an execution of a workflow that the runner of its shard does not have is not left to wait for one that does. After
# `entityRegistrationTimeout`, a minute by default, a defect is stored as its result, so that it has ended for good: a runner
# that is started with the workflow later, or has it a moment later, never runs it. `Duration.infinity` has it wait.
# Seen: "without the workflow: Die Entity type 'Workflow/Late' not registered; with it: the same, run 0 times;
# infinity: done, run 1 times". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Cause, Duration, Effect, Fiber, Layer, Schema } from "effect"
import { ClusterWorkflowEngine, MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"
import { MinimumLogLevel } from "effect/References"
import { Workflow } from "effect/workflow"

let runs = 0
const Late = Workflow.make("Late", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id, success: Schema.String })
const late = Late.toLayer(() => Effect.sync(() => { runs += 1; return "done" }))
const engine = (entityRegistrationTimeout) =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provide(Sharding.layer),
    Layer.provide(Runners.layerNoop),
    Layer.provide([MessageStorage.layerMemory, RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(ShardingConfig.layer({ entityRegistrationTimeout, entityMessagePollInterval: "100 millis" })),
    Layer.provideMerge(Layer.succeed(MinimumLogLevel, "None"))
  )
const words = (exit) => exit._tag === "Success" ? exit.value : `Die ${Cause.squash(exit.cause).message}`
const execute = Effect.map(Effect.exit(Late.execute({ id: "1" })), words)
const given = (timeout, use) => Effect.runPromise(Effect.scoped(Effect.provide(use, engine(timeout))))
const [before, after] = await given("1 second", Effect.gen(function*() {
  const before = yield* execute
  yield* Layer.build(late)
  return [before, yield* execute]
}))
const first = `without the workflow: ${before}; with it: ${after === before ? "the same" : after}, run ${runs} times`
const waited = await given(Duration.infinity, Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(execute)
  yield* Effect.sleep("3 seconds")
  yield* Layer.build(late)
  return yield* Fiber.join(fiber)
}))
console.log(`${first}; infinity: ${waited}, run ${runs} times`)
process.exit(0)
JS
seen=$(timeout 60 node try.mjs)
echo "$seen"
[ "$seen" = "without the workflow: Die Entity type 'Workflow/Late' not registered; with it: the same, run 0 times; infinity: done, run 1 times" ]
