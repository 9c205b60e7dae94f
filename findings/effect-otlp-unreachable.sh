#!/usr/bin/env bash
# effect 4.1.0: `Otlp.layerJson` whose collector cannot be reached says nothing, neither on standard output nor on standard
# error. The spans are dropped, the program's effect succeeds, and its layer closes without an error.
# Seen: "result 1, nothing said". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
const exporter = Otlp.layerJson({ baseUrl: "http://127.0.0.1:9", resource: { serviceName: "shop" } })
const program = Effect.withSpan(Effect.succeed(1), "order")
const layer = Layer.provide(exporter, FetchHttpClient.layer)
console.log("result", await Effect.runPromise(Effect.scoped(Effect.provide(program, layer))))
JS
node try.mjs > said.txt 2>&1
seen="$(head -1 said.txt), $([ "$(wc -l < said.txt)" = 1 ] && echo nothing said || tail -n +2 said.txt)"
echo "$seen"
[ "$seen" = "result 1, nothing said" ]
