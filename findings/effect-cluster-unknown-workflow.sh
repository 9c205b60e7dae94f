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
import { Cause, Duration, Effect, Fiber, Layer, Option, Schema } from "effect"
import { ClusterWorkflowEngine, MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"
import { MinimumLogLevel } from "effect/References"
import { Workflow } from "effect/workflow"

let runs = 0
const Late = Workflow.make("Late", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id, success: Schema.String })
const late = Late.toLayer(() => Effect.sync(() => { runs += 1; return "done" }))
const execute = Effect.map(
  Effect.exit(Late.execute({ id: "1" })),
  (exit) => exit._tag === "Success" ? exit.value : `Die ${Cause.squash(exit.cause).message}`
)
const storage = Layer.mergeAll(MessageStorage.layerMemory, RunnerStorage.layerMemory).pipe(Layer.provide(ShardingConfig.layerDefaults))
const engine = (config) =>
  Layer.fresh(ClusterWorkflowEngine.layer.pipe(
    Layer.provide(Sharding.layer),
    Layer.provide(Runners.layerNoop),
    Layer.provide(RunnerHealth.layerNoop),
    Layer.provide(ShardingConfig.layer({ entityMessagePollInterval: "100 millis", ...config })),
  ))
// a client asks for an execution; the runner has the workflow only `after` something
const asked = (entityRegistrationTimeout, after) =>
  Effect.gen(function*() {
    const runner = yield* Layer.build(engine({ entityRegistrationTimeout }))
    const client = yield* Layer.build(engine({ runnerAddress: Option.none() }))
    const fiber = yield* Effect.forkChild(Effect.provideContext(execute, client))
    yield* after(fiber)
    yield* Effect.provideContext(Layer.build(late), runner)
    return [yield* Fiber.join(fiber), yield* Effect.provideContext(execute, client)]
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.mergeAll(storage, Layer.succeed(MinimumLogLevel, "None"))),
    Effect.runPromise
  )
const [before, again] = await asked("1 second", Fiber.await)
const first = `without the workflow: ${before}; with it: ${again === before ? "the same" : again}, run ${runs} times`
const [waited] = await asked(Duration.infinity, () => Effect.sleep("3 seconds"))
console.log(`${first}; infinity: ${waited}, run ${runs} times`)
process.exit(0)
JS
seen=$(timeout 60 node try.mjs)
echo "$seen"
[ "$seen" = "without the workflow: Die Entity type 'Workflow/Late' not registered; with it: the same, run 0 times; infinity: done, run 1 times" ]
