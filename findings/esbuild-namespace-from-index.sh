#!/usr/bin/env bash
# esbuild 0.28.2: a namespace that an index gives (`export * as Effect from "./Effect.js"`) stays whole in a bundle, whatever of it is
# used; the same namespace imported from its own module is shaken. rollup 4.68.8 shakes both, to the same.
# Seen: esbuild, by index: 2, by module: 1; rollup, by index: 1, by module: 1. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts esbuild@0.28.2 rollup@4.68.8 >/dev/null
echo '{ "type": "module", "sideEffects": [] }' > package.json
echo 'export const used = () => "one function"; export const unused = () => "another function"' > module.js
echo 'export * as Module from "./module.js"' > index.js
echo 'import { Module } from "./index.js"; console.log(Module.used())' > by-index.js
echo 'import * as Module from "./module.js"; console.log(Module.used())' > by-module.js
functions() { grep -oE '(one|another) function' | sort -u | wc -l | tr -d ' '; }
seen="esbuild, by index: $(npx esbuild by-index.js --bundle --format=esm | functions)"
seen+=", by module: $(npx esbuild by-module.js --bundle --format=esm | functions)"
seen+="; rollup, by index: $(npx rollup by-index.js --silent | functions), by module: $(npx rollup by-module.js --silent | functions)"
echo "$seen"
[ "$seen" = 'esbuild, by index: 2, by module: 1; rollup, by index: 1, by module: 1' ]
