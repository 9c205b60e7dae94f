#!/usr/bin/env bash
# effect 4.1.0: closing a scope that is being closed already returns at once, while its finalizers are still running; only
# the first close waits for them. Who is told that the second one is done may go on before the resource is given back.
# Seen: second close done, released, first close done. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Effect, Exit, Fiber, Scope } from "effect"
const seen = []
const say = (what) => Effect.sync(() => seen.push(what))
await Effect.runPromise(Effect.gen(function*() {
  const scope = yield* Scope.make()
  yield* Scope.addFinalizer(scope, Effect.andThen(Effect.sleep(50), say("released")))
  const first = yield* Effect.forkChild(Effect.andThen(Scope.close(scope, Exit.void), say("first close done")))
  yield* Effect.sleep(10)
  yield* Scope.close(scope, Exit.void)
  yield* say("second close done")
  yield* Fiber.join(first)
}))
console.log(seen.join(", "))
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "second close done, released, first close done" ]
