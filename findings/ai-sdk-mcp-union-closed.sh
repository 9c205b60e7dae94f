#!/usr/bin/env bash
# @ai-sdk/mcp 2.0.99 adds `additionalProperties: false` to the arguments of every tool that it lists, and empty `properties` to those
# that have none. @modelcontextprotocol/server 2.4.0 lists a union of zod by `oneOf`, without `properties` beside it: no arguments fit
# what the model is then told. The tool still takes what the server takes, as the call is not checked by that schema.
# Seen: whether arguments fit the schema that the server lists, whether they fit that of @ai-sdk/mcp, and what the call gives. Fails if
# that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @ai-sdk/mcp@2.0.99 @modelcontextprotocol/server@2.4.0 @modelcontextprotocol/client@2.4.0 zod@4.6.7 \
  ajv@8.20.0 >/dev/null
cat > server.mjs <<'JS'
import { McpServer } from "@modelcontextprotocol/server"
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio"
import { z } from "zod"
const server = new McpServer({ name: "shop", version: "1.0.0" })
const inputSchema = z.discriminatedUnion("by", [
  z.object({ by: z.literal("number"), number: z.int() }),
  z.object({ by: z.literal("name"), name: z.string() })
])
server.registerTool("find", { description: "Finds an order.", inputSchema }, async (wanted) => ({
  content: [{ type: "text", text: `found by ${wanted.by}` }]
}))
await server.connect(new StdioServerTransport())
JS
cat > try.mjs <<'JS'
import { createMCPClient } from "@ai-sdk/mcp"
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio"
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { Ajv2020 } from "ajv/dist/2020.js"
const start = { command: process.execPath, args: ["server.mjs"], stderr: "ignore" }
const input = { by: "number", number: 7 }
const fit = (schema) => new Ajv2020().validate(schema, input)
const official = new Client({ name: "me", version: "1.0.0" })
await official.connect(new StdioClientTransport(start))
const { tools: [listed] } = await official.listTools()
await official.close()
const client = await createMCPClient({ transport: new Experimental_StdioMCPTransport(start) })
const { find } = await client.tools()
const { properties, additionalProperties } = find.inputSchema.jsonSchema
const { content: [said] } = await find.execute(input, { toolCallId: "call_1", messages: [] })
console.log(`listed: ${fit(listed.inputSchema)}; told: ${fit(find.inputSchema.jsonSchema)}; ${said.text}`)
console.log(JSON.stringify({ properties, additionalProperties }))
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'listed: true; told: false; found by number
{"properties":{},"additionalProperties":false}' ]
