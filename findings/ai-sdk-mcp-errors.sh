#!/usr/bin/env bash
# @ai-sdk/mcp 2.0.99 hands a result that says `isError: true` to `ai` 7.0.173 as any other: it becomes a `tool-result`, and goes to
# Anthropic without `is_error`. The error of a tool that throws becomes a `tool-error`, and goes with it.
# Seen: the parts of the step and the results in the second request, of a tool of a server and one that throws. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @ai-sdk/mcp@2.0.99 ai@7.0.173 @ai-sdk/anthropic@4.0.105 @modelcontextprotocol/server@2.4.0 \
  zod@4.6.7 >/dev/null
cat > server.mjs <<'JS'
import { McpServer } from "@modelcontextprotocol/server"
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio"
const server = new McpServer({ name: "shop", version: "1.0.0" })
server.registerTool("of_server", { description: "Orders." }, async () => ({
  isError: true,
  content: [{ type: "text", text: "sold out" }]
}))
await server.connect(new StdioServerTransport())
JS
cat > try.mjs <<'JS'
import { createAnthropic } from "@ai-sdk/anthropic"
import { createMCPClient } from "@ai-sdk/mcp"
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio"
import { generateText, isStepCount, jsonSchema, tool } from "ai"
const start = { command: process.execPath, args: ["server.mjs"], stderr: "ignore" }
const client = await createMCPClient({ transport: new Experimental_StdioMCPTransport(start) })
const throws = tool({ description: "Orders.", inputSchema: jsonSchema({ type: "object" }), execute: () => { throw new Error("sold out") } })
const requests = []
globalThis.AI_SDK_LOG_WARNINGS = false
const turn = (content, stop_reason) =>
  Response.json({ id: "m", type: "message", role: "assistant", model: "m", content, stop_reason, usage: { input_tokens: 1, output_tokens: 1 } })
const call = (name) => ({ type: "tool_use", id: name, name, input: {} })
const fetch = async (_url, { body }) => {
  requests.push(JSON.parse(body))
  return requests.length === 1 ? turn([call("of_server"), call("throws")], "tool_use") : turn([{ type: "text", text: "Sold out." }], "end_turn")
}
const { steps: [step] } = await generateText({
  model: createAnthropic({ apiKey: "none", fetch })("m"),
  tools: { ...await client.tools(), throws },
  stopWhen: isStepCount(2),
  prompt: "Order."
})
for (const { type, toolName } of step.content) if (type !== "tool-call") console.log(`${toolName}: ${type}`)
for (const { tool_use_id, is_error } of requests[1].messages.at(-1).content) console.log(`${tool_use_id}: is_error ${is_error}`)
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'of_server: tool-result
throws: tool-error
of_server: is_error undefined
throws: is_error true' ]
