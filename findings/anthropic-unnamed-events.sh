#!/usr/bin/env bash
# @anthropic-ai/sdk 1.11.0: events without an `event:` line, as some gateways send them, are skipped although their data has the
# same name as `type`: the stream ends without an event and without an error.
# Seen: named: 6 events; not named: 0 events. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @anthropic-ai/sdk@1.11.0 >/dev/null
cat > try.mjs <<'JS'
import Anthropic from "@anthropic-ai/sdk"
const usage = { input_tokens: 1, output_tokens: 1 }
const message = {
  id: "m", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, stop_sequence: null, usage
}
const events = [
  { type: "message_start", message },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
  { type: "message_stop" }
]
const count = async (nameOf) => {
  const body = events.map((event) => `${nameOf(event)}data: ${JSON.stringify(event)}\n\n`).join("")
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
  const client = new Anthropic({ apiKey: "none", maxRetries: 0, fetch })
  const messages = [{ role: "user", content: "Hi" }]
  const stream = await client.messages.create({ model: "m", max_tokens: 9, messages, stream: true })
  let seen = 0
  for await (const _ of stream) seen++
  return `${seen} events`
}
console.log(`named: ${await count(({ type }) => `event: ${type}\n`)}; not named: ${await count(() => "")}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'named: 6 events; not named: 0 events' ]
