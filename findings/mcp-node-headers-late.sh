#!/usr/bin/env bash
# @modelcontextprotocol/node 2.1.2: `toNodeHandler` writes the head of an answer that streams with the first piece of its body,
# so that a client learns of an open stream when something is sent on it: 15 seconds later, by the SDK's keep-alive.
# Seen: "after the body". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/node@2.1.2 @modelcontextprotocol/server@2.4.0 >/dev/null
cat > try.mjs <<'JS'
import { toNodeHandler } from "@modelcontextprotocol/node"
import { once } from "node:events"
import { createServer, get } from "node:http"
let begun = false
const fetch = async () =>
  new Response(new ReadableStream({
    start: (stream) => {
      setTimeout(() => {
        begun = true
        stream.enqueue(new TextEncoder().encode(": here\n\n"))
        stream.close()
      }, 500)
    }
  }))
const server = createServer(toNodeHandler({ fetch })).listen(0, "127.0.0.1")
await once(server, "listening")
const [response] = await once(get({ port: server.address().port, host: "127.0.0.1" }), "response")
console.log(begun ? "after the body" : "before the body")
response.resume()
server.close()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "after the body" ]
