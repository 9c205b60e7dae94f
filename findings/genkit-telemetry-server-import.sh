#!/usr/bin/env bash
# @genkit-ai/telemetry-server 1.43.0: its `exports` send `import` to lib/esm/index.js, which has import statements, but the
# package has no `"type": "module"` there, so Node reads the file as CommonJS. `import` fails; `require` of the same name works.
# Seen with Node 20: "import SyntaxError, require function". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @genkit-ai/telemetry-server@1.43.0 >/dev/null
cat > try.mjs <<'JS'
import { createRequire } from "node:module"
const name = "@genkit-ai/telemetry-server"
const imported = await import(name).then(() => "works", (error) => error.name)
const required = createRequire(import.meta.url)(name)
console.log(`import ${imported}, require ${typeof required.startTelemetryServer}`)
JS
seen=$(node --no-warnings try.mjs)
echo "$seen"
[ "$seen" = "import SyntaxError, require function" ]
