#!/usr/bin/env bash
# zod-to-json-schema 3.25.2 writes `.positive()` for its target `jsonSchema2019-09` as the draft of 2013 has it, `exclusiveMinimum: true`
# beside `minimum: 0`. In the draft of 2019 that is a number, so that ajv 8.20.0 refuses the whole schema.
# Seen: true beside 0, the number 0 for jsonSchema7, and ajv's refusal. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund zod-to-json-schema@3.25.2 zod@3.25.76 ajv@8.20.0 >/dev/null
cat > try.mjs <<'JS'
import { Ajv2019 } from "ajv/dist/2019.js"
import { z } from "zod"
import { zodToJsonSchema } from "zod-to-json-schema"
const written = (target) => zodToJsonSchema(z.number().positive(), { target })
const { exclusiveMinimum, minimum } = written("jsonSchema2019-09")
console.log(exclusiveMinimum, "beside", minimum, "and", written("jsonSchema7").exclusiveMinimum)
try {
  new Ajv2019().compile(written("jsonSchema2019-09"))
  console.log("taken")
} catch (error) {
  console.log(error.message)
}
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'true beside 0 and 0
schema is invalid: data/exclusiveMinimum must be number' ]
