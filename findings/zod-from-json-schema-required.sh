#!/usr/bin/env bash
# `z.fromJSONSchema` of zod 4.6.7 throws at some keywords that it has no schema for, such as `if`, but passes over each name in
# `required` that `properties` beside it does not have. So an `anyOf` of such lists asks for nothing, and a `oneOf` of them refuses
# everything, as all alternatives hold at once.
# Seen: what three schemas make of good and of bad values. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund zod@4.6.7 >/dev/null
cat > try.mjs <<'JS'
import { z } from "zod"
const object = { type: "object", properties: { id: { type: "string" }, name: { type: "string" } } }
const alternatives = [{ required: ["id"] }, { required: ["name"] }]
const say = (title, schema, values) => {
  const read = z.fromJSONSchema(schema)
  const seen = values.map((value) => `${JSON.stringify(value)} ${read.safeParse(value).success ? "taken" : "refused"}`)
  console.log(`${title}: ${seen.join(", ")}`)
}
say("required", { ...object, required: ["code"] }, [{ id: "7" }])
say("anyOf", { ...object, anyOf: alternatives }, [{}, { id: "7" }])
say("oneOf", { ...object, oneOf: alternatives }, [{}, { id: "7" }])
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'required: {"id":"7"} taken
anyOf: {} taken, {"id":"7"} taken
oneOf: {} refused, {"id":"7"} refused' ]
