#!/usr/bin/env bash
# openai 7.55.0: a refusal that the client throws has `Error` as its name, where that of @anthropic-ai/sdk 1.11.0, whose client is made
# the same way, has the name of its class: whoever cannot use `instanceof` does not know it by its name.
# Seen: Error, and AuthenticationError. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openai@7.55.0 @anthropic-ai/sdk@1.11.0 >/dev/null
cat > try.mjs <<'JS'
import Anthropic from "@anthropic-ai/sdk"
import OpenAI from "openai"
const options = { apiKey: "none", fetch: async () => Response.json({ error: { message: "No." } }, { status: 401 }) }
const nameOf = (asked) => asked.then(() => "resolved", ({ name }) => name)
console.log(await nameOf(new OpenAI(options).models.list()), await nameOf(new Anthropic(options).models.list()))
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'Error AuthenticationError' ]
