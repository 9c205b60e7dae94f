#!/usr/bin/env bash
# effect 4.1.0: `Effect.runPromise(effect, { signal })` starts its fiber before it listens to the signal. A signal that is
# aborted within the fiber's first synchronous step stops nothing of that step, and where the effect ends with it, the promise
# resolves. After anything that yields, the same abort stops the rest at once, and the promise is rejected.
# Seen: "same step: ran on, then resolved; after a yield: stopped, then rejected". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Effect } from "effect"
const attempt = async (before) => {
  const controller = new AbortController()
  let ranOn = false
  const program = before.pipe(
    Effect.andThen(Effect.sync(() => controller.abort())),
    Effect.andThen(Effect.sync(() => { ranOn = true }))
  )
  const end = await Effect.runPromise(program, { signal: controller.signal }).then(() => "resolved", () => "rejected")
  return `${ranOn ? "ran on" : "stopped"}, then ${end}`
}
console.log(`same step: ${await attempt(Effect.void)}; after a yield: ${await attempt(Effect.yieldNow)}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "same step: ran on, then resolved; after a yield: stopped, then rejected" ]
