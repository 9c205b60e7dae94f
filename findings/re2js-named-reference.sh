#!/usr/bin/env bash
# re2js 2.10.0: `RE2JS.translateRegExp` makes of a reference to a named group, which RE2 does not have, the letters of it, and
# compiles that; a reference by number is refused. `(?<n>a)\k<n>` does not match "aa" then, and matches "ak<n>".
# Seen: (?P<n>a)k<n>, aa: false, ak<n>: true; \1: refused. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund re2js@2.10.0 >/dev/null
cat > try.mjs <<'JS'
import { RE2JS } from "re2js"
const source = RE2JS.translateRegExp("(?<n>a)\\k<n>")
const pattern = RE2JS.compile(source)
const compiles = (text) => {
  try {
    RE2JS.compile(RE2JS.translateRegExp(text))
    return "taken"
  } catch {
    return "refused"
  }
}
console.log(`${source}, aa: ${pattern.test("aa")}, ak<n>: ${pattern.test("ak<n>")}; \\1: ${compiles("(a)\\1")}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = '(?P<n>a)k<n>, aa: false, ak<n>: true; \1: refused' ]
