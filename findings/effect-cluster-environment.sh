#!/usr/bin/env bash
# @effect/platform-node 4.1.0: a cluster's runner reads HOST, PORT, LISTEN_HOST, LISTEN_PORT, SHARDS_PER_GROUP and a dozen other
# names without a prefix from the environment, also those that its `shardingConfig` gives. A PORT that is no number beside a
# HOST keeps it from starting although its address is given; a LISTEN_HOST for the program's own server moves the runner's.
# Seen: "PORT=/run/app.sock: ConfigError; LISTEN_HOST=127.0.0.2: not at its address". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 @effect/platform-node@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { NodeClusterHttp } from "@effect/platform-node"
import { Cause, Effect, Layer, Option } from "effect"
import { RunnerAddress } from "effect/cluster"
import { MinimumLogLevel } from "effect/References"
import { connect, createServer } from "node:net"

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => resolve(port)) })
})
const runner = NodeClusterHttp.layer({
  transport: "http",
  storage: "local",
  shardingConfig: { runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", port)) }
}).pipe(Layer.provide(Layer.succeed(MinimumLogLevel, "None")))
const reached = Effect.promise(() => new Promise((resolve) => {
  connect(port, "127.0.0.1").on("connect", () => resolve("at its address")).on("error", () => resolve("not at its address"))
}))
const exit = await Effect.runPromise(Effect.exit(Effect.provide(reached, runner)))
console.log(exit._tag === "Success" ? exit.value : Cause.squash(exit.cause)._tag)
process.exit(0)
JS
usual=$(node try.mjs)
[ "$usual" = "at its address" ]
seen="PORT=/run/app.sock: $(PORT=/run/app.sock HOST=localhost node try.mjs); LISTEN_HOST=127.0.0.2: $(LISTEN_HOST=127.0.0.2 node try.mjs)"
echo "$seen"
[ "$seen" = "PORT=/run/app.sock: ConfigError; LISTEN_HOST=127.0.0.2: not at its address" ]
