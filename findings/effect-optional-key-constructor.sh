#!/usr/bin/env bash
# effect 4.1.0: `Schema.Struct` reads inherited keys too: an optional key that is named as something of `Object.prototype`
# (`constructor`, `toString`, …) cannot be left out, for `{}` has a function there.
# Seen: city: taken; constructor: refused. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Exit, Schema } from "effect"
const attempt = (key) => {
  const schema = Schema.Struct({ [key]: Schema.optionalKey(Schema.String) })
  return `${key}: ${Exit.isSuccess(Schema.decodeUnknownExit(schema)({})) ? "taken" : "refused"}`
}
console.log(`${attempt("city")}; ${attempt("constructor")}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'city: taken; constructor: refused' ]
