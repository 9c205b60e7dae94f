#!/usr/bin/env bash
# fastmcp 4.20.16 closes every object in the schema that it lists for a tool, also one whose keys are not named: a record of numbers
# is listed as an object that may have no entry, without a word of numbers. The tool itself takes entries. A client that checks
# arguments by what is listed refuses what the tool was made for.
# Seen: the listed schema of the record, and what a call with an entry gives. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts fastmcp@4.20.16 zod@4.6.7 @modelcontextprotocol/client@2.4.0 >/dev/null
cat > server.mjs <<'JS'
import { FastMCP } from "fastmcp"
import { z } from "zod"
const server = new FastMCP({ name: "shop", version: "1.0.0" })
server.addTool({
  name: "order",
  description: "Orders fruits by their names.",
  parameters: z.object({ fruits: z.record(z.string(), z.number()) }),
  execute: async ({ fruits }) => `ordered ${Object.keys(fruits)}`
})
await server.start({ transportType: "stdio" })
JS
cat > try.mjs <<'JS'
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
const client = new Client({ name: "me", version: "1.0.0" })
await client.connect(new StdioClientTransport({ command: process.execPath, args: ["server.mjs"], stderr: "ignore" }))
const { tools: [tool] } = await client.listTools()
const { content: [said] } = await client.callTool({ name: "order", arguments: { fruits: { apple: 2 } } })
console.log(JSON.stringify(tool.inputSchema.properties.fruits))
console.log(said.text)
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = '{"type":"object","propertyNames":{"type":"string"},"additionalProperties":false}
ordered apple' ]
