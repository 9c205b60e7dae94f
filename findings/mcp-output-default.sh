#!/usr/bin/env bash
# @modelcontextprotocol/server 2.4.0 checks a structured result by the zod schema of its tool, which fills in what has a default, and
# sends the result without it. It lists the same field as required. So @modelcontextprotocol/client 2.4.0 takes the result as long as it
# has not listed the tools, and refuses it from then on.
# Seen: the required fields as listed, and a call before the list and one after it. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/server@2.4.0 @modelcontextprotocol/client@2.4.0 zod@4.6.7 >/dev/null
cat > server.mjs <<'JS'
import { McpServer } from "@modelcontextprotocol/server"
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio"
import { z } from "zod"
const server = new McpServer({ name: "weather", version: "1.0.0" })
const outputSchema = z.object({ celsius: z.number(), wind: z.string().default("none") })
server.registerTool("weather", { description: "Weather now.", outputSchema }, async () => ({
  content: [{ type: "text", text: "18 °C" }],
  structuredContent: { celsius: 18 }
}))
await server.connect(new StdioServerTransport())
JS
cat > try.mjs <<'JS'
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
const client = new Client({ name: "me", version: "1.0.0" })
await client.connect(new StdioClientTransport({ command: process.execPath, args: ["server.mjs"], stderr: "ignore" }))
const call = () => client.callTool({ name: "weather", arguments: {} }).then(
  ({ structuredContent }) => `taken: ${JSON.stringify(structuredContent)}`,
  (error) => `refused: ${error.message}`
)
const before = await call()
const { tools: [tool] } = await client.listTools()
console.log(`required: ${tool.outputSchema.required}`)
console.log(`before the list ${before}`)
console.log(`after the list ${await call()}`)
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "required: celsius,wind
before the list taken: {\"celsius\":18}
after the list refused: Structured content does not match the tool's output schema: data must have required property 'wind'" ]
