#!/usr/bin/env bash
# @google/genai 3.1.0: a refusal whose header says JSON and whose body is none (a proxy's page, an answer that is cut) is thrown as the
# SyntaxError of reading it: its status is gone, so that nobody can tell a wrong key from a server that is overloaded.
# Seen: SyntaxError, status undefined. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @google/genai@3.1.0 >/dev/null
cat > try.mjs <<'JS'
import { GoogleGenAI } from "@google/genai"
globalThis.fetch = async () => new Response("<html>", { status: 401, headers: { "content-type": "application/json" } })
const client = new GoogleGenAI({ apiKey: "none" })
const asked = client.models.generateContent({ model: "gemini-3.8-flash", contents: "Hi" })
console.log(await asked.then(() => "resolved", ({ name, status }) => `${name}, status ${status}`))
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'SyntaxError, status undefined' ]
