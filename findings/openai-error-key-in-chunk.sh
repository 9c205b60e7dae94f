#!/usr/bin/env bash
# openai 7.55.0: a chunk with `"error": {}` beside its choices is taken for a failure: an `APIError` without a status, whose
# message is "{}", comes in place of the chunk, and the text in it is lost. `"error": null` is passed over.
# Seen: null: a, b, end; {}: a, APIError "{}". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openai@7.55.0 >/dev/null
cat > try.mjs <<'JS'
import OpenAI from "openai"
const chunk = (content, finish_reason, more) =>
  `data: ${JSON.stringify({
    id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta: { content }, finish_reason }], ...more
  })}\n\n`
const read = async (error) => {
  const body = `${chunk("a", null)}${chunk("b", "stop", { error })}data: [DONE]\n\n`
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
  const client = new OpenAI({ apiKey: "none", maxRetries: 0, fetch })
  const stream = await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hi" }], stream: true })
  const seen = []
  try {
    for await (const { choices } of stream) seen.push(choices[0].delta.content)
    seen.push("end")
  } catch (error) {
    seen.push(`${error instanceof OpenAI.APIError ? "APIError" : "another error"} ${JSON.stringify(error.message)}`)
  }
  return seen.join(", ")
}
console.log(`null: ${await read(null)}; {}: ${await read({})}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'null: a, b, end; {}: a, APIError "{}"' ]
