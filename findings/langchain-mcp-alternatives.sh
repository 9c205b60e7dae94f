#!/usr/bin/env bash
# @langchain/mcp-adapters 1.1.4 merges the alternatives in a tool's arguments into one. Of a union that a constant tells apart, as
# @modelcontextprotocol/server 2.4.0 lists it, the constant of the last alternative stays: the model is told of no other, and what fits
# another is refused before it reaches the server. Of alternatives that are no objects, such as text or null, nothing stays.
# Seen: what is told of `by` and `note`, and a call by number and one by name. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/mcp-adapters@1.1.4 @langchain/core@1.4.0 @langchain/langgraph@1.7.3 \
  @modelcontextprotocol/server@2.4.0 zod@4.6.7 >/dev/null
cat > server.mjs <<'JS'
import { McpServer } from "@modelcontextprotocol/server"
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio"
import { z } from "zod"
const server = new McpServer({ name: "shop", version: "1.0.0" })
const note = z.string().min(1).nullable()
const inputSchema = z.discriminatedUnion("by", [
  z.object({ by: z.literal("number"), number: z.int(), note }),
  z.object({ by: z.literal("name"), name: z.string(), note })
])
server.registerTool("find", { description: "Finds an order.", inputSchema }, async (wanted) => ({
  content: [{ type: "text", text: `found by ${wanted.by}` }]
}))
await server.connect(new StdioServerTransport())
JS
cat > try.mjs <<'JS'
import { MultiServerMCPClient } from "@langchain/mcp-adapters"
const client = new MultiServerMCPClient({ shop: { transport: "stdio", command: process.execPath, args: ["server.mjs"], stderr: "ignore" } })
const [find] = await client.getTools()
const { by, note } = find.schema.properties
console.log(JSON.stringify({ by, note }))
for (const input of [{ by: "number", number: 7, note: null }, { by: "name", name: "Ada", note: null }]) {
  console.log(`${input.by}: ${await find.invoke(input).catch((error) => `refused: ${error.message}`)}`)
}
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = '{"by":{"type":"string","const":"name"},"note":{}}
number: refused: Received tool input did not match expected schema
name: found by name' ]
