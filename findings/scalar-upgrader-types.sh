#!/usr/bin/env bash
# @scalar/openapi-upgrader 0.4.9: its types import from `@scalar/types/utils`, and it does not depend on `@scalar/types`, so that they
# are `any` for a program with `skipLibCheck`, and do not compile for one without.
# Seen: ERR_MODULE_NOT_FOUND. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @scalar/openapi-upgrader@0.4.9 >/dev/null
grep -q "from '@scalar/types/utils'" node_modules/@scalar/openapi-upgrader/dist/upgrade.d.ts
seen=$(node -e 'import("@scalar/types/utils").then(() => console.log("found"), ({ code }) => console.log(code))')
echo "$seen"
[ "$seen" = 'ERR_MODULE_NOT_FOUND' ]
