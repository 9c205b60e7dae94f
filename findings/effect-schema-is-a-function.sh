#!/usr/bin/env bash
# effect 4.1.0: every schema is a function with a prototype, also a struct or a union, so that `typeof` does not tell an
# error class from a schema of one, and `instanceof` a union of classes is false for what its classes made.
# Seen: struct: function; union: function; class: function; instance of the class: true, of the union: false.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Schema } from "effect"
class Gone extends Schema.TaggedError()("Gone", {}) {}
const union = Schema.Union([Gone])
const kinds = Object.entries({ struct: Schema.Struct({}), union, class: Gone })
const gone = new Gone({})
console.log(
  [...kinds.map(([name, schema]) => `${name}: ${typeof schema}`), `instance of the class: ${gone instanceof Gone}, of the union: ${
    gone instanceof union
  }`].join("; ")
)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'struct: function; union: function; class: function; instance of the class: true, of the union: false' ]
