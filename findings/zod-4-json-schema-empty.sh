#!/usr/bin/env bash
# zod-to-json-schema 3.25.2, which many MCP servers use, takes a schema of zod 4 and gives one that says nothing, without a type and
# without properties: tools of such a server are none as the protocol has them. It knows the schemas of zod 3 alone.
# Seen: no type, and object. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund zod-to-json-schema@3.25.2 zod@4.6.7 zod-3@npm:zod@3.25.76 >/dev/null
cat > try.mjs <<'JS'
import { z } from "zod"
import { z as z3 } from "zod-3"
import { zodToJsonSchema } from "zod-to-json-schema"
const typeOf = ({ object, string }) => zodToJsonSchema(object({ query: string() })).type ?? "no type"
console.log(typeOf(z), "and", typeOf(z3))
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'no type and object' ]
