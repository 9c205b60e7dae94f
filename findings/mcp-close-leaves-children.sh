#!/usr/bin/env bash
# @modelcontextprotocol/client 2.4.0: `close` of a `StdioClientTransport` ends the process that it started. What that one has
# started goes on, as behind a server that is started by a script (Linux and macOS).
# Seen: "left". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/client@2.4.0 >/dev/null
cat > try.mjs <<'JS'
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
const started = Promise.withResolvers()
const script = "sleep 60 >/dev/null 2>&1 & echo $! >&2; cat >/dev/null"
const transport = new StdioClientTransport({ command: "sh", args: ["-c", script], stderr: "pipe" })
transport.stderr.on("data", (chunk) => started.resolve(Number(chunk)))
await transport.start()
const pid = await started.promise
await transport.close()
try {
  process.kill(pid)
  console.log("left")
} catch {
  console.log("ended")
}
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = "left" ]
