#!/usr/bin/env bash
# @google/genai 3.1.0: a response of status 200 whose body is an error (`{"error":{"code":429,…}}`, as gateways send it) is given as
# a response without candidates: no error is thrown, and code and message are gone.
# Seen: resolved: {}. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @google/genai@3.1.0 >/dev/null
cat > try.mjs <<'JS'
import { GoogleGenAI } from "@google/genai"
globalThis.fetch = async () => Response.json({ error: { code: 429, message: "Slow down.", status: "RESOURCE_EXHAUSTED" } })
const client = new GoogleGenAI({ apiKey: "none" })
const asked = client.models.generateContent({ model: "gemini-3.8-flash", contents: "Hi" })
console.log(
  await asked.then(({ sdkHttpResponse, ...rest }) => `resolved: ${JSON.stringify(rest)}`, ({ message }) => `rejected: ${message}`)
)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'resolved: {}' ]
