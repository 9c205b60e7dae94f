#!/usr/bin/env bash
# A stream of events that is closed in the middle of its last event: openai 7.55.0 reads what there is of the event and throws a
# SyntaxError, as for a server that writes no JSON; @anthropic-ai/sdk 1.11.0 drops it and ends as a whole stream does;
# @google/genai 3.1.0 throws an Error. None of them says that the connection broke.
# Seen: "openai: SyntaxError; @anthropic-ai/sdk: ends; @google/genai: Error". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openai@7.55.0 @anthropic-ai/sdk@1.11.0 @google/genai@3.1.0 >/dev/null
cat > try.mjs <<'JS'
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import { createServer } from "node:http"
import OpenAI from "openai"

// The first event is whole, of the second one there is the first half.
const chat = (content) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } }
const claude = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const gemini = (text) => `data: ${JSON.stringify({ candidates: [{ index: 0, content: { role: "model", parts: [{ text }] } }] })}\n\n`
const streams = {
  completions: [chat("a"), chat("b")],
  messages: [
    claude({ type: "message_start", message }),
    claude({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } })
  ],
  streamGenerateContent: [gemini("a"), gemini("b")]
}
const server = createServer((request, response) => {
  request.resume()
  const [first, second] = streams[/\w+$/.exec(request.url.split("?")[0])[0]]
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.end(first + second.slice(0, second.length / 2))
})
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
const url = `http://127.0.0.1:${server.address().port}`
const apiKey = "none"
const messages = [{ role: "user", content: "Hi" }]
const ask = {
  openai: () => new OpenAI({ apiKey, baseURL: url, maxRetries: 0, logLevel: "off" }).chat.completions.create({ model: "m", messages, stream: true }),
  "@anthropic-ai/sdk": () =>
    new Anthropic({ apiKey, baseURL: url, maxRetries: 0, logLevel: "off" }).messages.create({ model: "m", max_tokens: 10, messages, stream: true }),
  "@google/genai": () =>
    new GoogleGenAI({ apiKey, vertexai: false, httpOptions: { baseUrl: url } }).models.generateContentStream({ model: "m", contents: "Hi" })
}
const seen = []
for (const [name, stream] of Object.entries(ask)) {
  let events = 0
  try {
    for await (const _ of await stream()) events++
    seen.push(`${name}: ends`)
  } catch (error) {
    seen.push(`${name}: ${error.name}`)
  }
  if (events !== 1) seen.push(`${name} gave ${events} events`)
}
console.log(seen.join("; "))
server.close()
server.closeAllConnections()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'openai: SyntaxError; @anthropic-ai/sdk: ends; @google/genai: Error' ]
