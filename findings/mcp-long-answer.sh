#!/usr/bin/env bash
# @modelcontextprotocol/client 2.4.0: where one answer over stdio has more than `maxBufferSize` (10 MiB by default), the transport
# closes the connection and ends the server, so that all later calls fail.
# Seen: "Not connected" for a call whose answer would be short. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/client@2.4.0 >/dev/null
cat > server.mjs <<'JS'
import { createInterface } from "node:readline"
const answer = (id, result) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`)
const text = (text) => ({ content: [{ type: "text", text }] })
for await (const line of createInterface(process.stdin)) {
  const { id, method, params } = JSON.parse(line)
  if (method === "initialize") {
    const serverInfo = { name: "server", version: "1.0.0" }
    answer(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo })
  }
  if (method !== "tools/call") continue
  answer(id, text("x".repeat(params.name === "long" ? 200_000 : 1)))
}
JS
cat > try.mjs <<'JS'
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
const client = new Client({ name: "client", version: "1.0.0" }, { versionNegotiation: { mode: "legacy" } })
const parameters = { command: process.execPath, args: ["server.mjs"], maxBufferSize: 100_000 }
await client.connect(new StdioClientTransport(parameters))
const call = (name) => client.callTool({ name, arguments: {} }).then(({ content }) => content[0].text, (error) => error.message)
await call("long")
console.log(await call("short"))
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "Not connected" ]
