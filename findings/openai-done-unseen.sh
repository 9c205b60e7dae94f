#!/usr/bin/env bash
# openai 7.55.0: a stream that says `[DONE]` and one that is closed without it are the same to whoever iterates: `[DONE]` is
# swallowed, and its absence is no error. Without a `finish_reason` nothing tells a whole stream from one that was cut short.
# Seen: "with [DONE]: a, b, end; without: a, b, end". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openai@7.55.0 >/dev/null
cat > try.mjs <<'JS'
import OpenAI from "openai"
const chunk = (content) =>
  `data: ${JSON.stringify({
    id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta: { content }, finish_reason: null }]
  })}\n\n`
const read = async (body) => {
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
  const client = new OpenAI({ apiKey: "none", maxRetries: 0, fetch })
  const stream = await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hi" }], stream: true })
  const seen = []
  for await (const { choices } of stream) seen.push(choices[0].delta.content)
  return [...seen, "end"].join(", ")
}
const text = chunk("a") + chunk("b")
console.log(`with [DONE]: ${await read(`${text}data: [DONE]\n\n`)}; without: ${await read(text)}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'with [DONE]: a, b, end; without: a, b, end' ]
