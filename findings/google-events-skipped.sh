#!/usr/bin/env bash
# @google/genai 3.1.0 skips, without a word, every event of a stream that does not begin with its data: one with a comment, an
# id or a name in the lines before it, which server-sent events may have and other SDKs read. The stream ends as if it were empty.
# Seen: "data first: a, b; comment first: a; id first: a; name first: a". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @google/genai@3.1.0 >/dev/null
cat > try.mjs <<'JS'
import { GoogleGenAI } from "@google/genai"
import { createServer } from "node:http"

const data = (text) => `data: ${JSON.stringify({ candidates: [{ index: 0, content: { role: "model", parts: [{ text }] } }] })}`
const before = { "data first": "", "comment first": ": alive\n", "id first": "id: 7\n", "name first": "event: message\n" }
let lines = ""
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.end(`${data("a")}\n\n${lines}${data("b")}\n\n`)
})
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
const baseUrl = `http://127.0.0.1:${server.address().port}`
const { models } = new GoogleGenAI({ apiKey: "none", vertexai: false, httpOptions: { baseUrl } })
const seen = []
for (const [what, more] of Object.entries(before)) {
  lines = more
  const texts = []
  for await (const { candidates } of await models.generateContentStream({ model: "m", contents: "Hi" })) {
    texts.push(candidates[0].content.parts[0].text)
  }
  seen.push(`${what}: ${texts.join(", ")}`)
}
console.log(seen.join("; "))
server.close()
server.closeAllConnections()
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'data first: a, b; comment first: a; id first: a; name first: a' ]
