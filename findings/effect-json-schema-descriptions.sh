#!/usr/bin/env bash
# effect 4.1.0: `Schema.toJsonSchemaDocument` leaves out `description`s that the program gave: those of a filter of its own
# (`makeFilter`), and those of the decoded side of a transformation, for which `generateDescriptions` writes words of its own.
# That of a built-in check stays.
# Seen: the three lines at the end. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Schema } from "effect"
const written = (schema) => JSON.stringify(Schema.toJsonSchemaDocument(schema, { generateDescriptions: true }).schema)
const even = Schema.makeFilter((text) => text.length % 2 === 0, { description: "even" })
console.log(`check: ${written(Schema.String.check(Schema.isMaxLength(4, { description: "short" })))}`)
console.log(`filter: ${written(Schema.String.check(even))}`)
console.log(`transformation: ${written(Schema.DateFromString.annotate({ description: "The day of arrival" }))}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'check: {"type":"string","maxLength":4,"description":"short"}
filter: {"type":"string"}
transformation: {"type":"string","description":"a string that will be decoded as a Date"}' ]
