#!/usr/bin/env bash
# @langchain/core 1.4.0 completes the arguments of a streamed call that was cut: of `{"amount":12`, which is as far as the model got
# before its limit of tokens, it makes a good call with the amount 12, and `invalid_tool_calls` stays empty. An agent of langchain 1.5.14
# runs it, though the turn ended with `length`, and tells the model that it wrote `{"amount":12}`.
# Seen: what the tool is called with, and the call in the second request. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund langchain@1.5.14 @langchain/core@1.4.0 @langchain/openai@1.6.0 zod@4.6.7 >/dev/null
cat > try.mjs <<'JS'
import { ChatOpenAI } from "@langchain/openai"
import { createAgent, tool } from "langchain"
import { z } from "zod"
const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const call = { index: 0, id: "call_1", type: "function", function: { name: "order", arguments: '{"amount":12' } }
const turns = [
  chunk({ role: "assistant", tool_calls: [call] }) + chunk({}, "length"),
  chunk({ role: "assistant", content: "Done." }) + chunk({}, "stop")
]
const requests = []
const fetch = async (_url, { body }) => {
  requests.push(JSON.parse(body))
  return new Response(`${turns.shift()}data: [DONE]\n\n`, { headers: { "content-type": "text/event-stream" } })
}
const model = new ChatOpenAI({ apiKey: "none", model: "m", maxRetries: 0, configuration: { fetch } })
const order = tool(({ amount }) => {
  console.log(`ordered ${amount}`)
  return "ordered"
}, { name: "order", description: "Orders apples.", schema: z.object({ amount: z.number() }) })
const agent = createAgent({ model, tools: [order] })
const input = { messages: [{ role: "user", content: "Order 1200 apples." }] }
for await (const _ of await agent.stream(input, { streamMode: "messages" }));
const [{ function: { arguments: told } }] = requests[1].messages.find(({ role }) => role === "assistant").tool_calls
console.log(`told the model: ${told}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'ordered 12
told the model: {"amount":12}' ]
