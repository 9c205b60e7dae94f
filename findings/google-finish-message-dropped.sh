#!/usr/bin/env bash
# @google/genai 3.1.0: with an API key (not Vertex AI), `finishMessage` of a candidate, which the types have, is left out of what
# `generateContent` gives, so that nobody reads why the model stopped.
# Seen: {"finishReason":"OTHER"}. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @google/genai@3.1.0 >/dev/null
cat > try.mjs <<'JS'
import { GoogleGenAI } from "@google/genai"
const body = { candidates: [{ content: { role: "model", parts: [] }, finishReason: "OTHER", finishMessage: "Why it stopped." }] }
globalThis.fetch = async () => Response.json(body)
const client = new GoogleGenAI({ apiKey: "none" })
const { candidates } = await client.models.generateContent({ model: "gemini-3.8-flash", contents: "Hi" })
const { finishMessage, finishReason } = candidates[0]
console.log(JSON.stringify({ finishReason, finishMessage }))
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = '{"finishReason":"OTHER"}' ]
