#!/usr/bin/env bash
# @anthropic-ai/sdk 1.11.0: where `fetch` rejects, the SDK's error has what it rejected with as its cause, unless its name or its
# message has "timeout" or "timed out" in it: then there is no cause, and nothing of what happened is left.
# Seen: reset: cause kept; gateway timeout: no cause. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @anthropic-ai/sdk@1.11.0 >/dev/null
cat > try.mjs <<'JS'
import Anthropic from "@anthropic-ai/sdk"
const causeOf = async (message) => {
  const rejected = new Error(message)
  const client = new Anthropic({ apiKey: "none", maxRetries: 0, fetch: () => Promise.reject(rejected) })
  const messages = [{ role: "user", content: "Hi" }]
  const error = await client.messages.create({ model: "m", max_tokens: 9, messages }).catch((error) => error)
  return error.cause === rejected ? "cause kept" : error.cause === undefined ? "no cause" : "another cause"
}
console.log(`reset: ${await causeOf("reset")}; gateway timeout: ${await causeOf("gateway timeout")}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'reset: cause kept; gateway timeout: no cause' ]
