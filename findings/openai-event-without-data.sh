#!/usr/bin/env bash
# openai 7.55.0: an event that has a name and no data, as servers send it to keep a connection open, ends the stream with a
# SyntaxError, where server-sent events say that it is none; @anthropic-ai/sdk 1.11.0 passes it over.
# Seen: "openai: a, SyntaxError; @anthropic-ai/sdk: message_start, message_stop". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openai@7.55.0 @anthropic-ai/sdk@1.11.0 >/dev/null
cat > try.mjs <<'JS'
import Anthropic from "@anthropic-ai/sdk"
import OpenAI from "openai"

const chat = (content) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
const claude = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } }
const alive = "event: keepalive\n\n"
const fetchOf = (body) => async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
const read = async (stream, what) => {
  const seen = []
  try {
    for await (const event of await stream) seen.push(what(event))
  } catch (error) {
    seen.push(error.name)
  }
  return seen.join(", ")
}
const options = { apiKey: "none", maxRetries: 0, logLevel: "off" }
const messages = [{ role: "user", content: "Hi" }]
const openai = new OpenAI({ ...options, fetch: fetchOf(`${chat("a")}${alive}${chat("b")}data: [DONE]\n\n`) })
const anthropic = new Anthropic({
  ...options,
  fetch: fetchOf(`${claude({ type: "message_start", message })}${alive}${claude({ type: "message_stop" })}`)
})
const one = await read(openai.chat.completions.create({ model: "m", messages, stream: true }), ({ choices }) => choices[0].delta.content)
const other = await read(anthropic.messages.create({ model: "m", max_tokens: 10, messages, stream: true }), ({ type }) => type)
console.log(`openai: ${one}; @anthropic-ai/sdk: ${other}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'openai: a, SyntaxError; @anthropic-ai/sdk: message_start, message_stop' ]
