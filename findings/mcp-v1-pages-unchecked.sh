#!/usr/bin/env bash
# The client of @modelcontextprotocol/sdk 1.32.2 checks structured results by the `outputSchema` of the tools that it has listed, and
# forgets those of one page with the next: once it has read the whole list, the results of tools on earlier pages are given as they
# come. @modelcontextprotocol/client 2.4.0, which reads all pages in one call, checks them all.
# Seen: a result with text where a number is asked for, of a tool on the first page and of one on the second. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 >/dev/null
cat > try.mjs <<'JS'
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js"
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"
const outputSchema = { type: "object", properties: { celsius: { type: "number" } }, required: ["celsius"] }
const tool = (name) => ({ name, inputSchema: { type: "object" }, outputSchema })
const server = new Server({ name: "weather", version: "1.0.0" }, { capabilities: { tools: {} } })
server.setRequestHandler(ListToolsRequestSchema, ({ params }) =>
  params?.cursor === "2" ? { tools: [tool("second")] } : { tools: [tool("first")], nextCursor: "2" })
server.setRequestHandler(CallToolRequestSchema, () => ({ content: [], structuredContent: { celsius: "mild" } }))
const [here, there] = InMemoryTransport.createLinkedPair()
await server.connect(there)
const client = new Client({ name: "me", version: "1.0.0" })
await client.connect(here)
let cursor
do {
  cursor = (await client.listTools(cursor === undefined ? {} : { cursor })).nextCursor
} while (cursor !== undefined)
for (const name of ["first", "second"]) {
  const seen = await client.callTool({ name, arguments: {} }).then(
    ({ structuredContent }) => `taken ${JSON.stringify(structuredContent)}`,
    (error) => `refused ${error.code}`
  )
  console.log(`${name}: ${seen}`)
}
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'first: taken {"celsius":"mild"}
second: refused -32602' ]
