#!/usr/bin/env bash
# mcp-lite 0.10.0 lists a resource without a `name` where none was given, which its types do not ask for. The protocol asks for one,
# so that @modelcontextprotocol/client 2.4.0 refuses the whole list, with the resources that have one.
# Seen: what is listed of two resources, and what the client says. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mcp-lite@0.10.0 @modelcontextprotocol/client@2.4.0 >/dev/null
cat > try.mjs <<'JS'
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { McpServer, StreamableHttpTransport } from "mcp-lite"
const server = new McpServer({ name: "files", version: "1.0.0" })
const read = async (uri) => ({ contents: [{ uri: uri.href, text: "hello" }] })
server.resource("file:///a.txt", { description: "A file.", mimeType: "text/plain" }, read)
server.resource("file:///b.txt", { name: "b.txt", mimeType: "text/plain" }, read)
const answer = new StreamableHttpTransport().bind(server)
const listed = []
const fetch = async (input, init) => {
  const response = await answer(new Request(input, init))
  const said = await response.clone().text() // an event, whose data it is
  if (said.startsWith("data: {")) listed.push(JSON.parse(said.slice(6)).result.resources)
  return response
}
const client = new Client({ name: "me", version: "1.0.0" })
await client.connect(new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }))
const said = await client.listResources().then(() => "listed", ({ code }) => code)
console.log(listed[0].map(({ name }) => String(name)).join(" and "), "->", said)
await client.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'undefined and b.txt -> INVALID_RESULT' ]
