#!/usr/bin/env bash
# zod 4.6.7: `z.toJSONSchema` writes the source of a regular expression without its flags, so that the pattern of `/^ord-\d+$/i`
# refuses what the schema takes. Nothing is thrown, although `unrepresentable` is "throw" by default.
# Seen: parses ORD-1: true; {"type":"string","pattern":"^ord-\\d+$"}. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund zod@4.6.7 >/dev/null
cat > try.mjs <<'JS'
import { z } from "zod"
const schema = z.string().regex(/^ord-\d+$/i)
const { $schema, ...written } = z.toJSONSchema(schema)
console.log(`parses ORD-1: ${schema.safeParse("ORD-1").success}; ${JSON.stringify(written)}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'parses ORD-1: true; {"type":"string","pattern":"^ord-\\d+$"}' ]
