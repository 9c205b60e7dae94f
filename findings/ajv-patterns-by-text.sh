#!/usr/bin/env bash
# ajv 8.20.0: with an engine of one's own in `code.regExp`, whose type asks for nothing but `test`, patterns are told apart by
# their `toString`. Objects without one are all taken for the first of them: here "b" is matched by ^a$.
# Seen: {"a":"a","b":"b"} is valid: false, data/b must match pattern "^b$". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ajv@8.20.0 >/dev/null
cat > try.mjs <<'JS'
import { Ajv } from "ajv"
const regExp = Object.assign((source) => ({ test: (text) => new RegExp(source, "u").test(text) }), { code: "pattern" })
const ajv = new Ajv({ code: { regExp } })
const validate = ajv.compile({ properties: { a: { type: "string", pattern: "^a$" }, b: { type: "string", pattern: "^b$" } }, type: "object" })
const valid = validate({ a: "a", b: "b" })
console.log(`{"a":"a","b":"b"} is valid: ${valid}, ${ajv.errorsText(validate.errors)}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = '{"a":"a","b":"b"} is valid: false, data/b must match pattern "^b$"' ]
