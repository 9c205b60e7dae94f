#!/usr/bin/env bash
# Node 24.21.0 (V8 13.6): once an object whose only key is a backslash was parsed, `JSON.parse` takes any other key of one
# escaped character for a backslash: `{"\t":0}` is read as `{"\\":0}`. Node 20 reads both right.
# Seen: {"\\":0}. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null
cat > try.mjs <<'JS'
JSON.parse(String.raw`{"\\":0}`)
console.log(JSON.stringify(JSON.parse(String.raw`{"\t":0}`)))
JS
seen=$(node_modules/.bin/node try.mjs)
echo "$seen"
[ "$seen" = '{"\\":0}' ]
