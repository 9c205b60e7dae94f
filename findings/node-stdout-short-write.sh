#!/usr/bin/env bash
# Node 24.21.0: where standard output is a file with room for a part of what is written (a disk that gets full, a limit on the
# size of files), `process.stdout.write` writes that part, and calls back without an error: the rest is lost unheard.
# Seen: a file of 1,024 bytes of 3,001, and "no error". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null
cat > try.mjs <<'JS'
process.stdout.write(`${"x".repeat(3000)}\n`, (error) => console.error(error?.code ?? "no error"))
JS
said=$( (ulimit -f 1; node_modules/.bin/node try.mjs > out) 2>&1)
size=$(wc -c < out)
echo "$said, $size bytes"
[ "$said" = "no error" ] && [ "$size" -eq 1024 ]
