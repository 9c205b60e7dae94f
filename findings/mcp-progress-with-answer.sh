#!/usr/bin/env bash
# @modelcontextprotocol/client 2.4.0, over stdio: progress that comes in one piece with the answer is dropped, all but what it
# read before. Seen: "told of 0 of 3". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/client@2.4.0 >/dev/null
cat > server.mjs <<'JS'
import { createInterface } from "node:readline"
const message = (body) => JSON.stringify({ jsonrpc: "2.0", ...body }) + "\n"
for await (const line of createInterface(process.stdin)) {
  const { id, method, params } = JSON.parse(line)
  if (method === "initialize") {
    const serverInfo = { name: "server", version: "1" }
    process.stdout.write(message({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } }))
  }
  if (method !== "tools/call") continue
  const { progressToken } = params._meta
  const told = [1, 2, 3].map((progress) => message({ method: "notifications/progress", params: { progressToken, progress } }))
  process.stdout.write(told.join("") + message({ id, result: { content: [] } }))
}
JS
cat > try.mjs <<'JS'
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
const client = new Client({ name: "client", version: "1" })
await client.connect(new StdioClientTransport({ command: process.execPath, args: ["server.mjs"] }))
let told = 0
await client.callTool({ name: "walk", arguments: {} }, { onprogress: () => told++ })
console.log(`told of ${told} of 3`)
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "told of 0 of 3" ]
